// Elementwise transcendental functions.

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/functions.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/elementwise-inl.h"
#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// Sines, cosines, powers and the f64 error function stay those of the C library: they are rare. So do fast functions of
// f64: who wants them fast takes f32.
template <class T>
void functions(Table<T>& table) {
#define ELEGANS_UNARY(name) table.unary[static_cast<std::size_t>(Unary::name)] = unary<lanewise::name, T>;
  ELEGANS_UNARY(exponential)
  ELEGANS_UNARY(logarithm)
  ELEGANS_UNARY(tanh)
  ELEGANS_UNARY(sigmoid)
  ELEGANS_UNARY(softplus)
  if constexpr (sizeof(T) == 4) {
    ELEGANS_UNARY(error_function)
    ELEGANS_UNARY(fast_tanh)
    ELEGANS_UNARY(fast_sigmoid)
  }
#undef ELEGANS_UNARY
}

#else

template <class T>
void functions(Table<T>&) {}

#endif

void functions_f32(Table<float>& table) { functions(table); }
void functions_f64(Table<double>& table) { functions(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(functions)
}
#endif
