// Sporadic features: three inputs each, the same in a stream as in a batch.

#include "elegans/model/sporadic.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "elegans/model/load.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "support/message_of.hpp"

namespace elegans::model {
namespace {

using elegans::testing::message_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Preprocessing two_features() {
  return {.features = {"x", "y"},
          .targets = {"z"},
          .classes = {},
          .inputs = {{1, 10}, {2, 5}},
          .outputs = {},
          .time_unit = 0.5,
          .columns = {.missing = Missing::as_inputs, .sporadic = {"y"}}};
}

Sequential network(Dtype dtype) {
  Sequential made({.name = "sporadic", .dtype = dtype, .seed = 3});
  made.add(nn::CfC(6)).add(nn::Dense(1));
  made.build(4);
  return made;
}

TEST(Sporadic, NamesItsInputs) {
  EXPECT_THAT(input_names(two_features()), ElementsAre("x", "y", "y seen", "y elapsed"));
  EXPECT_THAT(sporadic_features(two_features()), ElementsAre(1U));
  EXPECT_THAT(input_names(Preprocessing{}), IsEmpty());
}

TEST(Sporadic, AnObservationBecomesInputs) {
  const Preprocessing p = two_features();
  const std::vector<std::size_t> sporadic = sporadic_features(p);
  std::vector<double> memory(2), inputs(4);
  const auto step = [&](double x, double y, double tau) {
    observe(p.inputs, std::span(sporadic), std::span<const double>(std::array{x, y}), tau, std::span(memory),
            std::span(inputs));
    return inputs;
  };
  EXPECT_THAT(step(3, missing, 0.5), ElementsAre(1, 0, 0, 0.5)) << "the mean before the first, and since the beginning";
  EXPECT_THAT(step(1, missing, 0.25), ElementsAre(0, 0, 0, 0.75));
  EXPECT_THAT(step(1, 20, 1), ElementsAre(0, 2, 1, 0));
  EXPECT_THAT(step(-1, missing, 2), ElementsAre(-1, 2, 0, 2)) << "the last value";
  EXPECT_THAT(step(1, missing, 0), ElementsAre(0, 2, 0, 2));
  EXPECT_THAT(step(1, 5, 1), ElementsAre(0, -1, 1, 0));
}

template <class T>
class SporadicPolicy : public ::testing::Test {};
using Numbers = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SporadicPolicy, Numbers);

TYPED_TEST(SporadicPolicy, StepsEqualTheSequenceWhoseInputsAreWrittenOut) {
  using T = TypeParam;
  Sequential model = network(dtype_of<T>);
  const std::vector<double> y{missing, 12, missing, missing, 8.5, missing};
  const std::vector<double> seconds{0.3, 0.1, 0.7, 0, 0.25, 0.9};
  // By the definition, in a loop of its own.
  Tensor inputs(Shape{1, 6, 4}, dtype_of<T>), timespans(Shape{1, 6}, dtype_of<T>);
  double value = 0;
  float elapsed = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    const bool seen = y[t] == y[t];
    value = seen ? (y[t] - 10) / 5 : value;
    elapsed = seen ? 0 : static_cast<float>(elapsed + seconds[t] / 0.5);
    const std::array<double, 4> row{(static_cast<double>(t) - 1) / 2, value, seen ? 1.0 : 0.0, elapsed};
    for (std::size_t i = 0; i < 4; ++i) inputs.as<T>()[4 * t + i] = static_cast<T>(row[i]);
    timespans.as<T>()[t] = static_cast<T>(seconds[t] / 0.5);
  }
  Policy policy(model, two_features());
  EXPECT_EQ(policy.observation_size(), 2U);
  ASSERT_EQ(policy.states().back().path, "sporadic/elapsed");
  std::vector<double> stepped(6), snapshot(policy.state_size());
  std::vector<float> small(policy.state_size());
  for (std::size_t t = 0; t < y.size(); ++t) {
    const std::array<double, 2> row{static_cast<double>(t), y[t]};
    // A snapshot holds everything: another stream goes on from it, in doubles or in floats.
    Policy other(model, two_features());
    ASSERT_TRUE(policy.get_state(std::span<double>(snapshot)).ok());
    ASSERT_TRUE(other.set_state(std::span<const double>(snapshot)).ok());
    if (dtype_of<T> == Dtype::f32) {
      ASSERT_TRUE(policy.get_state(std::span<float>(small)).ok());
      ASSERT_TRUE(other.set_state(std::span<const float>(small)).ok());
    }
    Policy clone = policy.clone();
    std::array<double, 1> a{}, b{}, c{};
    ASSERT_TRUE(policy.step(std::span<const double>(row), seconds[t], std::span<double>(a)).ok());
    ASSERT_TRUE(other.step(std::span<const double>(row), seconds[t], std::span<double>(b)).ok());
    ASSERT_TRUE(clone.step(std::span<const double>(row), seconds[t], std::span<double>(c)).ok());
    EXPECT_EQ(a, b);
    EXPECT_EQ(a, c);
    stepped[t] = a[0];
  }
  // The last step's answer: the whole sequence through the network at once.
  const std::vector<double> whole = model.predict(inputs, {.timespans = timespans}).values();
  ASSERT_EQ(whole.size(), stepped.size());
  for (std::size_t t = 0; t < whole.size(); ++t) EXPECT_EQ(whole[t], stepped[t]) << "step " << t;
  policy.reset();
  std::array<double, 1> again{};
  ASSERT_TRUE(policy.step(std::array<double, 2>{0, missing}, 0.3, std::span<double>(again)).ok());
  EXPECT_EQ(again[0], stepped[0]);
}

TEST(Sporadic, ARefusedStepLeavesNoTrace) {
  Sequential model = network(Dtype::f32);
  Policy policy(model, two_features());
  std::array<double, 1> action{7};
  ASSERT_TRUE(policy.step(std::array<double, 2>{1, 12}, 0.1, std::span<double>(action)).ok());
  std::vector<double> before(policy.state_size()), after(policy.state_size());
  policy.get_state(std::span<double>(before));
  const auto refuse = [&](double x, double y, double dt) {
    const Status status = policy.step(std::array<double, 2>{x, y}, dt, std::span<double>(action));
    policy.get_state(std::span<double>(after));
    EXPECT_EQ(before, after);
    return policy.describe(status);
  };
  EXPECT_EQ(refuse(missing, 1, 0.1), "observation 0 ('x') is NaN, infinite or too large for f32");
  EXPECT_EQ(refuse(1, std::numeric_limits<double>::infinity(), 0.1),
            "observation 1 ('y') is NaN, infinite or too large for f32");
  EXPECT_EQ(refuse(1, missing, 1e300), "observation 3 ('y elapsed') is NaN, infinite or too large for f32");
  EXPECT_EQ(refuse(missing, missing, 0.1), "observation 0 ('x') is NaN, infinite or too large for f32");
}

TEST(Sporadic, ASavedModelKeepsIt) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    Sequential model = network(dtype);
    const LoadedModel loaded = parse_model(to_model_file(model, two_features()), "m.safetensors");
    EXPECT_EQ(loaded.preprocessing, two_features());
  }
}

TEST(Sporadic, AModelThatAnswersWholeSequencesKeepsItToo) {
  Sequential model({.name = "whole", .seed = 3});
  model.add(nn::CfC(4, {.return_sequences = false})).add(nn::Dense(1));
  model.build(4);
  EXPECT_EQ(parse_model(to_model_file(model, two_features()), "m").preprocessing, two_features());
}

TEST(SporadicErrors, WhatDoesNotFit) {
  const auto refused = [](const auto& change) {
    Preprocessing p = two_features();
    change(p);
    return message_of<ConfigError>([&] { validate(p, 4, 1, "test"); });
  };
  EXPECT_EQ(refused([](Preprocessing& p) { p.columns.sporadic = {"yy"}; }),
            "test: the sporadic feature 'yy' is unknown; expected one of the features. Did you mean 'y'?");
  EXPECT_EQ(refused([](Preprocessing& p) { p.columns.missing = Missing::error; }),
            "test: columns.sporadic is given; expected none, unless missing values are inputs. Set .missing = "
            "Missing::as_inputs.");
  EXPECT_EQ(
      refused([](Preprocessing& p) {
        p.columns.sporadic = {"y", "y"};
      }),
      "test: the name 'y' among sporadic features is given twice; expected each name once. Rename one of the two.");
  EXPECT_EQ(refused([](Preprocessing& p) {
              p.columns.sporadic = {"x", "y"};
            }),
            "test: the number of sporadic features is 2; expected at most a third of the network's 4 inputs, for each "
            "is three of them.");
  EXPECT_EQ(refused([](Preprocessing& p) { p.columns.sporadic = {}; }),
            "test: the number of features is 2; expected 4, one for each input of the network.");
}

TEST(SporadicErrors, Configurations) {
  const auto refused = [](nlohmann::json config, std::int64_t version) {
    return message_of<FormatError>([&] { preprocessing_from_config(config, "m.safetensors", version); });
  };
  nlohmann::json config = to_config(two_features());
  EXPECT_EQ(preprocessing_from_config(config, "m").columns, two_features().columns);
  EXPECT_THAT(refused(config, 2), ::testing::HasSubstr("key 'sporadic' is unknown"));
  config.erase("sporadic");
  EXPECT_THAT(refused(config, 2), ::testing::HasSubstr("key 'missing' is \"as_inputs\"; expected a known name"));
  EXPECT_EQ(refused(config, 3), "m.safetensors: key 'sporadic' is missing; expected a list of texts in double quotes.");
  config["missing"] = "drop";
  config["sporadic"] = {"y"};
  EXPECT_EQ(refused(config, 3),
            "m.safetensors: key 'sporadic' is a list of 1; expected no such key unless 'missing' is \"as_inputs\".");
}

}  // namespace
}  // namespace elegans::model
