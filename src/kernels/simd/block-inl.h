// A block of a product: `rows` rows by `columns` vectors of y, held in registers while k goes by. Compiled
// once for each target.

#if defined(ELEGANS_KERNELS_SIMD_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_BLOCK_INL_H
#undef ELEGANS_KERNELS_SIMD_BLOCK_INL_H
#else
#define ELEGANS_KERNELS_SIMD_BLOCK_INL_H
#endif

#include "kernels/simd/lanes-inl.h"

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
  std::size_t last_in_b;
  T* y;
  std::size_t y_row;
  std::size_t last_in_y;
  std::size_t depth;
  std::size_t part;
  bool resume;
};

template <std::size_t rows, std::size_t columns, class T>
void multiply_block(const Block<T>& whole) {
  const Block<T> block = whole;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  // Where column vector c begins.
  const auto begin = [lanes](std::size_t c, std::size_t last) HWY_ATTR { return c + 1 == columns ? last : c * lanes; };
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

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_BLOCK_INL_H
