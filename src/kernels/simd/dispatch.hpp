#pragma once
// Which targets are compiled, and how one of them is picked. Included before hwy/foreach_target.h.

#include "hwy/detect_compiler_arch.h"

// SSSE3 is left out to compile less (its machines have SSE4), SVE and RVV because kernels keep arrays of vectors, which
// their types forbid; machines with SVE have NEON (CONTRIBUTING.md, "Instruction sets").
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "hwy/targets.h"

namespace elegans::kernels::simd {

// Place of `target` in the table of `entries` functions that HWY_EXPORT makes.
inline std::size_t entry_of(std::int64_t target, std::size_t entries) {
  if (entries == 1) return 0;
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  return chosen.GetIndex();
}

}  // namespace elegans::kernels::simd

// Hands out `family_f32` and `family_f64`, functions void(Table<T>&) of each target, as replace_<family>. Stands in
// namespace elegans::kernels under HWY_ONCE.
#define ELEGANS_EXPORT_KERNELS(family)                                                                            \
  HWY_EXPORT(family##_f32);                                                                                       \
  HWY_EXPORT(family##_f64);                                                                                       \
  template <>                                                                                                     \
  void simd::replace_##family<float>(Table<float> & table, std::int64_t target) {                                 \
    HWY_DISPATCH_TABLE(family##_f32)[simd::entry_of(target, std::size(HWY_DISPATCH_TABLE(family##_f32)))](table); \
  }                                                                                                               \
  template <>                                                                                                     \
  void simd::replace_##family<double>(Table<double> & table, std::int64_t target) {                               \
    HWY_DISPATCH_TABLE(family##_f64)[simd::entry_of(target, std::size(HWY_DISPATCH_TABLE(family##_f64)))](table); \
  }
