// Products of matrices. Every y[i,j] is one chain of (fused, where the machine has it) multiply-adds over k in
// ascending order, whatever the block it is computed in: a row's bits depend neither on the number of rows nor on its
// place.
//
// A block is `rows` rows by `columns` vectors of y, held in registers. Where n is no multiple of a vector, the last
// vector begins earlier and computes some columns twice.

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/products.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// What a block reads and writes: a[i·a_row + p·a_step], b[p·b_row + j], y[i·y_row + j]. Column vector c begins at
// c · Lanes, the last one at last_in_b and last_in_y. With `resume`, the sums go on from y. `part` is n where n <
// Lanes, else 0.
template <class T>
struct Block {
  const T* a;
  std::size_t a_row, a_step;
  const T* b;
  std::size_t b_row;
  std::ptrdiff_t last_in_b;
  T* y;
  std::size_t y_row;
  std::ptrdiff_t last_in_y;
  std::size_t depth;
  std::size_t part;
  bool resume;
};

template <std::size_t rows, std::size_t columns, class T>
void multiply_block(const Block<T>& whole) {
  const Block<T> block = whole;
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(d));
  // Where column vector c begins.
  const auto begin = [lanes](std::size_t c, std::ptrdiff_t last)
                         HWY_ATTR { return c + 1 == columns ? last : static_cast<std::ptrdiff_t>(c) * lanes; };
  VecOf<decltype(d)> sum[rows][columns];
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) {
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) {
      const T* y = block.y + i * block.y_row + begin(c, block.last_in_y);
      sum[i][c] = block.resume ? hn::LoadU(d, y) : hn::Zero(d);
    }
  }
  const T* a = block.a;
  const T* b = block.b;
  for (std::size_t p = 0; p < block.depth; ++p, a += block.a_step, b += block.b_row) {
    VecOf<decltype(d)> vector[columns];
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) {
      vector[c] = hn::LoadU(d, b + begin(c, block.last_in_b));
    }
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; ++i) {
      const auto factor = hn::Set(d, a[i * block.a_row]);
      ELEGANS_UNROLL
      for (std::size_t c = 0; c < columns; ++c) sum[i][c] = hn::MulAdd(factor, vector[c], sum[i][c]);
    }
  }
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) {
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) {
      hn::StoreU(sum[i][c], d, block.y + i * block.y_row + begin(c, block.last_in_y));
    }
  }
}

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
inline constexpr std::size_t row_columns = 8;
inline constexpr std::size_t block_rows = 4;
inline constexpr std::size_t block_columns = vector_registers == 32 ? 4 : 2;
inline constexpr std::size_t tall_rows = 8;
inline constexpr std::size_t tall_columns = vector_registers == 32 ? 2 : 1;
// The part of b that goes with a block stays in the first-level cache; from so many rows on it is copied together, for
// rows of b that lie a power of two apart would evict each other.
inline constexpr std::size_t cached_bytes = 16384;
inline constexpr std::size_t packing_rows = 16;

// Computes all m rows of a block whose place in a and y is that of its first row.
template <class T>
HWY_INLINE void multiply_rows(Block<T> block, std::size_t columns, std::size_t m) {
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
    kernel(block);
    block.a += rows * block.a_row;
    block.y += rows * block.y_row;
  }
}

// y[m,n] = a b with a[i·a_row + p·a_step]; b is [k,n], or [n,k] where `transposed`.
template <bool transposed, class T>
HWY_INLINE void multiply(const T* a, std::size_t a_row, std::size_t a_step, const T* b, T* y, std::size_t m,
                         std::size_t k, std::size_t n) {
  if (m == 0 || n == 0) return;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t vectors = hwy::DivCeil(n, lanes);
  const bool packed = transposed || (m >= packing_rows && n >= lanes);
  const std::size_t most_columns = m < block_rows && !packed ? row_columns : block_columns;
  HWY_ALIGN T buffer[cached_bytes / sizeof(T)];
  for (std::size_t v = 0, columns; v < vectors; v += columns) {
    // Blocks of about the same width: one lonely vector at the end would wait for its own additions.
    columns = hwy::DivCeil(vectors - v, hwy::DivCeil(vectors - v, most_columns));
    const std::size_t width = columns * lanes;
    const std::size_t first = v * lanes;
    // Negative where the last vector begins before this block.
    const auto last =
        n < lanes ? 0 : static_cast<std::ptrdiff_t>(HWY_MIN(width, n - first)) - static_cast<std::ptrdiff_t>(lanes);
    const std::size_t most_depth = packed ? cached_bytes / sizeof(T) / width : HWY_MAX(k, std::size_t{1});
    std::size_t p = 0;
    do {
      const std::size_t depth = HWY_MIN(k - p, most_depth);
      const T* part_of_b = b + p * n + first;
      Block<T> block{a + p * a_step,    a_row, a_step, part_of_b, n, last, y + first, n, last, depth,
                     n < lanes ? n : 0, p != 0};
      if (packed) {
        for (std::size_t c = 0; c < columns; ++c) {
          const std::ptrdiff_t column = c + 1 == columns ? last : static_cast<std::ptrdiff_t>(c * lanes);
          T* to = buffer + c * lanes;
          if constexpr (transposed) {
            transpose(b + (first + static_cast<std::size_t>(column)) * k + p, k, to, width, HWY_MIN(lanes, n), depth);
          } else {
            for (std::size_t q = 0; q < depth; ++q) {
              hn::Store(hn::LoadU(d, part_of_b + q * n + column), d, to + q * width);
            }
          }
        }
        block.b = buffer;
        block.b_row = width;
        block.last_in_b = static_cast<std::ptrdiff_t>(width - lanes);
      }
      multiply_rows(block, columns, m);
      p += depth;
    } while (p < k);
  }
}

template <class T>
void matmul_nn(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n) {
  multiply<false>(a, k, 1, b, y, m, k, n);
}

template <class T>
void matmul_nt(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n) {
  multiply<true>(a, k, 1, b, y, m, k, n);
}

template <class T>
void matmul_tn(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n) {
  multiply<false>(a, 1, m, b, y, m, k, n);
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
