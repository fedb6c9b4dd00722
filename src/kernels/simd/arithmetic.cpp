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

template <class T>
void select(const T* c, std::size_t c_stride, const T* a, std::size_t a_stride, const T* b, std::size_t b_stride, T* y,
            std::size_t n) {
  if (n == 0) return;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto whole = [&](const T* p, std::size_t stride, std::size_t i)
                         HWY_ATTR { return stride ? hn::LoadU(d, p + i) : hn::Set(d, *p); };
  const auto part = [&](const T* p, std::size_t stride, std::size_t i)
                        HWY_ATTR { return stride ? load_part(d, p + i, n - i) : hn::Set(d, *p); };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto otherwise = hn::Eq(whole(c, c_stride, i), hn::Zero(d));
    hn::StoreU(hn::IfThenElse(otherwise, whole(b, b_stride, i), whole(a, a_stride, i)), d, y + i);
  }
  if (i < n) {
    const auto otherwise = hn::Eq(part(c, c_stride, i), hn::Zero(d));
    store_part(hn::IfThenElse(otherwise, part(b, b_stride, i), part(a, a_stride, i)), d, y + i, n - i);
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
