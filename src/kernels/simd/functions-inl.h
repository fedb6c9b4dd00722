// e^x, ln x, tanh x, sigmoid, softplus and erf of whole vectors. Compiled once for each target.
//
// Errors against the correctly rounded value, over all numbers of the type including subnormal ones, are at most 4
// units in the last place; tests/kernels/accuracy.cpp measures them. Infinities and NaN are those of
// the C library, but that tanh of infinity may be the number below 1. fast_tanh and fast_sigmoid promise less. The
// coefficients come from fit_coefficients.py.

#if defined(ELEGANS_KERNELS_SIMD_FUNCTIONS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_FUNCTIONS_INL_H
#undef ELEGANS_KERNELS_SIMD_FUNCTIONS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_FUNCTIONS_INL_H
#endif

#include <bit>
#include <limits>

#include "kernels/simd/lanes-inl.h"
#include "kernels/simd/tables.hpp"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

// Adding `rounder` rounds to an integer, which then stands in the lowest bits. ln 2 = ln2_high + ln2_low, where
// ln2_high times any exponent is exact.
template <class T>
struct Constants;

template <>
struct Constants<float> {
  static constexpr int mantissa_bits = 23;
  static constexpr int bias = 127;
  static constexpr float tanh_is_one = 10.0F;
  static constexpr float rounder = 0x1.8p23F;
  static constexpr float log2_e = 1.44269504F;
  static constexpr float ln2_high = 0x1.62ep-1F;
  static constexpr float ln2_low = 0x1.0bfbe8p-15F;
  // Beyond these, e^x is infinite, or rounds to 0.
  static constexpr float exponential_high = 89.0F;
  static constexpr float exponential_low = -104.0F;
  static constexpr float exponential[] = {0.49999994F, 0.166665211F, 0.041668389F, 0.00836871006F, 0.00138146104F};
  static constexpr float logarithm[] = {0.33333388F, 0.199887872F, 0.149354711F};
  static constexpr float log1p[] = {0.333333343F, 0.200000256F, 0.142842099F, 0.111505397F, 0.0857565403F, 0.10890922F};
  static constexpr float erf_near_0[] = {0.128379166F,   -0.37612626F,     0.112835854F,  -0.026853811F,
                                         0.00518832775F, -0.000801019254F, 7.85385782e-5F};
  static constexpr float erf_beyond_1[] = {-0.000341512903F, -1.12708926F,    -0.638144732F,  -0.103106819F,
                                           0.021838095F,     -0.00294766645F, 0.000186380057F};
};

template <>
struct Constants<double> {
  static constexpr int mantissa_bits = 52;
  static constexpr int bias = 1023;
  static constexpr double tanh_is_one = 20.0;
  static constexpr double rounder = 0x1.8p52;
  static constexpr double log2_e = 1.4426950408889634;
  static constexpr double ln2_high = 0x1.62e42fefa0000p-1;
  static constexpr double ln2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double exponential_high = 710.0;
  static constexpr double exponential_low = -746.0;
  static constexpr double exponential[] = {0.50000000000000111,   0.16666666666666413,   0.04166666666653026,
                                           0.0083333333334943364, 0.0013888888943599379, 0.00019841269506779284,
                                           2.4801493134552594e-5, 2.7557586263005777e-6, 2.7630234467451413e-7,
                                           2.5000074209889387e-8};
  static constexpr double logarithm[] = {0.3333333333333367,  0.19999999999708182,  0.14285714371008335,
                                         0.11111099305344786, 0.090917812045582608, 0.076570493752037477,
                                         0.073977379417128758};
  static constexpr double log1p[] = {0.33333333333333331,  0.20000000000000112,  0.14285714285690668,
                                     0.11111111113622602,  0.09090908934641527,  0.076923138695020002,
                                     0.066665043360294968, 0.058852503886680445, 0.052279807795813489,
                                     0.050462959927324011, 0.029016407404249978, 0.080237041748700832};
};

// The terms begin … end - 1 of a polynomial, without the power of z that they share. Halves are summed side by side
// (Estrin): a chain of additions would cost more than their number. z_powers are z, z^2, z^4, z^8.
template <std::size_t begin, std::size_t end, class D, class V, class T, std::size_t n>
HWY_INLINE V polynomial_part(D d, const V* z_powers, const T (&c)[n]) {
  constexpr std::size_t terms = end - begin;
  if constexpr (terms == 1) {
    return hn::Set(d, c[begin]);
  } else {
    constexpr std::size_t step = std::bit_width(terms - 1) - 1;
    constexpr std::size_t middle = begin + (std::size_t{1} << step);
    return hn::MulAdd(polynomial_part<middle, end>(d, z_powers, c), z_powers[step],
                      polynomial_part<begin, middle>(d, z_powers, c));
  }
}

// c[0] + c[1] z + c[2] z^2 + …
template <class D, class V, class T, std::size_t n>
HWY_INLINE V polynomial(D d, V z, const T (&c)[n]) {
  static_assert(n >= 2 && n <= 16);
  const V z2 = hn::Mul(z, z);
  const V z4 = hn::Mul(z2, z2);
  const V z_powers[] = {z, z2, z4, hn::Mul(z4, z4)};
  return polynomial_part<0, n>(d, z_powers, c);
}

// The smaller of x and a limit, and the larger. NaN stays NaN: x86 returns the second argument then, others need not.
template <class D, class V, class T>
HWY_INLINE V at_most(D d, V x, T limit) {
  const V most = hn::Set(d, limit);
  return HWY_ARCH_X86 ? hn::Min(most, x) : hn::IfThenElse(hn::Lt(most, x), most, x);
}
template <class D, class V, class T>
HWY_INLINE V at_least(D d, V x, T limit) {
  const V least = hn::Set(d, limit);
  return HWY_ARCH_X86 ? hn::Max(least, x) : hn::IfThenElse(hn::Gt(least, x), least, x);
}

// x = n ln 2 + r with an integer n and |r| <= ln 2 / 2, for |x| below 2^10: e^x = 2^n (1 + tail), tail = r + r^2 P(r).
// `shifted` holds n in its lowest bits.
template <class V>
struct Exponential {
  V shifted, n, tail;
};

template <class D, class V>
HWY_INLINE Exponential<V> split_exponential(D d, V x) {
  using C = Constants<hn::TFromD<D>>;
  const V rounder = hn::Set(d, C::rounder);
  const V shifted = hn::MulAdd(x, hn::Set(d, C::log2_e), rounder);
  const V n = hn::Sub(shifted, rounder);
  const V r = hn::NegMulAdd(n, hn::Set(d, C::ln2_low), hn::NegMulAdd(n, hn::Set(d, C::ln2_high), x));
  return {shifted, n, hn::MulAdd(hn::Mul(r, r), polynomial(d, r, C::exponential), r)};
}

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

// AVX-512 has few ports for its wide vectors, and a division keeps one busy for 16 cycles: f32 looks numbers up
// instead. What comes in arrays is computed for all of their vectors side by side: a function is a chain of some twenty
// instructions that wait for one another, compilers leave them in the order of the source, and a machine that looks for
// others to do meanwhile sees two or three vectors ahead.
#define ELEGANS_EACH ELEGANS_UNROLL for (std::size_t i = 0; i < n; ++i)

// table[index mod 32].
template <class D, class VI>
HWY_INLINE VecOf<D> look_up(D d, const float (&table)[32], VI index) {
  return look_up_two(hn::LoadU(d, table), hn::LoadU(d, table + hn::Lanes(d)), index);
}

// y = 1 / (1 + e) for 0 <= e <= 1. Not by vrcp14ps, whose bits are a matter of the machine's maker.
template <std::size_t n, class D, class V>
HWY_INLINE void reciprocal_of_1_plus(D d, const V (&e)[n], V (&y)[n]) {
  static constexpr float coefficients[] = {0.998266697F, -0.942805529F, 0.665505648F, -0.221833467F};
  V error[n];
  ELEGANS_EACH y[i] = hn::MulAdd(hn::Set(d, coefficients[3]), e[i], hn::Set(d, coefficients[2]));
  ELEGANS_EACH y[i] = hn::MulAdd(y[i], e[i], hn::Set(d, coefficients[1]));
  ELEGANS_EACH y[i] = hn::MulAdd(y[i], e[i], hn::Set(d, coefficients[0]));
  ELEGANS_EACH error[i] = hn::Sub(hn::Set(d, 1), y[i]);
  ELEGANS_EACH error[i] = hn::NegMulAdd(e[i], y[i], error[i]);  // exact but for one rounding, as 1 + e is not
  ELEGANS_EACH error[i] = hn::MulAdd(error[i], error[i], error[i]);
  ELEGANS_EACH y[i] = hn::MulAdd(y[i], error[i], y[i]);  // relative error 2^-27.5, before rounding
}

// x becomes e^x = 2^k 2^(j/32) (1 + r (c0 + c1 r)), r = x - n ln 2, n = k + j/32 the nearest 32nd to x / ln 2, for |x| below
// 2^10.
template <std::size_t n, class D, class V>
HWY_INLINE void exponential_in_range(D d, V (&x)[n]) {
  using C = Constants<float>;
  const V rounder = hn::Set(d, 0x1.8p18F);  // rounds to 32nds
  V shifted[n], exponent[n], tail[n];
  ELEGANS_EACH shifted[i] = hn::MulAdd(x[i], hn::Set(d, C::log2_e), rounder);
  ELEGANS_EACH exponent[i] = hn::Sub(shifted[i], rounder);
  ELEGANS_EACH x[i] = hn::NegMulAdd(exponent[i], hn::Set(d, C::ln2_high), x[i]);
  ELEGANS_EACH x[i] = hn::NegMulAdd(exponent[i], hn::Set(d, C::ln2_low), x[i]);
  ELEGANS_EACH tail[i] = hn::MulAdd(x[i], hn::Set(d, 0.500001132F), hn::Set(d, 1.00001466F));
  ELEGANS_EACH tail[i] = hn::Mul(x[i], tail[i]);
  ELEGANS_EACH x[i] = look_up(d, simd::roots_of_2, hn::BitCast(hn::RebindToSigned<D>(), shifted[i]));
  ELEGANS_EACH x[i] = hn::MulAdd(x[i], tail[i], x[i]);
  ELEGANS_EACH x[i] = V{_mm512_scalef_ps(x[i].raw, exponent[i].raw)};
}

template <class D, class V>
HWY_INLINE V exponential_in_range(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    V one[] = {x};
    exponential_in_range(d, one);
    return one[0];
  } else {
    const Exponential<V> parts = split_exponential(d, x);
    return V{_mm512_scalef_pd(hn::Add(parts.tail, hn::Set(d, 1)).raw, parts.n.raw)};
  }
}

#else

template <class D, class V>
HWY_INLINE V exponential_in_range(D d, V x) {
  using C = Constants<hn::TFromD<D>>;
  const hn::RebindToSigned<D> di;
  const Exponential<V> parts = split_exponential(d, x);
  // In two steps, for 2^n need not be a normal number.
  const auto one = hn::BitCast(di, hn::Set(d, 1));
  const auto exponent = hn::ShiftLeft<C::mantissa_bits>(hn::BitCast(di, parts.shifted));
  const auto half = hn::ShiftLeft<C::mantissa_bits>(hn::ShiftRight<C::mantissa_bits + 1>(exponent));
  const V first = hn::BitCast(d, hn::Add(one, half));
  const V second = hn::BitCast(d, hn::Add(one, hn::Sub(exponent, half)));
  return hn::Mul(hn::MulAdd(parts.tail, first, first), second);
}

#endif

template <class D, class V>
HWY_INLINE V exponential(D d, V x) {
  using C = Constants<hn::TFromD<D>>;
  return exponential_in_range(d, at_least(d, at_most(d, x, C::exponential_high), C::exponential_low));
}

// -|x| as far as e^-|x| is not 0, and e^-|x|.
template <class D, class V>
HWY_INLINE V minus_magnitude(D d, V x) {
  return at_least(d, hn::Or(x, hn::Set(d, -0.0F)), Constants<hn::TFromD<D>>::exponential_low);
}
template <class D, class V>
HWY_INLINE V exponential_of_minus_magnitude(D d, V x) {
  return exponential_in_range(d, minus_magnitude(d, x));
}

// ln(1 + f) for f with s = f / (2 + f), z = s^2: 2 atanh s = 2 s (1 + z P(z)) = f - s (f - 2 z P(z)); f must be exact.
template <class D, class V, class T, std::size_t n>
HWY_INLINE V log1p_by(D d, V f, const T (&coefficients)[n]) {
  const V s = hn::Div(f, hn::Add(hn::Set(d, 2), f));
  const V z = hn::Mul(s, s);
  const V tail = hn::Mul(hn::Add(z, z), polynomial(d, z, coefficients));
  return hn::NegMulAdd(s, hn::Sub(f, tail), f);
}

// ln x = k ln 2 + ln m with x = 2^k m and sqrt(1/2) <= m < sqrt 2.
template <class D, class V>
HWY_INLINE V logarithm(D d, V x) {
  using T = hn::TFromD<D>;
  using C = Constants<T>;
  const hn::RebindToUnsigned<D> du;
  using TU = hn::TFromD<decltype(du)>;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr TU two_to_mantissa = static_cast<TU>(C::bias + C::mantissa_bits) << C::mantissa_bits;
  constexpr TU root_half = sizeof(T) == 4 ? static_cast<TU>(0x3f3504f3) : static_cast<TU>(0x3fe6a09e667f3bcdULL);
  constexpr TU offset = static_cast<TU>(C::bias + 1) << C::mantissa_bits;

  const auto subnormal = hn::Lt(x, hn::Set(d, std::numeric_limits<T>::min()));
  constexpr T lift = static_cast<T>(1ULL << (C::mantissa_bits + 2));
  const auto bits = hn::BitCast(du, hn::IfThenElse(subnormal, hn::Mul(x, hn::Set(d, lift)), x));
  // k + bias + 1, a small natural number, becomes the last digits of 2^mantissa_bits.
  const auto k_bits = hn::ShiftRight<C::mantissa_bits>(hn::Add(bits, hn::Set(du, offset - root_half)));
  const V k_raw = hn::BitCast(d, hn::Or(k_bits, hn::Set(du, two_to_mantissa)));
  const T k_shift = static_cast<T>(1ULL << C::mantissa_bits) + static_cast<T>(C::bias + 1);
  const V lowered = hn::IfThenElse(subnormal, hn::Set(d, k_shift + (C::mantissa_bits + 2)), hn::Set(d, k_shift));
  const V k = hn::Sub(k_raw, lowered);
  const auto m_bits = hn::Sub(hn::Add(bits, hn::Set(du, offset)), hn::ShiftLeft<C::mantissa_bits>(k_bits));
  const V f = hn::Sub(hn::BitCast(d, m_bits), hn::Set(d, 1));
  const V ln_m = log1p_by(d, f, C::logarithm);
  const V ln_x = hn::MulAdd(k, hn::Set(d, C::ln2_high), hn::MulAdd(k, hn::Set(d, C::ln2_low), ln_m));

  // ln 0 = -infinity; of a negative number, NaN; of infinity and NaN, themselves.
  const V low =
      hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Set(d, -infinity), hn::Set(d, std::numeric_limits<T>::quiet_NaN()));
  const V result = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), ln_x, low);
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, infinity)), result, x);
}

// x becomes sigmoid x. With e = e^-|x| nothing overflows, and values far below 0 keep their relative accuracy.
template <std::size_t n, class D, class V>
HWY_INLINE void sigmoid(D d, V (&x)[n]) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    V e[n], y[n];
    ELEGANS_EACH e[i] = minus_magnitude(d, x[i]);
    exponential_in_range(d, e);
    reciprocal_of_1_plus(d, e, y);
    ELEGANS_EACH x[i] = hn::IfThenElse(hn::Lt(x[i], hn::Zero(d)), hn::Mul(y[i], e[i]), y[i]);
    return;
  }
#endif
  const V one = hn::Set(d, 1);
  for (V& at : x) {
    const V e = exponential_of_minus_magnitude(d, at);
    at = hn::Div(hn::IfThenElse(hn::Lt(at, hn::Zero(d)), e, one), hn::Add(one, e));
  }
}

template <class D, class V>
HWY_INLINE V softplus(D d, V x) {
  const V e = exponential_of_minus_magnitude(d, x);
  const V positive = hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), x);
  return hn::Add(positive, log1p_by(d, e, Constants<hn::TFromD<D>>::log1p));
}

// tanh x = t / (t + 2) with t = e^2x - 1 = 2^n tail + (2^n - 1), which is accurate near 0 too, where n = 0.
template <class D, class V>
HWY_INLINE V tanh_by_exponential(D d, V x) {
  using C = Constants<hn::TFromD<D>>;
  const hn::RebindToSigned<D> di;
  const V one = hn::Set(d, 1);
  const V magnitude = at_most(d, hn::Abs(x), C::tanh_is_one);
  const Exponential<V> parts = split_exponential(d, hn::Add(magnitude, magnitude));
  const auto exponent = hn::ShiftLeft<C::mantissa_bits>(hn::BitCast(di, parts.shifted));
  const V power = hn::BitCast(d, hn::Add(exponent, hn::BitCast(di, one)));
  const V t = hn::MulAdd(power, parts.tail, hn::Sub(power, one));
  return hn::CopySign(hn::Div(t, hn::Add(t, hn::Set(d, 2))), x);
}

template <class D, class V>
HWY_INLINE V hyperbolic_tangent(D d, V x) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    constexpr const simd::TanhTable& table = simd::tanh_table;
    const V magnitude = at_most(d, hn::Abs(x), simd::TanhTable::is_one);
    const V shifted = hn::Add(magnitude, hn::Set(d, simd::TanhTable::offset));
    const auto segment = hn::ShiftRight<20>(hn::BitCast(hn::RebindToSigned<D>(), shifted));
    const V r = hn::Sub(magnitude, look_up(d, table.centre, segment));
    V y = hn::MulAdd(look_up(d, table.c[4], segment), r, look_up(d, table.c[3], segment));
    y = hn::MulAdd(y, r, look_up(d, table.c[2], segment));
    y = hn::MulAdd(y, r, look_up(d, table.c[1], segment));
    y = hn::MulAdd(y, r, look_up(d, table.c[0], segment));
    return hn::CopySign(y, x);
  }
#endif
  return tanh_by_exponential(d, x);
}

// f32 only, within 2^-15 of tanh x.
template <class D, class V>
HWY_INLINE V fast_tanh(D d, V x) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  using Table = simd::FastTanhTable;
  constexpr const Table& table = simd::fast_tanh_table;
  const V magnitude = at_most(d, hn::Abs(x), Table::limit);
  const V shifted = hn::Add(magnitude, hn::Set(d, Table::offset));
  const auto segment = hn::ShiftRight<19>(hn::BitCast(hn::RebindToSigned<D>(), shifted));
  V y = hn::MulAdd(look_up(d, table.c[2], segment), magnitude, look_up(d, table.c[1], segment));
  y = hn::MulAdd(y, magnitude, look_up(d, table.c[0], segment));
  return hn::CopySign(y, x);
#else
  // x P(x^2) / Q(x^2)
  static constexpr float above[] = {0.999976814F, 0.114870064F, 0.0015207947F};
  static constexpr float below[] = {0.448127836F, 0.0176365115F, 5.67854986e-5F};
  const V within = at_least(d, at_most(d, x, 5.8F), -5.8F);
  const V z = hn::Mul(within, within);
  V p = hn::MulAdd(hn::Set(d, above[2]), z, hn::Set(d, above[1]));
  p = hn::MulAdd(p, z, hn::Set(d, above[0]));
  V q = hn::MulAdd(hn::Set(d, below[2]), z, hn::Set(d, below[1]));
  q = hn::MulAdd(q, z, hn::Set(d, below[0]));
  q = hn::MulAdd(q, z, hn::Set(d, 1));
  return hn::Div(hn::Mul(within, p), q);
#endif
}

// f32 only, within 2^-16 of the sigmoid: (1 + tanh(x / 2)) / 2.
template <class D, class V>
HWY_INLINE V fast_sigmoid(D d, V x) {
  const V half = hn::Set(d, 0.5F);
  return hn::MulAdd(fast_tanh(d, hn::Mul(x, half)), half, half);
}

// f32 only. |x| < 1: x + x P(x^2); else 1 - e^P(|x|), up to where erf rounds to 1.
template <class D, class V>
HWY_INLINE V error_function(D d, V x) {
  const V magnitude = at_most(d, hn::Abs(x), 3.95F);
  const V near = hn::MulAdd(x, polynomial(d, hn::Mul(x, x), Constants<float>::erf_near_0), x);
  const V far = hn::Sub(hn::Set(d, 1), exponential(d, polynomial(d, magnitude, Constants<float>::erf_beyond_1)));
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 1)), near, hn::CopySign(far, x));
}

#undef ELEGANS_EACH

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_FUNCTIONS_INL_H
