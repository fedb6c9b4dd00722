// What every SIMD kernel uses. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_LANES_INL_H
#undef ELEGANS_KERNELS_SIMD_LANES_INL_H
#else
#define ELEGANS_KERNELS_SIMD_LANES_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

// Unrolls the loop below it whole, so that an array of vectors lives in registers, at -O2 too.
#undef ELEGANS_UNROLL
#if HWY_COMPILER_CLANG
#define ELEGANS_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ELEGANS_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using VecOf = hn::Vec<D>;

// Registers decide how large a block of a product may be.
inline constexpr std::size_t vector_registers = (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4) ? 16 : 32;

// Whether masked loads and stores touch nothing beyond their lanes. (Highway's own flag speaks for all lane sizes.)
inline constexpr bool masked_access_is_safe = !HWY_MEM_OPS_MIGHT_FAULT || (HWY_TARGET == HWY_AVX2 && !HWY_IS_MSAN);

// The first n lanes, n < Lanes(d), from p; zeros in the others. Nothing beyond p[n-1] is touched.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE VecOf<D> load_part(D d, const T* p, std::size_t n) {
  if constexpr (masked_access_is_safe) {
    return hn::MaskedLoad(hn::FirstN(d, n), d, p);
  } else {
    HWY_ALIGN T lanes[hn::MaxLanes(D())] = {};
    for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
    return hn::Load(d, lanes);
  }
}

// Stores the first n lanes, n < Lanes(d), to p.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void store_part(V v, D d, T* p, std::size_t n) {
  if constexpr (masked_access_is_safe) {
    hn::BlendedStore(v, hn::FirstN(d, n), d, p);
  } else {
    HWY_ALIGN T lanes[hn::MaxLanes(D())];
    hn::Store(v, d, lanes);
    for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
  }
}

// For the end of a kernel where compilers do not see that vectors are left behind. In the upper halves of registers those
// hold up all code of the baseline instruction set that comes next (Intel's optimization manual, "mixing AVX and SSE").
HWY_INLINE void free_upper_halves() {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  _mm256_zeroupper();
#endif
}

// Whether the machine looks numbers up in a table of two vectors, in registers.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
template <class T>
inline constexpr bool looks_up_two = sizeof(T) == 4;
#else
template <class T>
inline constexpr bool looks_up_two = false;
#endif

// The numbers at index[0], index[1] … of the table of these two vectors; of an index the lowest bits count.
template <class V, class VI>
HWY_INLINE V look_up_two([[maybe_unused]] V low, [[maybe_unused]] V high, [[maybe_unused]] VI index) {
  static_assert(looks_up_two<hn::TFromV<V>>);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return V{_mm512_permutex2var_ps(low.raw, index.raw, high.raw)};
#else
  return low;
#endif
}
template <class V>
HWY_INLINE V look_up_two(V low, V high, const std::uint32_t* index) {
  return look_up_two(low, high, hn::LoadU(hn::RebindToUnsigned<hn::DFromV<V>>(), index));
}

// The lanes in which either is NaN: one comparison of both where the machine has it.
template <class V, class D = hn::DFromV<V>>
HWY_INLINE hn::Mask<D> either_nan(V a, V b) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::Mask<D>{_mm512_cmp_ps_mask(a.raw, b.raw, _CMP_UNORD_Q)};
  } else {
    return hn::Mask<D>{_mm512_cmp_pd_mask(a.raw, b.raw, _CMP_UNORD_Q)};
  }
#elif HWY_TARGET == HWY_AVX2
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::Mask<D>{_mm256_cmp_ps(a.raw, b.raw, _CMP_UNORD_Q)};
  } else {
    return hn::Mask<D>{_mm256_cmp_pd(a.raw, b.raw, _CMP_UNORD_Q)};
  }
#else
  return hn::Or(hn::IsNaN(a), hn::IsNaN(b));
#endif
}

// How many of the vectors that are left the next group takes. Groups have about the same width: one lonely vector at the
// end would wait for its own additions.
HWY_INLINE std::size_t next_columns(std::size_t left, std::size_t most) {
  return left <= most ? left : hwy::DivCeil(left, hwy::DivCeil(left, most));
}

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_LANES_INL_H
