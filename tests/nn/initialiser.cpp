#include "elegans/nn/initialiser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
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
  const std::vector<Initialiser> all{Zeros{},         Ones{},         ConstantValue{0.1},       Uniform{-1, 2.5},
                                     GlorotUniform{}, LecunUniform{}, GlorotUniform{Fan::full}, LecunUniform{Fan::full},
                                     Given{{1, 2.5}}};
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
