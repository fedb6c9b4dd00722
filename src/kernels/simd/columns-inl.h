// Instructions of a chain with columns among their operands: row by row, whole vectors. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_COLUMNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_COLUMNS_INL_H
#undef ELEGANS_KERNELS_SIMD_COLUMNS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_COLUMNS_INL_H
#endif

#include "kernels/scalar/scalar.hpp"
#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// The operands of a binary instruction or pair that are columns: a bit each, a the lowest.
HWY_INLINE unsigned columns_of(const ChainInstruction& at, std::uint32_t columns) {
  if (at.kind == ChainInstruction::Kind::unary || at.kind == ChainInstruction::Kind::select) return 0;
  const auto bit = [columns](std::size_t tile) { return tile < 32 ? columns >> tile & 1U : 0U; };
  return bit(at.a) | bit(at.b) << 1 | (at.kind == ChainInstruction::Kind::binary ? 0U : bit(at.c) << 2);
}

template <class Function, unsigned columns, class T>
HWY_INLINE void map_rows(const T* a, const T* b, const T* c, T* y, std::size_t n, std::size_t inner) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto row_of = [d](bool column, const T* x, std::size_t row)
                          HWY_ATTR { return column ? hn::Set(d, x[row]) : hn::Undefined(d); };
  const auto vector_of = [d](bool column, auto repeated, const T* x, std::size_t i)
                             HWY_ATTR { return column ? repeated : hn::LoadU(d, x + i); };
  for (std::size_t row = 0, i = 0; i < n; ++row) {
    const auto a_row = row_of(columns & 1, a, row), b_row = row_of(columns & 2, b, row),
               c_row = row_of(columns & 4, c, row);
    const std::size_t end = i + inner;
    do {
      hn::StoreU(Function::of(d, vector_of(columns & 1, a_row, a, i), vector_of(columns & 2, b_row, b, i),
                              vector_of(columns & 4, c_row, c, i)),
                 d, y + i);
      i += lanes;
    } while (i < end);
  }
}

template <class T>
struct OnRows {
  unsigned columns;
  const T *a, *b, *c;
  T* y;
  std::size_t n, inner;

  template <class Function>
  HWY_INLINE void run() const {
    switch (columns) {
#define ELEGANS_CASE(mask) \
  case mask:               \
    return map_rows<Function, mask>(a, b, c, y, n, inner);
      ELEGANS_CASE(1)
      ELEGANS_CASE(2)
      ELEGANS_CASE(3)
      ELEGANS_CASE(4)
      ELEGANS_CASE(5)
      ELEGANS_CASE(6)
      default:
        return map_rows<Function, 7>(a, b, c, y, n, inner);
#undef ELEGANS_CASE
    }
  }
  // A binary function without a vector form.
  void run_scalar(std::size_t function) const {
    const std::size_t a_step = columns & 1 ? 0 : 1, b_step = columns & 2 ? 0 : 1;
    for (std::size_t i = 0, row = 0; i < n; i += inner, ++row)
      scalar_kernels<T>().binary[function](a + (a_step ? i : row), a_step, b + (b_step ? i : row), b_step, y + i,
                                           inner);
  }
};

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
