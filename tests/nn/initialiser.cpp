#include "elegans/nn/initialiser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "elegans/nn/weight.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::message_of;

// The draws 2u − 1 of a weight: what the scaled initialisers multiply.
std::vector<double> draws(const InitialValues& what) { return first_values(Uniform{-1, 1}, what); }

TEST(Initialisers, AreUniformInTheirRange) {
  const std::vector<double> values = first_values(Uniform{2, 5}, {.seed = 1, .path = "a/w", .shape = {100, 200}});
  EXPECT_GE(*std::min_element(values.begin(), values.end()), 2);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 5);
  double mean = 0;
  double square = 0;
  for (const double x : values) mean += x / 20000, square += (x - 3.5) * (x - 3.5) / 20000;
  // Deviations of the mean, 3/√12/√n, and of the variance, 9 √(1/180)/√n; five of each.
  EXPECT_NEAR(mean, 3.5, 5 * 3 / std::sqrt(12.0 * 20000));
  EXPECT_NEAR(square, 9.0 / 12, 5 * 9 * std::sqrt(1.0 / 180 / 20000));
}

TEST(Initialisers, DependOnSeedAndPathAlone) {
  const InitialValues what{.seed = 1, .path = "a/w", .shape = {3, 5}};
  EXPECT_EQ(draws(what), draws(what));
  EXPECT_NE(draws(what), draws({.seed = 2, .path = "a/w", .shape = {3, 5}}));
  EXPECT_NE(draws(what), draws({.seed = 1, .path = "b/w", .shape = {3, 5}}));
  // Number by number: a shorter weight has the first of them.
  const std::vector<double> all = draws(what);
  EXPECT_EQ(draws({.seed = 1, .path = "a/w", .shape = {7}}), std::vector<double>(all.begin(), all.begin() + 7));
}

TEST(Initialisers, StartAlikeInBothDtypes) {
  const WeightOptions options{.name = "w", .shape = {4, 4}};
  const WeightPtr wide = make_weight(options, "a/w", Dtype::f64, 3);
  const WeightPtr narrow = make_weight(options, "a/w", Dtype::f32, 3);
  for (std::size_t i = 0; i < 16; ++i)
    EXPECT_EQ(narrow->value.as<float>()[i], static_cast<float>(wide->value.as<double>()[i]));
}

TEST(Initialisers, CountFansOfDenseWeights) {
  const auto check = [](const Shape& shape, double glorot, double lecun) {
    const InitialValues what{.seed = 5, .path = "p", .shape = shape};
    const std::vector<double> u = draws(what);
    const std::vector<double> g = first_values(GlorotUniform{}, what);
    const std::vector<double> l = first_values(LecunUniform{}, what);
    for (std::size_t i = 0; i < u.size(); ++i) {
      EXPECT_NEAR(g[i], u[i] * glorot, 4 * 0x1p-52);
      EXPECT_NEAR(l[i], u[i] * lecun, 4 * 0x1p-52);
    }
  };
  check({3, 5}, std::sqrt(6.0 / 8), std::sqrt(3.0 / 3));
  check({2, 2, 3, 5}, std::sqrt(6.0 / 32), std::sqrt(3.0 / 12));  // 2·2·3 in, 2·2·5 out
  check({4}, std::sqrt(6.0 / 8), std::sqrt(3.0 / 4));
}

// Targets 0 and 1 have 3 and 1 weights; sources 0, 1, 2 have 2, 1, 1.
PatternPtr uneven() {
  const std::vector<wiring::Synapse> synapses{{0, 0, 1}, {0, 1, -1}, {1, 0, 1}, {2, 0, -1}};
  return wiring::Pattern::from_synapses(synapses, 3, 2);
}

TEST(Initialisers, CountFansOfExistingWeights) {
  const PatternPtr pattern = uneven();
  const InitialValues what{.seed = 5, .path = "p", .shape = {3, 2}, .pattern = pattern.get()};
  const std::vector<double> u = draws(what);
  ASSERT_EQ(u.size(), 4U);
  const std::vector<double> existing = first_values(GlorotUniform{}, what);
  const std::vector<double> full = first_values(GlorotUniform{.fan = Fan::full}, what);
  const std::vector<double> lecun = first_values(LecunUniform{}, what);
  const double in[] = {3, 1, 3, 3};
  const double out[] = {2, 2, 1, 1};
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(existing[k], u[k] * std::sqrt(6 / (in[k] + out[k])), 4 * 0x1p-52);
    EXPECT_NEAR(full[k], u[k] * std::sqrt(6.0 / 5), 4 * 0x1p-52);
    EXPECT_NEAR(lecun[k], u[k] * std::sqrt(3 / in[k]), 4 * 0x1p-52);
  }
}

struct Moments {
  double mean = 0, variance = 0, largest = 0;
};
Moments moments_of(const std::vector<double>& values) {
  Moments moments;
  const auto n = static_cast<double>(values.size());
  for (const double x : values) moments.mean += x / n, moments.largest = std::max(moments.largest, std::abs(x));
  for (const double x : values) moments.variance += (x - moments.mean) * (x - moments.mean) / n;
  return moments;
}

// Of n draws of variance s and kurtosis k the mean deviates by √(s/n) and the variance by s √((k − 1)/n): five of each.
void expect_moments(const Initialiser& initialiser, double mean, double variance, double kurtosis, double largest) {
  const Shape shape{200, 300};
  constexpr double n = 60000;
  const Moments moments = moments_of(first_values(initialiser, {.seed = 1, .path = "a/w", .shape = shape}));
  EXPECT_NEAR(moments.mean, mean, 5 * std::sqrt(variance / n)) << to_config(initialiser);
  EXPECT_NEAR(moments.variance, variance, 5 * variance * std::sqrt((kurtosis - 1) / n)) << to_config(initialiser);
  EXPECT_LE(moments.largest, largest) << to_config(initialiser);
  EXPECT_GT(moments.largest, 0.99 * std::min(largest, std::abs(mean) + 3.5 * std::sqrt(variance)));
}

TEST(Initialisers, HaveTheMomentsOfTheirDistributions) {
  constexpr double uniform = 1.8, normal = 3;
  // Of a standard normal number within ±2: its variance is 1 − 2·2φ(2)/(2Φ(2) − 1), its kurtosis
  // (3 − (2³ + 3·2) · 2φ(2)/(2Φ(2) − 1)) / variance².
  const double tail = 2 * std::exp(-2.0) / std::sqrt(2 * std::acos(-1.0)) / std::erf(std::sqrt(2.0));
  const double kept = 1 - 2 * tail, truncated = (3 - 14 * tail) / (kept * kept);
  EXPECT_NEAR(std::sqrt(kept), 0.87962566103423978, 4 * 0x1p-52);
  const double infinity = std::numeric_limits<double>::infinity();
  expect_moments(Normal{1, 0.5}, 1, 0.25, normal, infinity);
  expect_moments(TruncatedNormal{0, 0.5}, 0, 0.25 * kept, truncated, 1);
  const auto expect_scaled = [&](const char* name, double variance, bool is_uniform) {
    const double limit = is_uniform ? std::sqrt(3 * variance) : 2 * std::sqrt(variance / kept);
    expect_moments(name, 0, variance, is_uniform ? uniform : truncated, limit * (1 + 0x1p-50));
  };
  expect_scaled("glorot_uniform", 2.0 / 500, true);
  expect_scaled("glorot_normal", 2.0 / 500, false);
  expect_scaled("he_uniform", 2.0 / 200, true);
  expect_scaled("he_normal", 2.0 / 200, false);
  expect_scaled("lecun_uniform", 1.0 / 200, true);
  expect_scaled("lecun_normal", 1.0 / 200, false);
}

TEST(Initialisers, CountFansOfExistingWeightsForNormalNumbersToo) {
  const PatternPtr pattern = uneven();
  const InitialValues what{.seed = 5, .path = "p", .shape = {3, 2}, .pattern = pattern.get()};
  const std::vector<double> z = first_values(TruncatedNormal{0, 1}, what), he = first_values(HeNormal{}, what),
                            full = first_values(LecunNormal{Fan::full}, what);
  const double in[] = {3, 1, 3, 3};
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(he[k], z[k] * std::sqrt(2 / in[k]) / 0.87962566103423978, 8 * 0x1p-52);
    EXPECT_NEAR(full[k], z[k] * std::sqrt(1.0 / 3) / 0.87962566103423978, 8 * 0x1p-52);
  }
}

TEST(Initialisers, OrthogonalMatricesAre) {
  const auto check = [](const Shape& shape, std::size_t rows, std::size_t columns) {
    const std::vector<double> m = first_values(Orthogonal{0.5}, {.seed = 2, .path = "w", .shape = shape});
    ASSERT_EQ(m.size(), rows * columns);
    const bool wide = rows <= columns;
    const std::size_t count = wide ? rows : columns, length = wide ? columns : rows;
    const auto at = [&](std::size_t vector, std::size_t i) {
      return wide ? m[vector * columns + i] : m[i * columns + vector];
    };
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b) {
        double dot = 0;
        for (std::size_t i = 0; i < length; ++i) dot += at(a, i) * at(b, i);
        // Q'Q = gain² I; a sum of `length` products of numbers below 1, orthogonal to a few roundings each.
        EXPECT_NEAR(dot, a == b ? 0.25 : 0, 8 * static_cast<double>(length) * 0x1p-53);
      }
  };
  check({8, 8}, 8, 8);
  check({4, 12}, 4, 12);
  check({12, 5}, 12, 5);
  check({2, 3, 4}, 6, 4);
  EXPECT_EQ(message_of<ConfigError>([] { first_values(Orthogonal{}, {.path = "a/bias", .shape = {4}}); }),
            "a/bias: the shape of an orthogonal weight is [4]; expected two axes or more. Choose another initialiser.");
  // A pattern keeps the numbers of the whole matrix that stand at its weights.
  const PatternPtr pattern = uneven();
  const std::vector<double> whole = first_values(Orthogonal{}, {.seed = 2, .path = "w", .shape = {3, 2}});
  EXPECT_EQ(first_values(Orthogonal{}, {.seed = 2, .path = "w", .shape = {3, 2}, .pattern = pattern.get()}),
            (std::vector<double>{whole[0], whole[1], whole[2], whole[4]}));
}

TEST(Initialisers, AreKnownByName) {
  EXPECT_EQ(Initialiser("he_normal"), Initialiser(HeNormal{}));
  EXPECT_EQ(Initialiser(std::string("orthogonal")), Initialiser(Orthogonal{1}));
  EXPECT_EQ(Initialiser("truncated_normal"), Initialiser(TruncatedNormal{0, 0.05}));
  EXPECT_EQ(message_of<ConfigError>([] { Initialiser("glorot_unifrom"); }),
            "initialiser: name is 'glorot_unifrom'; expected a known initialiser. Did you mean 'glorot_uniform'?");
  EXPECT_THROW(Initialiser("given"), ConfigError);
  EXPECT_EQ(message_of<ConfigError>([] {
              first_values(Normal{0, -1}, {.path = "w", .shape = {2}});
            }),
            "w: mean and stddev of a normal distribution is 0 and -1; expected finite numbers, stddev >= 0.");
}

TEST(Initialisers, FillWithNumbers) {
  const InitialValues what{.path = "a/w", .shape = {2}};
  EXPECT_EQ(first_values(Zeros{}, what), (std::vector<double>{0, 0}));
  EXPECT_EQ(first_values(Ones{}, what), (std::vector<double>{1, 1}));
  EXPECT_EQ(first_values(ConstantValue{0.5}, what), (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(first_values(Given{{3, 4}}, what), (std::vector<double>{3, 4}));
  EXPECT_EQ(message_of<ConfigError>([&] {
              first_values(Given{{3, 4, 5}}, what);
            }),
            "a/w: the number of values given is 3; expected 2, one for each weight.");
  EXPECT_EQ(message_of<ConfigError>([&] {
              first_values(Uniform{1, 0}, what);
            }),
            "a/w: the range of Uniform is 1 to 0; expected two finite numbers, low <= high.");
}

TEST(Initialisers, SurviveTheirConfiguration) {
  const std::vector<Initialiser> all{Zeros{},
                                     Ones{},
                                     ConstantValue{0.1},
                                     Uniform{-1, 2.5},
                                     GlorotUniform{},
                                     LecunUniform{},
                                     GlorotUniform{Fan::full},
                                     LecunUniform{Fan::full},
                                     Given{{1, 2.5}},
                                     Normal{1, 2},
                                     TruncatedNormal{-1, 0.5},
                                     GlorotNormal{},
                                     HeUniform{},
                                     HeNormal{Fan::full},
                                     LecunNormal{},
                                     Orthogonal{2}};
  for (const Initialiser& one : all)
    EXPECT_EQ(initialiser_from(Json::parse(to_config(one).dump()), "file"), one) << to_config(one);
  EXPECT_EQ(initialiser_from(Json{{"type", "glorot_uniform"}}, "file"), Initialiser(GlorotUniform{}));
}

TEST(Initialisers, RefuseOtherConfigurations) {
  const auto refuse = [](const char* text) {
    return message_of<FormatError>([&] { initialiser_from(Json::parse(text), "m.json"); });
  };
  EXPECT_THAT(refuse(R"({"type": "glorot"})"), ::testing::HasSubstr("m.json: key 'type' is \"glorot\"; expected"));
  EXPECT_THAT(refuse(R"({"type": "zeros", "low": 1})"), ::testing::HasSubstr("m.json: key 'low' is unknown"));
  EXPECT_THAT(refuse(R"({"type": "uniform", "low": 1})"), ::testing::HasSubstr("m.json: key 'high' is missing"));
}

}  // namespace
}  // namespace elegans::nn
