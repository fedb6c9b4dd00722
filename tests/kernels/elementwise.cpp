// Elementwise kernels against the functions of the C++ library in long double, element by element.

#include <cmath>
#include <functional>

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

long double expected(Unary function, long double x) {
  switch (function) {
    case Unary::negate:
      return -x;
    case Unary::absolute:
      return std::fabs(x);
    case Unary::sign:
      return std::isnan(x) || x == 0 ? x : std::copysign(1.0L, x);
    case Unary::square:
      return x * x;
    case Unary::square_root:
      return std::sqrt(x);
    case Unary::reciprocal:
      return 1 / x;
    case Unary::exponential:
      return std::exp(x);
    case Unary::logarithm:
      return std::log(x);
    case Unary::tanh:
    case Unary::fast_tanh:
      return std::tanh(x);
    case Unary::sigmoid:
    case Unary::fast_sigmoid:
      return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    case Unary::softplus:
      return (x > 0 ? x : std::isnan(x) ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
    case Unary::relu:
      return x < 0 ? 0 : x;
    case Unary::step:
      return x > 0 ? 1 : 0;
    case Unary::error_function:
      return std::erf(x);
    case Unary::sine:
      return std::sin(x);
    case Unary::cosine:
      return std::cos(x);
    case Unary::is_finite:
      return std::isfinite(x) ? 1 : 0;
    case Unary::count:
      break;
  }
  ADD_FAILURE() << "no oracle for unary function " << static_cast<int>(function);
  return 0;
}

long double expected(Binary function, long double a, long double b) {
  switch (function) {
    case Binary::add:
      return a + b;
    case Binary::subtract:
      return a - b;
    case Binary::multiply:
      return a * b;
    case Binary::divide:
      return a / b;
    case Binary::maximum:
      return a > b ? a : b;
    case Binary::minimum:
      return a < b ? a : b;
    case Binary::power:
      return std::pow(a, b);
    case Binary::less:
      return a < b ? 1 : 0;
    case Binary::less_equal:
      return a <= b ? 1 : 0;
    case Binary::equal:
      return a == b ? 1 : 0;
    case Binary::count:
      break;
  }
  ADD_FAILURE() << "no oracle for binary function " << static_cast<int>(function);
  return 0;
}

// Half a unit is what one correctly rounded operation leaves; the transcendental functions promise 4.
double allowed_ulps(Unary function) {
  switch (function) {
    case Unary::exponential:
    case Unary::logarithm:
    case Unary::tanh:
    case Unary::sigmoid:
    case Unary::softplus:
    case Unary::error_function:
    case Unary::sine:
    case Unary::cosine:
      return 4;
    default:
      return 0.5;
  }
}

bool is_fast(Unary function) { return function == Unary::fast_tanh || function == Unary::fast_sigmoid; }

// Fast functions promise an absolute bound.
template <class T>
::testing::AssertionResult is_formula(Unary function, T x, T y) {
  const long double truth = expected(function, x);
  const bool close = is_fast(function) && !std::isnan(x)
                         ? std::fabs(y - truth) <= (function == Unary::fast_tanh ? 0x1p-15 : 0x1p-16)
                         : ulps(y, truth) <= allowed_ulps(function);
  return close ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << x << " gives " << y;
}

std::vector<Unary> unary_functions() {
  std::vector<Unary> all;
  for (std::size_t f = 0; f < unary_count; ++f) all.push_back(static_cast<Unary>(f));
  return all;
}

std::vector<Binary> binary_functions() {
  std::vector<Binary> all;
  for (std::size_t f = 0; f < binary_count; ++f) all.push_back(static_cast<Binary>(f));
  return all;
}

const std::size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 100};

template <class T>
class Elementwise : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Elementwise, Types);

TYPED_TEST(Elementwise, UnaryFunctionsAreTheirFormulas) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const Unary function : unary_functions()) {
      SCOPED_TRACE(target + " " + name(function));
      const auto kernel = table.unary[static_cast<std::size_t>(function)];
      const bool positive = function == Unary::square_root || function == Unary::logarithm;
      for (const std::size_t n : sizes) {
        const Array<T> x = random_array<T>(n, n + 1, positive ? T(0.01) : T(-6), 6);
        Array<T> y(n), in_place(x);
        kernel(x.data(), y.data(), n);
        for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(is_formula(function, x[i], y[i]));
        kernel(in_place.data(), in_place.data(), n);
        ASSERT_TRUE(same_arrays(in_place, y)) << "in place";
      }
    }
  }
}

TYPED_TEST(Elementwise, BinaryFunctionsAreTheirFormulas) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const Binary function : binary_functions()) {
      SCOPED_TRACE(target + " " + name(function));
      const auto kernel = table.binary[static_cast<std::size_t>(function)];
      // Powers come from libm. Rounded arguments make equal pairs.
      const double allowed = function == Binary::power ? 4 : 0.5;
      for (const std::size_t n : sizes) {
        for (const std::size_t a_stride : {0, 1}) {
          for (const std::size_t b_stride : {0, 1}) {
            Array<T> a = random_array<T>(a_stride ? n : 1, n + 1, function == Binary::power ? T(0.1) : T(-3), 3);
            Array<T> b = random_array<T>(b_stride ? n : 1, n + 2, -3, 3);
            if (function == Binary::equal || function == Binary::less_equal) {
              for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::round(a[i]);
              for (std::size_t i = 0; i < b.size(); ++i) b[i] = std::round(b[i]);
            }
            Array<T> y(n);
            kernel(a.data(), a_stride, b.data(), b_stride, y.data(), n);
            for (std::size_t i = 0; i < n; ++i) {
              const T left = a[i * a_stride], right = b[i * b_stride];
              ASSERT_LE(ulps(y[i], expected(function, left, right)), allowed) << left << " and " << right;
            }
            if (a_stride) {
              Array<T> in_place(a);
              kernel(in_place.data(), 1, b.data(), b_stride, in_place.data(), n);
              ASSERT_TRUE(same_arrays(in_place, y)) << "in place of a";
            }
            if (b_stride) {
              Array<T> in_place(b);
              kernel(a.data(), a_stride, in_place.data(), 1, in_place.data(), n);
              ASSERT_TRUE(same_arrays(in_place, y)) << "in place of b";
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(Elementwise, SelectTakesOneSideOnly) {
  using T = TypeParam;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    for (const std::size_t n : sizes) {
      for (int strides = 0; strides < 8; ++strides) {
        const std::size_t sc = strides & 1, sa = strides >> 1 & 1, sb = strides >> 2;
        Array<T> c = random_array<T>(sc ? n : 1, n + 1), a = random_array<T>(sa ? n : 1, n + 2),
                 b = random_array<T>(sb ? n : 1, n + 3);
        // Any number but 0 reads as true: -0 is false, a subnormal and NaN are true.
        const T conditions[] = {0, 1, -0.0, T(0.25), std::numeric_limits<T>::denorm_min(), nan, -3, 0};
        for (std::size_t i = 0; i < c.size(); ++i) c[i] = conditions[(i + n) % 8];
        if (sc && sa && sb) {
          for (std::size_t i = 0; i < n; ++i) (c[i] != 0 ? b : a)[i] = nan;
        }
        Array<T> y(n), expectation(n);
        for (std::size_t i = 0; i < n; ++i) expectation[i] = c[i * sc] != 0 ? a[i * sa] : b[i * sb];
        table.select(c.data(), sc, a.data(), sa, b.data(), sb, y.data(), n);
        ASSERT_TRUE(same_arrays(y, expectation));
        if (sc) {
          Array<T> in_place(c);
          table.select(in_place.data(), 1, a.data(), sa, b.data(), sb, in_place.data(), n);
          ASSERT_TRUE(same_arrays(in_place, expectation)) << "in place of c";
        }
        if (sa) {
          Array<T> in_place(a);
          table.select(c.data(), sc, in_place.data(), 1, b.data(), sb, in_place.data(), n);
          ASSERT_TRUE(same_arrays(in_place, expectation)) << "in place of a";
        }
        if (sb) {
          Array<T> in_place(b);
          table.select(c.data(), sc, a.data(), sa, in_place.data(), 1, in_place.data(), n);
          ASSERT_TRUE(same_arrays(in_place, expectation)) << "in place of b";
        }
      }
    }
  }
}

// Zeros with signs, infinities, NaN, the smallest and largest numbers: every value goes through whole vectors and
// through the rest of one.
TYPED_TEST(Elementwise, SpecialNumbersAreThoseOfTheLibrary) {
  using T = TypeParam;
  using L = std::numeric_limits<T>;
  const Array<T> x{0,
                   -T(0),
                   L::infinity(),
                   -L::infinity(),
                   L::quiet_NaN(),
                   L::min(),
                   -L::min(),
                   L::max(),
                   L::lowest(),
                   L::denorm_min(),
                   -L::denorm_min(),
                   800,
                   -800,
                   1,
                   -1,
                   T(1e-5),
                   T(-1e-5),
                   30,
                   -30,
                   T(88.5),
                   T(-88.5),
                   T(-103.5),
                   T(709.5),
                   T(-745),
                   T(0.5),
                   -2};
  for (const auto& [target, table] : tables<T>()) {
    for (const Unary function : unary_functions()) {
      SCOPED_TRACE(target + " " + name(function));
      Array<T> y(x.size());
      table.unary[static_cast<std::size_t>(function)](x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i) EXPECT_TRUE(is_formula(function, x[i], y[i]));
    }
    Array<T> y(x.size());
    for (const Unary function : {Unary::negate, Unary::absolute, Unary::sign, Unary::relu, Unary::tanh, Unary::sine,
                                 Unary::error_function, Unary::square_root, Unary::fast_tanh}) {
      table.unary[static_cast<std::size_t>(function)](x.data(), y.data(), x.size());
      EXPECT_EQ(std::signbit(y[0]), function == Unary::negate) << target << " " << name(function) << " of 0";
      EXPECT_EQ(std::signbit(y[1]), function != Unary::negate && function != Unary::absolute)
          << target << " " << name(function) << " of -0";
    }
  }
}

TYPED_TEST(Elementwise, BinaryFunctionsOfSpecialNumbers) {
  using T = TypeParam;
  using L = std::numeric_limits<T>;
  const T numbers[] = {0, -T(0), 1, -1, L::infinity(), -L::infinity(), L::quiet_NaN(), L::max(), L::denorm_min()};
  std::vector<T> left, right;
  for (const T a : numbers) {
    for (const T b : numbers) left.push_back(a), right.push_back(b);
  }
  const Array<T> a(left), b(right);
  const Table<T>& scalar = tables<T>().back().table;
  for (const auto& [target, table] : tables<T>()) {
    for (const Binary function : binary_functions()) {
      SCOPED_TRACE(target + " " + name(function));
      Array<T> y(a.size()), of_scalar(a.size());
      table.binary[static_cast<std::size_t>(function)](a.data(), 1, b.data(), 1, y.data(), a.size());
      scalar.binary[static_cast<std::size_t>(function)](a.data(), 1, b.data(), 1, of_scalar.data(), a.size());
      EXPECT_TRUE(same_arrays(y, of_scalar));
      for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_LE(ulps(y[i], expected(function, a[i], b[i])), 0.5) << a[i] << " and " << b[i];
      }
    }
  }
}

// Arithmetic, comparisons and choices have the same bits on every target, for any bits of their arguments.
TYPED_TEST(Elementwise, ArithmeticHasTheBitsOfTheScalarKernels) {
  using T = TypeParam;
  constexpr std::size_t n = 1009;
  std::mt19937_64 generator(11);
  Array<T> a(n), b(n), y(n), of_scalar(n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i] = std::bit_cast<T>(static_cast<Bits<T>>(generator()));
    b[i] = i % 7 ? std::bit_cast<T>(static_cast<Bits<T>>(generator())) : a[i];
  }
  const Table<T>& scalar = tables<T>().back().table;
  for (const auto& [target, table] : tables<T>()) {
    for (const Unary function : unary_functions()) {
      if (allowed_ulps(function) > 0.5 || is_fast(function)) continue;
      table.unary[static_cast<std::size_t>(function)](a.data(), y.data(), n);
      scalar.unary[static_cast<std::size_t>(function)](a.data(), of_scalar.data(), n);
      EXPECT_TRUE(same_arrays(y, of_scalar)) << target << " " << name(function);
    }
    for (const Binary function : binary_functions()) {
      table.binary[static_cast<std::size_t>(function)](a.data(), 1, b.data(), 1, y.data(), n);
      scalar.binary[static_cast<std::size_t>(function)](a.data(), 1, b.data(), 1, of_scalar.data(), n);
      EXPECT_TRUE(same_arrays(y, of_scalar)) << target << " " << name(function);
    }
  }
}

// Runs `kernel(begin, size)` over 0 … n at random cuts.
void in_random_pieces(std::size_t n, std::mt19937_64& generator,
                      const std::function<void(std::size_t, std::size_t)>& kernel) {
  for (std::size_t begin = 0; begin < n;) {
    const std::size_t piece = std::min(n - begin, static_cast<std::size_t>(1 + generator() % 40));
    kernel(begin, piece);
    begin += piece;
  }
}

TYPED_TEST(Elementwise, CuttingAnArrayChangesNoBit) {
  using T = TypeParam;
  constexpr std::size_t n = 523;
  const Array<T> a = random_array<T>(n, 1, -9, 9), b = random_array<T>(n, 2, -3, 3);
  Array<T> whole(n), pieces(n);
  std::mt19937_64 generator(3);
  for (const auto& [target, table] : tables<T>()) {
    for (int repeat = 0; repeat < 8; ++repeat) {
      for (const Unary function : unary_functions()) {
        const auto kernel = table.unary[static_cast<std::size_t>(function)];
        kernel(a.data(), whole.data(), n);
        in_random_pieces(n, generator, [&](std::size_t begin, std::size_t size) {
          kernel(a.data() + begin, pieces.data() + begin, size);
        });
        ASSERT_TRUE(same_arrays(pieces, whole)) << target << " " << name(function);
      }
      for (const Binary function : binary_functions()) {
        const auto kernel = table.binary[static_cast<std::size_t>(function)];
        for (const std::size_t sa : {0, 1}) {
          for (const std::size_t sb : {0, 1}) {
            kernel(a.data(), sa, b.data(), sb, whole.data(), n);
            in_random_pieces(n, generator, [&](std::size_t begin, std::size_t size) {
              kernel(a.data() + sa * begin, sa, b.data() + sb * begin, sb, pieces.data() + begin, size);
            });
            ASSERT_TRUE(same_arrays(pieces, whole)) << target << " " << name(function);
          }
        }
      }
      const auto select = table.select;
      select(a.data(), 1, b.data(), 1, a.data(), 1, whole.data(), n);
      in_random_pieces(n, generator, [&](std::size_t begin, std::size_t size) {
        select(a.data() + begin, 1, b.data() + begin, 1, a.data() + begin, 1, pieces.data() + begin, size);
      });
      ASSERT_TRUE(same_arrays(pieces, whole)) << target << " select";
    }
  }
}

}  // namespace
}  // namespace elegans::kernels
