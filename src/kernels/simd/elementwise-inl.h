// The loops of elementwise kernels. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_ELEMENTWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_ELEMENTWISE_INL_H
#undef ELEGANS_KERNELS_SIMD_ELEMENTWISE_INL_H
#else
#define ELEGANS_KERNELS_SIMD_ELEMENTWISE_INL_H
#endif

#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

// The last, incomplete vector goes through the same instructions as the others: cutting an array changes no bit.
template <class Function, class T>
HWY_INLINE void map(const T* x, T* y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(Function::of(d, hn::LoadU(d, x + i)), d, y + i);
  if (i < n) store_part(Function::of(d, load_part(d, x + i, n - i)), d, y + i, n - i);
}

// The two kinds of arguments of a kernel with strides: stride 1, an array, and stride 0, one number for all.
template <class T>
struct Array {
  using D = hn::ScalableTag<T>;
  const T* values;
  HWY_INLINE VecOf<D> at(std::size_t i) const { return hn::LoadU(D(), values + i); }
  HWY_INLINE VecOf<D> part(std::size_t i, std::size_t n) const { return load_part(D(), values + i, n); }
};

template <class T>
struct Repeated {
  using D = hn::ScalableTag<T>;
  VecOf<D> value;
  explicit HWY_INLINE Repeated(const T* number) : value(hn::Set(D(), *number)) {}
  HWY_INLINE VecOf<D> at(std::size_t) const { return value; }
  HWY_INLINE VecOf<D> part(std::size_t, std::size_t) const { return value; }
};

template <class Function, class T, class A, class B>
HWY_INLINE void map(A a, B b, T* y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(Function::of(d, a.at(i), b.at(i)), d, y + i);
  if (i < n) store_part(Function::of(d, a.part(i, n - i), b.part(i, n - i)), d, y + i, n - i);
}

template <class Function, class T>
void unary(const T* x, T* y, std::size_t n) {
  map<Function>(x, y, n);
}

template <class Function, class T>
void binary(const T* a, std::size_t a_stride, const T* b, std::size_t b_stride, T* y, std::size_t n) {
  if (n == 0) return;
  if (a_stride && b_stride) {
    map<Function>(Array<T>{a}, Array<T>{b}, y, n);
  } else if (a_stride) {
    map<Function>(Array<T>{a}, Repeated<T>(b), y, n);
  } else if (b_stride) {
    map<Function>(Repeated<T>(a), Array<T>{b}, y, n);
  } else {
    map<Function>(Repeated<T>(a), Repeated<T>(b), y, n);
  }
}

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_ELEMENTWISE_INL_H
