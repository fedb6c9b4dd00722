// Sums of outer products (kernels/table.hpp): y_ij = a_i' b_j for all pairs of operands at once.
//
// The columns of all b stand side by side, as if they were one matrix, and are cut into vectors there: only the last
// one of all has lanes that nobody needs. (34 columns take 3 vectors of 16, four times 34 take 9.) A group of columns is
// copied together step by step, multiplied by every a, and gathers in `Sums`, from where it goes to its places in y.
// Every y[i,j] is one chain of multiply-adds over ascending k, as in products.cpp.

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/outer.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

constexpr std::size_t most_operands = 32;
constexpr std::size_t outer_columns = 3;
constexpr std::size_t outer_rows = vector_registers == 32 ? 8 : 4;
// The part of b that goes with a group of columns stays in the first-level cache.
constexpr std::size_t copied_bytes = 16384;
// Rows of y whose sums are kept together. Where there are more, b is copied once more for the next ones.
constexpr std::size_t kept_rows = 256;

template <class T>
struct Operands {
  const T* const* a;
  const std::size_t* m;
  std::size_t terms;
  const T* const* b;
  const std::size_t* n;
  std::size_t parts;
  std::size_t k;
  T* const* y;
};

// Columns `first` … `first + count - 1` of b[part] are columns `to` … of a group.
struct ColumnPiece {
  std::size_t part, first, count, to;
};
struct ColumnGroup {
  ColumnPiece columns[most_operands];
  std::size_t pieces = 0;
  std::size_t width = 0;  // of all vectors
};

// Steps of a group that are copied at once.
HWY_INLINE std::size_t steps_of(const ColumnGroup& group, std::size_t element) {
  return copied_bytes / element / group.width;
}

// Rows `first` … of a[term]', which are rows `to` … of the sums.
struct RowPiece {
  std::size_t term, first, count, to;
};

// Walks along operands that stand side by side: next(most, visit) calls visit(operand, first, count, place) for each
// piece of the next `most` places, and returns how many there were.
class Walk {
 public:
  Walk(const std::size_t* sizes, std::size_t operands) : sizes_(sizes), operands_(operands) {}

  template <class Visit>
  std::size_t next(std::size_t most, const Visit& visit) {
    std::size_t at = 0;
    while (operand_ < operands_ && at < most) {
      const std::size_t count = HWY_MIN(most - at, sizes_[operand_] - done_);
      if (count) visit(operand_, done_, count, at);
      at += count;
      done_ += count;
      if (done_ == sizes_[operand_]) {
        ++operand_;
        done_ = 0;
      }
    }
    return at;
  }

 private:
  const std::size_t* sizes_;
  std::size_t operands_, operand_ = 0, done_ = 0;
};

template <class T>
HWY_INLINE void copy_numbers(const T* HWY_RESTRICT from, T* HWY_RESTRICT to, std::size_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  if (i < count) store_part(load_part(d, from + i, count - i), d, to + i, count - i);
}

// Steps `first` … of a group of columns, side by side: [count, width].
template <class T>
HWY_INLINE void copy_group(const Operands<T>& x, const ColumnGroup& group, std::size_t first, std::size_t count,
                           T* to) {
  for (std::size_t i = 0; i < group.pieces; ++i) {
    const ColumnPiece& piece = group.columns[i];
    const std::size_t row = x.n[piece.part];
    const T* from = x.b[piece.part] + first * row + piece.first;
    for (std::size_t p = 0; p < count; ++p) copy_numbers(from + p * row, to + p * group.width + piece.to, piece.count);
  }
}

// All rows of one operand for some steps of a group of columns.
template <class T>
HWY_INLINE void multiply_piece(Block<T> block, std::size_t columns, std::size_t m) {
  using Kernel = void (*)(const Block<T>&);
  static constexpr Kernel tall[] = {multiply_block<8, 1, T>, multiply_block<outer_rows, 2, T>,
                                    multiply_block<outer_rows, 3, T>};
  static constexpr Kernel four[] = {multiply_block<4, 1, T>, multiply_block<4, 2, T>, multiply_block<4, 3, T>};
  static constexpr Kernel two[] = {multiply_block<2, 1, T>, multiply_block<2, 2, T>, multiply_block<2, 3, T>};
  static constexpr Kernel one[] = {multiply_block<1, 1, T>, multiply_block<1, 2, T>, multiply_block<1, 3, T>};
  const std::size_t most = columns == 1 ? 8 : outer_rows;
  for (std::size_t i = 0, rows; i < m; i += rows) {
    const std::size_t left = m - i;
    rows = left >= most ? most : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    const Kernel* kernels = rows == most ? tall : rows == 4 ? four : rows == 2 ? two : one;
    kernels[columns - 1](block);
    block.a += rows;
    block.y += rows * block.y_row;
  }
}

// The sums of some rows for a group of columns.
template <class T>
HWY_INLINE void sum_group(const Operands<T>& x, const ColumnGroup& group, const RowPiece* rows, std::size_t pieces,
                          T* copy, T* sums) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  const std::size_t last = group.width - lanes;
  const std::size_t most_steps = steps_of(group, sizeof(T));
  std::size_t p = 0;
  do {
    const std::size_t steps = HWY_MIN(x.k - p, most_steps);
    copy_group(x, group, p, steps, copy);
    for (std::size_t i = 0; i < pieces; ++i) {
      const std::size_t m = x.m[rows[i].term];
      const Block<T> block{.a = x.a[rows[i].term] + p * m + rows[i].first,
                           .a_row = 1,
                           .a_step = m,
                           .b = copy,
                           .b_row = group.width,
                           .last_in_b = last,
                           .y = sums + rows[i].to * group.width,
                           .y_row = group.width,
                           .last_in_y = last,
                           .depth = steps,
                           .part = 0,
                           .resume = p != 0};
      multiply_piece(block, group.width / lanes, rows[i].count);
    }
    p += steps;
  } while (p < x.k);
}

template <class T>
HWY_INLINE void store_group(const Operands<T>& x, const ColumnGroup& group, const RowPiece* rows, std::size_t pieces,
                            const T* sums) {
  for (std::size_t i = 0; i < pieces; ++i) {
    for (std::size_t c = 0; c < group.pieces; ++c) {
      const ColumnPiece& piece = group.columns[c];
      const std::size_t row = x.n[piece.part];
      T* y = x.y[rows[i].term * x.parts + piece.part] + rows[i].first * row + piece.first;
      const T* from = sums + rows[i].to * group.width + piece.to;
      for (std::size_t r = 0; r < rows[i].count; ++r) copy_numbers(from + r * group.width, y + r * row, piece.count);
    }
  }
}

template <class T>
void outer_products(const T* const* a, const std::size_t* m, std::size_t terms, const T* const* b, const std::size_t* n,
                    std::size_t parts, std::size_t k, T* const* y) {
  const Operands<T> x{a, m, terms, b, n, parts, k, y};
  using D = hn::ScalableTag<T>;
  const std::size_t lanes = hn::Lanes(D());
  HWY_ALIGN T copy[copied_bytes / sizeof(T)];
  HWY_ALIGN T sums[kept_rows * outer_columns * hn::MaxLanes(D())];
  std::size_t columns = 0;
  for (std::size_t j = 0; j < parts; ++j) columns += n[j];
  Walk along_b(n, parts);
  for (std::size_t left = hwy::DivCeil(columns, lanes), vectors; left > 0; left -= vectors) {
    vectors = next_columns(left, outer_columns);
    ColumnGroup group;
    group.width = vectors * lanes;
    const std::size_t used =
        along_b.next(group.width, [&](std::size_t part, std::size_t first, std::size_t count, std::size_t to) {
          group.columns[group.pieces++] = {part, first, count, to};
        });
    // Lanes behind the last column are multiplied, too, though nobody reads their sums.
    for (std::size_t at = used; at < group.width; ++at)
      for (std::size_t p = 0; p < steps_of(group, sizeof(T)); ++p) copy[p * group.width + at] = 0;
    Walk along_a(m, terms);
    for (;;) {
      RowPiece rows[most_operands];
      std::size_t pieces = 0;
      along_a.next(kept_rows, [&](std::size_t term, std::size_t first, std::size_t count, std::size_t to) {
        rows[pieces++] = {term, first, count, to};
      });
      if (pieces == 0) break;
      sum_group(x, group, rows, pieces, copy, sums);
      store_group(x, group, rows, pieces, sums);
    }
  }
}

template <class T>
void outer(Table<T>& table) {
  table.outer_products = outer_products<T>;
}

#else

template <class T>
void outer(Table<T>&) {}

#endif

void outer_f32(Table<float>& table) { outer(table); }
void outer_f64(Table<double>& table) { outer(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(outer)
}
#endif
