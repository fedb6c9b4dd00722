// Elementwise arithmetic, comparisons and choices. Every lane computes what the scalar kernel computes: the same bits.

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/arithmetic.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/elementwise-inl.h"
#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

template <class T, class C, class A, class B>
HWY_INLINE void select_of(C c, A a, B b, T* y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto choose = [d](auto condition, auto yes, auto no)
                          HWY_ATTR { return hn::IfThenElse(hn::Eq(condition, hn::Zero(d)), no, yes); };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(choose(c.at(i), a.at(i), b.at(i)), d, y + i);
  if (i < n) store_part(choose(c.part(i, n - i), a.part(i, n - i), b.part(i, n - i)), d, y + i, n - i);
}

// A loop of its own for each kind of the choices: strides are not asked for within it.
template <class T, class C>
HWY_INLINE void select_by(C c, const T* a, std::size_t a_stride, const T* b, std::size_t b_stride, T* y,
                          std::size_t n) {
  if (a_stride && b_stride) {
    select_of(c, Array<T>{a}, Array<T>{b}, y, n);
  } else if (a_stride) {
    select_of(c, Array<T>{a}, Repeated<T>(b), y, n);
  } else if (b_stride) {
    select_of(c, Repeated<T>(a), Array<T>{b}, y, n);
  } else {
    select_of(c, Repeated<T>(a), Repeated<T>(b), y, n);
  }
}

template <class T>
void select(const T* c, std::size_t c_stride, const T* a, std::size_t a_stride, const T* b, std::size_t b_stride, T* y,
            std::size_t n) {
  if (n == 0) return;
  if (c_stride) {
    select_by(Array<T>{c}, a, a_stride, b, b_stride, y, n);
  } else {
    select_by(Repeated<T>(c), a, a_stride, b, b_stride, y, n);
  }
}

template <class T>
void arithmetic(Table<T>& table) {
#define ELEGANS_UNARY(name) table.unary[static_cast<std::size_t>(Unary::name)] = unary<lanewise::name, T>;
#define ELEGANS_BINARY(name) table.binary[static_cast<std::size_t>(Binary::name)] = binary<lanewise::name, T>;
  ELEGANS_UNARY(negate)
  ELEGANS_UNARY(absolute)
  ELEGANS_UNARY(sign)
  ELEGANS_UNARY(square)
  ELEGANS_UNARY(square_root)
  ELEGANS_UNARY(reciprocal)
  ELEGANS_UNARY(relu)
  ELEGANS_UNARY(step)
  ELEGANS_UNARY(is_finite)
  ELEGANS_BINARY(add)
  ELEGANS_BINARY(subtract)
  ELEGANS_BINARY(multiply)
  ELEGANS_BINARY(divide)
  ELEGANS_BINARY(maximum)
  ELEGANS_BINARY(minimum)
  ELEGANS_BINARY(less)
  ELEGANS_BINARY(less_equal)
  ELEGANS_BINARY(equal)
#undef ELEGANS_UNARY
#undef ELEGANS_BINARY
  table.select = select<T>;
}

#else

template <class T>
void arithmetic(Table<T>&) {}

#endif

void arithmetic_f32(Table<float>& table) { arithmetic(table); }
void arithmetic_f64(Table<double>& table) { arithmetic(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(arithmetic)
}
#endif
