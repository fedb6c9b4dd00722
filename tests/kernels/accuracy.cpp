// Errors of the transcendental functions over all numbers of a type, against the C++ library in more precision.

#include <cmath>

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

template <class Wide>
Wide accurate(Unary function, Wide x) {
  switch (function) {
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
      return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
    case Unary::error_function:
      return std::erf(x);
    default:
      ADD_FAILURE();
      return 0;
  }
}

const Unary transcendental[] = {Unary::exponential, Unary::logarithm, Unary::tanh,
                                Unary::sigmoid,     Unary::softplus,  Unary::error_function};

// The bounds that functions stay within, however they are rounded.
template <class T>
bool in_range(Unary function, T x, T y) {
  if (std::isnan(x) || std::isnan(y)) return true;
  switch (function) {
    case Unary::exponential:
      return y >= 0;
    case Unary::tanh:
    case Unary::fast_tanh:
    case Unary::error_function:
      return std::fabs(y) <= 1 && std::signbit(y) == std::signbit(x);
    case Unary::sigmoid:
    case Unary::fast_sigmoid:
      return y >= 0 && y <= 1;
    case Unary::softplus:
      return y >= 0 && y >= x;
    default:
      return true;
  }
}

template <class T, class Wide>
void expect_accurate(const Array<T>& x) {
  Array<T> y(x.size());
  for (const Unary function : transcendental) {
    std::vector<Wide> truth;
    for (const T value : x) truth.push_back(accurate<Wide>(function, value));
    for (const auto& [target, table] : tables<T>()) {
      table.unary[static_cast<std::size_t>(function)](x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_LE(ulps(y[i], truth[i]), 4) << target << " " << name(function) << " of " << x[i] << " is " << y[i];
        ASSERT_TRUE(in_range(function, x[i], y[i]))
            << target << " " << name(function) << " of " << x[i] << " is " << y[i];
      }
    }
  }
}

// Every 65 537th bit pattern of 2^32: all exponents, both signs, subnormal numbers, infinities and NaN among them.
TEST(Accuracy, OfFloatIsFourUnitsOverTheWholeRange) {
  Array<float> x(65537);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i * 65537));
  expect_accurate<float, double>(x);
}

// Where functions bend: every float would take minutes, so the numbers are drawn.
TEST(Accuracy, OfFloatIsFourUnitsWhereItMatters) {
  std::mt19937_64 generator(5);
  Array<float> x(200000);
  const float widths[] = {0.01F, 0.3F, 1, 2, 4, 10, 20, 110};
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = std::uniform_real_distribution<float>(-1, 1)(generator) * widths[i % 8];
  }
  expect_accurate<float, double>(x);
}

// Where all floats of a range were searched, the errors of the targets were largest at these and their neighbours.
TEST(Accuracy, OfFloatIsFourUnitsAtTheWorstNumbersFound) {
  const float worst[] = {-0x1.b81928p+1F, -0x1.b82de2p+1F, -0x1.5bf6f2p+1F, -0x1.b7fa08p+1F,
                         -0x1.f7705cp-8F, -0x1.f8819p-5F,  -0x1.e8bef8p-5F, 0x1.ab786cp+4F};
  Array<float> x(std::size(worst) * 2001);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(worst[i / 2001]);
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(bits + i % 2001 - 1000));
  }
  expect_accurate<float, double>(x);
}

TEST(Accuracy, OfDoubleIsFourUnits) {
  std::mt19937_64 generator(6);
  Array<double> x(100000);
  const double widths[] = {1e-8, 0.01, 0.7, 1, 4, 20, 40, 750};
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = i % 3 ? std::uniform_real_distribution<double>(-1, 1)(generator) * widths[i % 8]
                 : std::bit_cast<double>(generator());
  }
  expect_accurate<double, long double>(x);
}

// Evenly where they bend, and every 65 537th bit pattern.
TEST(Accuracy, OfFastFunctionsIsWhatTheyPromise) {
  Array<float> x(600000 + 65537);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = i < 600000 ? (static_cast<float>(i) - 300000) * 5e-5F
                      : std::bit_cast<float>(static_cast<std::uint32_t>((i - 600000) * 65537));
  Array<float> y(x.size());
  for (const auto& [target, table] : tables<float>())
    for (const auto& [function, bound] : {std::pair{Unary::fast_tanh, 0x1p-15}, {Unary::fast_sigmoid, 0x1p-16}}) {
      SCOPED_TRACE(target + " " + name(function));
      table.unary[static_cast<std::size_t>(function)](x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(x[i])) {
          ASSERT_TRUE(std::isnan(y[i]));
          continue;
        }
        ASSERT_LE(std::fabs(y[i] - accurate<double>(function, x[i])), bound) << x[i] << " gives " << y[i];
        ASSERT_TRUE(in_range(function, x[i], y[i])) << x[i] << " gives " << y[i];
      }
    }
}

}  // namespace
}  // namespace elegans::kernels
