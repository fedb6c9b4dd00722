// The elementwise functions that have a vector form, as structs that loops take. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_FUNCTION_TABLE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_FUNCTION_TABLE_INL_H
#undef ELEGANS_KERNELS_SIMD_FUNCTION_TABLE_INL_H
#else
#define ELEGANS_KERNELS_SIMD_FUNCTION_TABLE_INL_H
#endif

#include "kernels/simd/functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

template <class D, class M>
HWY_INLINE VecOf<D> one_where(D d, M mask) {
  return hn::IfThenElseZero(mask, hn::Set(d, 1));
}

#define ELEGANS_UNARY(name, expression)                 \
  struct name {                                         \
    template <class D, class V = VecOf<D>>              \
    static HWY_INLINE V of([[maybe_unused]] D d, V x) { \
      return expression;                                \
    }                                                   \
  };
// The same of functions that are computed for several vectors side by side.
#define ELEGANS_OF_EACH(name, function)              \
  struct name {                                      \
    template <class D, class V, std::size_t n>       \
    static HWY_INLINE void of_each(D d, V (&x)[n]) { \
      function(d, x);                                \
    }                                                \
    template <class D, class V = VecOf<D>>           \
    static HWY_INLINE V of(D d, V x) {               \
      V one[] = {x};                                 \
      function(d, one);                              \
      return one[0];                                 \
    }                                                \
  };
#define ELEGANS_BINARY(name, expression)                     \
  struct name {                                              \
    template <class D, class V = VecOf<D>>                   \
    static HWY_INLINE V of([[maybe_unused]] D d, V a, V b) { \
      return expression;                                     \
    }                                                        \
  };

namespace lanewise {
ELEGANS_UNARY(negate, hn::Neg(x))
ELEGANS_UNARY(absolute, hn::Abs(x))
ELEGANS_UNARY(sign, hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Set(d, 1),
                                   hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Set(d, -1), x)))
ELEGANS_UNARY(square, hn::Mul(x, x))
ELEGANS_UNARY(square_root, hn::Sqrt(x))
ELEGANS_UNARY(reciprocal, hn::Div(hn::Set(d, 1), x))
ELEGANS_UNARY(relu, hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x))
ELEGANS_UNARY(step, one_where(d, hn::Gt(x, hn::Zero(d))))
ELEGANS_UNARY(is_finite, one_where(d, hn::Eq(hn::Sub(x, x), hn::Zero(d))))

ELEGANS_BINARY(add, hn::Add(a, b))
ELEGANS_BINARY(subtract, hn::Sub(a, b))
ELEGANS_BINARY(multiply, hn::Mul(a, b))
ELEGANS_BINARY(divide, hn::Div(a, b))
ELEGANS_BINARY(maximum, hn::IfThenElse(hn::Gt(a, b), a, b))
ELEGANS_BINARY(minimum, hn::IfThenElse(hn::Lt(a, b), a, b))
ELEGANS_BINARY(less, one_where(d, hn::Lt(a, b)))
ELEGANS_BINARY(less_equal, one_where(d, hn::Le(a, b)))
ELEGANS_BINARY(equal, one_where(d, hn::Eq(a, b)))

ELEGANS_UNARY(exponential, HWY_NAMESPACE::exponential(d, x))
ELEGANS_UNARY(logarithm, HWY_NAMESPACE::logarithm(d, x))
ELEGANS_UNARY(tanh, hyperbolic_tangent(d, x))
ELEGANS_OF_EACH(sigmoid, HWY_NAMESPACE::sigmoid)
ELEGANS_UNARY(softplus, HWY_NAMESPACE::softplus(d, x))
ELEGANS_UNARY(error_function, HWY_NAMESPACE::error_function(d, x))
ELEGANS_UNARY(fast_tanh, HWY_NAMESPACE::fast_tanh(d, x))
ELEGANS_UNARY(fast_sigmoid, HWY_NAMESPACE::fast_sigmoid(d, x))
}  // namespace lanewise
#undef ELEGANS_UNARY
#undef ELEGANS_OF_EACH
#undef ELEGANS_BINARY

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_FUNCTION_TABLE_INL_H
