// The transpose of a matrix between two strided places. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_TRANSPOSE_INL_H
#undef ELEGANS_KERNELS_SIMD_TRANSPOSE_INL_H
#else
#define ELEGANS_KERNELS_SIMD_TRANSPOSE_INL_H
#endif

#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// y[c·y_row + r] = x[r·x_row + c] for r < rows, c < columns, by blocks of one 128-bit vector each way.
template <class T>
HWY_INLINE void transpose(const T* HWY_RESTRICT x, std::size_t x_row, T* HWY_RESTRICT y, std::size_t y_row,
                          std::size_t rows, std::size_t columns) {
  constexpr std::size_t block = 16 / sizeof(T);
  // A strip of this many rows fills whole cache lines of y.
  constexpr std::size_t strip = 64 / sizeof(T);
  const hn::FixedTag<T, block> d;
  const std::size_t whole_rows = rows - rows % block;
  const std::size_t whole_columns = columns - columns % block;
  for (std::size_t strip_begin = 0; strip_begin < whole_rows; strip_begin += strip) {
    const std::size_t strip_end = HWY_MIN(strip_begin + strip, whole_rows);
    for (std::size_t c = 0; c < whole_columns; c += block) {
      for (std::size_t r = strip_begin; r < strip_end; r += block) {
        const T* from = x + r * x_row + c;
        T* to = y + c * y_row + r;
        const auto row0 = hn::LoadU(d, from);
        const auto row1 = hn::LoadU(d, from + x_row);
        if constexpr (block == 2) {
          hn::StoreU(hn::InterleaveLower(d, row0, row1), d, to);
          hn::StoreU(hn::InterleaveUpper(d, row0, row1), d, to + y_row);
        } else {
          const auto row2 = hn::LoadU(d, from + 2 * x_row);
          const auto row3 = hn::LoadU(d, from + 3 * x_row);
          const auto even_low = hn::InterleaveLower(d, row0, row2);
          const auto odd_low = hn::InterleaveLower(d, row1, row3);
          const auto even_high = hn::InterleaveUpper(d, row0, row2);
          const auto odd_high = hn::InterleaveUpper(d, row1, row3);
          hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
          hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + y_row);
          hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * y_row);
          hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * y_row);
        }
      }
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c) y[c * y_row + r] = x[r * x_row + c];
  }
}

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_TRANSPOSE_INL_H
