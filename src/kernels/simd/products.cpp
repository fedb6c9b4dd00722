// Products of matrices. Every y[i,j] is one chain of (fused, where the machine has it) multiply-adds over k in
// ascending order, whatever the block it is computed in: a row's bits depend neither on the number of rows nor on its
// place.
//
// They are computed block by block (block-inl.h). Where n is no multiple of a vector, the last vector of a block begins
// earlier and computes some columns twice.
//
// Large products are cut so that each level of the cache holds what is read again next (Goto, van de Geijn, "Anatomy of
// high-performance matrix multiplication", 2008): a part of b goes with the blocks of one column of blocks and is copied
// to the first level; a part of a goes with all columns and stays in the second. y goes through all parts of k: a sum
// that is interrupted goes on from the number it had, which is why cutting changes no bit.

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/products.cpp"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/block-inl.h"
#include "kernels/simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// The same for n < Lanes.
template <std::size_t rows, class T>
void multiply_narrow(const Block<T>& block) {
  const hn::ScalableTag<T> d;
  VecOf<decltype(d)> sum[rows];
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) {
    sum[i] = block.resume ? load_part(d, block.y + i * block.y_row, block.part) : hn::Zero(d);
  }
  const T* a = block.a;
  const T* b = block.b;
  for (std::size_t p = 0; p < block.depth; ++p, a += block.a_step, b += block.b_row) {
    const auto vector = load_part(d, b, block.part);
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; ++i) sum[i] = hn::MulAdd(hn::Set(d, a[i * block.a_row]), vector, sum[i]);
  }
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) store_part(sum[i], d, block.y + i * block.y_row, block.part);
}

// Vectors in a block of one row, of four and of eight rows: enough sums to hide the latency of an addition, and no more
// than the registers hold.
constexpr std::size_t row_columns = 8;
constexpr std::size_t block_rows = 4;
constexpr std::size_t block_columns = vector_registers == 32 ? 4 : 3;
constexpr std::size_t tall_rows = 8;
constexpr std::size_t tall_columns = vector_registers == 32 ? 2 : 1;
// The part of b that goes with a block stays in the first-level cache; from so many rows on it is copied together, for
// rows of b that lie a power of two apart would evict each other.
constexpr std::size_t near_bytes = 16384;
constexpr std::size_t packing_rows = 16;

// From so many rows on a is cut into parts of `near_rows` rows and `near_depth` columns.
constexpr std::size_t near_rows = 256;
template <class T>
constexpr std::size_t near_depth = 1024 / sizeof(T);
// Rows of such a part lie in groups of tall_rows, [near_depth,tall_rows] each, and a cache line apart, for groups a power
// of two apart would evict each other.
template <class T>
constexpr std::size_t near_group = tall_rows* near_depth<T> + 64 / sizeof(T);

// Rows of b that are read next: row r is the `width` numbers from begin[r·stride] on.
template <class T>
struct Ahead {
  const T* begin = nullptr;
  std::size_t stride = 0, rows = 0, width = 0;

  HWY_INLINE void fetch(std::size_t first, std::size_t end) const {
    for (std::size_t r = first; r < end; ++r) {
      for (std::size_t j = 0; j < width; j += 64 / sizeof(T)) hwy::Prefetch(begin + r * stride + j);
    }
  }
};

// Computes all m rows of a block whose place in a and y is that of its first row; in a, groups of tall_rows rows are
// `group` apart. Fetches what is ahead meanwhile.
template <class T>
HWY_INLINE void multiply_rows(Block<T> block, std::size_t group, std::size_t columns, std::size_t m,
                              const Ahead<T>& ahead) {
  using Kernel = void (*)(const Block<T>&);
  static constexpr Kernel narrow[] = {multiply_narrow<1, T>, multiply_narrow<block_rows, T>,
                                      multiply_narrow<tall_rows, T>};
  static constexpr Kernel single[] = {multiply_block<1, 1, T>, multiply_block<1, 2, T>, multiply_block<1, 3, T>,
                                      multiply_block<1, 4, T>, multiply_block<1, 5, T>, multiply_block<1, 6, T>,
                                      multiply_block<1, 7, T>, multiply_block<1, 8, T>};
  static constexpr Kernel several[] = {multiply_block<block_rows, 1, T>, multiply_block<block_rows, 2, T>,
                                       multiply_block<block_rows, HWY_MIN(3, block_columns), T>,
                                       multiply_block<block_rows, HWY_MIN(4, block_columns), T>};
  static constexpr Kernel tall[] = {multiply_block<tall_rows, 1, T>, multiply_block<tall_rows, tall_columns, T>};
  const T* a = block.a;
  for (std::size_t i = 0, rows; i < m; i += rows) {
    Kernel kernel;
    if (m - i >= tall_rows && columns <= tall_columns) {
      rows = tall_rows;
      kernel = block.part ? narrow[2] : tall[columns - 1];
    } else if (m - i >= block_rows) {
      rows = block_rows;
      kernel = block.part ? narrow[1] : several[columns - 1];
    } else {
      rows = 1;
      kernel = block.part ? narrow[0] : single[columns - 1];
    }
    block.a = a + i / tall_rows * group + i % tall_rows * block.a_row;
    ahead.fetch(i * ahead.rows / m, (i + rows) * ahead.rows / m);
    kernel(block);
    block.y += rows * block.y_row;
  }
}

// y[m,n] = a b with a[i·a_row + p·a_step]; b is [k,n], or [n,k] where `transposed`.
template <class T>
struct Product {
  const T* a;
  std::size_t a_row, a_step;
  const T* b;
  T* y;
  std::size_t m, k, n;
};

// `count` rows, columns or steps of k from `first` on.
struct Range {
  std::size_t first, count;

  std::size_t end() const { return first + count; }
};

// Copies columns of b at some steps to [steps,width]: vector c of them to column c · Lanes, from where the block finds
// it, the last one from `last`.
template <bool transposed, class T>
HWY_INLINE void copy_of_b(const Product<T>& x, Range steps, Range columns, std::size_t last, T* to) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = columns.count;
  if constexpr (transposed) {
    const T* from = x.b + columns.first * x.k + steps.first;
    for (std::size_t j = 0; j < width; j += lanes) {
      const std::size_t column = j + lanes == width ? last : j;
      transpose(from + column * x.k, x.k, to + j, width, HWY_MIN(lanes, x.n), steps.count);
    }
  } else {
    const T* from = x.b + steps.first * x.n + columns.first;
    for (std::size_t p = 0; p < steps.count; ++p, from += x.n, to += width) {
      for (std::size_t j = 0; j + lanes < width; j += lanes) hn::Store(hn::LoadU(d, from + j), d, to + j);
      hn::Store(hn::LoadU(d, from + last), d, to + width - lanes);
    }
  }
}

// Rows of a at some steps as groups [steps,tall_rows], near_group apart.
template <class T>
HWY_INLINE void copy_of_a(const Product<T>& x, Range rows, Range steps, T* to) {
  const T* from = x.a + rows.first * x.a_row + steps.first * x.a_step;
  if (x.a_step == 1) {
    for (std::size_t i = 0; i < rows.count; i += tall_rows, to += near_group<T>) {
      transpose(from + i * x.a_row, x.a_row, to, tall_rows, HWY_MIN(tall_rows, rows.count - i), steps.count);
    }
    return;
  }
  const hn::CappedTag<T, tall_rows> d;
  const std::size_t whole = rows.count - rows.count % tall_rows;
  for (std::size_t p = 0; p < steps.count; ++p, from += x.a_step, to += tall_rows) {
    T* group = to;
    for (std::size_t i = 0; i < whole; i += tall_rows, group += near_group<T>) {
      for (std::size_t j = 0; j < tall_rows; j += hn::Lanes(d)) hn::StoreU(hn::LoadU(d, from + i + j), d, group + j);
    }
    for (std::size_t i = whole; i < rows.count; ++i) group[i - whole] = from[i];
  }
}

// What of b follows the block of these steps and columns, in a part of all columns and `part` of the steps.
template <bool transposed, class T>
HWY_INLINE Ahead<T> behind(const Product<T>& x, Range part, Range steps, Range columns) {
  if (steps.end() < part.end()) {
    steps = {steps.end(), HWY_MIN(steps.count, part.end() - steps.end())};
  } else {
    steps = {part.first, HWY_MIN(steps.count, part.count)};
    columns.first = columns.end();
  }
  if (columns.first >= x.n) return {};
  columns.count = HWY_MIN(columns.count, x.n - columns.first);
  if constexpr (transposed) return {x.b + columns.first * x.k + steps.first, x.k, columns.count, steps.count};
  return {x.b + steps.first * x.n + columns.first, x.n, steps.count, columns.count};
}

// Computes these rows of y as far as `part` of the steps goes. `near_a` is their copy_of_a, or null.
template <bool transposed, class T>
HWY_INLINE void multiply_part(const Product<T>& x, Range rows, Range part, const T* near_a) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  const std::size_t n = x.n;
  const std::size_t vectors = hwy::DivCeil(n, lanes);
  const bool packed = transposed || (rows.count >= packing_rows && n >= lanes);
  const std::size_t most_columns = rows.count < block_rows && !packed ? row_columns : block_columns;
  const std::size_t group = near_a ? near_group<T> : tall_rows * x.a_row;
  HWY_ALIGN T buffer[near_bytes / sizeof(T)];
  for (std::size_t v = 0, columns; v < vectors; v += columns) {
    // Blocks of about the same width: one lonely vector would wait for its own additions. The wider ones come last, so
    // that the last vector, where it begins earlier, stays within its block: another one has added these steps already.
    columns = (vectors - v) / hwy::DivCeil(vectors - v, most_columns);
    const std::size_t width = columns * lanes;
    const std::size_t first = v * lanes;
    const std::size_t last = n < lanes ? 0 : HWY_MIN(width, n - first) - lanes;
    const std::size_t most_depth = packed ? near_bytes / sizeof(T) / width : HWY_MAX(part.count, std::size_t{1});
    std::size_t p = part.first;
    do {
      const Range steps{p, HWY_MIN(part.end() - p, most_depth)};
      T* y = x.y + rows.first * n + first;
      Block<T> block{x.a + rows.first * x.a_row + p * x.a_step,
                     x.a_row,
                     x.a_step,
                     x.b + p * n + first,
                     n,
                     last,
                     y,
                     n,
                     last,
                     steps.count,
                     n < lanes ? n : 0,
                     p != 0};
      Ahead<T> ahead;
      if (near_a) {
        block.a = near_a + (p - part.first) * tall_rows;
        block.a_row = 1;
        block.a_step = tall_rows;
        ahead = behind<transposed>(x, part, steps, {first, width});
      }
      if (packed) {
        copy_of_b<transposed, T>(x, steps, {first, width}, last, buffer);
        block.b = buffer;
        block.b_row = width;
        block.last_in_b = width - lanes;
      }
      multiply_rows(block, group, columns, rows.count, ahead);
      p = steps.end();
    } while (p < part.end());
  }
}

// Calls visit(rows, steps) for all parts of a product that is cut.
template <class T, class Visit>
HWY_INLINE void for_each_part(const Product<T>& x, const Visit& visit) {
  std::size_t p = 0;
  do {
    for (std::size_t i = 0; i < x.m; i += near_rows) {
      visit(Range{i, HWY_MIN(x.m - i, near_rows)}, Range{p, HWY_MIN(x.k - p, near_depth<T>)});
    }
    p += near_depth<T>;
  } while (p < x.k);
}

// A function of its own, for its copy of a takes 260 KB of the stack.
template <bool transposed, class T>
HWY_NOINLINE void multiply_near(const Product<T>& x) {
  HWY_ALIGN T near_a[near_rows / tall_rows * near_group<T>];
  for_each_part(x, [&](Range rows, Range steps) HWY_ATTR {
    copy_of_a(x, rows, steps, near_a);
    multiply_part<transposed, T>(x, rows, steps, near_a);
  });
}

template <bool transposed, class T>
HWY_INLINE void multiply(const Product<T>& x) {
  if (x.m == 0 || x.n == 0) return;
  if (x.m < packing_rows) return multiply_part<transposed, T>(x, {0, x.m}, {0, x.k}, nullptr);
  // Where columns of a become rows, a block reads a few numbers of each cache line of a; long rows of a lie in as many
  // pages and often a power of two apart. Either costs more than a copy that enough columns of blocks read, unless a is
  // so small that it stays in the second-level cache. Turning rows into columns is the dearer copy.
  const std::size_t width = block_columns * hn::Lanes(hn::ScalableTag<T>());
  const bool copies = x.m > width && x.k > near_depth<T> && x.n > (x.a_step != 1 ? 1 : 4) * width;
  if (copies) return multiply_near<transposed>(x);
  for_each_part(x, [&](Range rows, Range steps) HWY_ATTR { multiply_part<transposed, T>(x, rows, steps, nullptr); });
}

template <class T>
void matmul_nn(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n) {
  multiply<false>(Product<T>{a, k, 1, b, y, m, k, n});
}

template <class T>
void matmul_nt(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n) {
  multiply<true>(Product<T>{a, k, 1, b, y, m, k, n});
}

template <class T>
void matmul_tn(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n) {
  multiply<false>(Product<T>{a, 1, m, b, y, m, k, n});
}

template <class T>
void products(Table<T>& table) {
  table.matmul_nn = matmul_nn<T>;
  table.matmul_nt = matmul_nt<T>;
  table.matmul_tn = matmul_tn<T>;
}

#else

template <class T>
void products(Table<T>&) {}

#endif

void products_f32(Table<float>& table) { products(table); }
void products_f64(Table<double>& table) { products(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(products)
}
#endif
