// Targets that are masked, or count more than others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/trainer.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

Sequential recurrent() {
  Sequential model({.dtype = Dtype::f64, .seed = 5});
  model.add(nn::CfC(6, {.backbone_units = 8})).add(nn::Dense(2));
  return model;
}

// Weights 0, 1 and 2.5 in turn.
void weigh(Dataset& data) {
  std::size_t i = 0;
  for (Recording& recording : data.recordings)
    for (std::size_t t = 0; t < recording.steps(); ++t) recording.weights.push_back(std::array{0.0, 1.0, 2.5}[i++ % 3]);
}

TEST(Weights, TheLossIsTheWeightedMean) {
  Dataset data = random_sequences({.lengths = {5, 3, 7}});
  weigh(data);
  Sequential model = recurrent();
  Trainer trainer(model, {.metrics = {nn::Metric::named("mae")}});
  const Evaluation found = trainer.evaluate(data);
  double squares = 0, absolute = 0, weights = 0;
  for (std::size_t s = 0; s < data.size(); ++s) {
    const auto steps = static_cast<std::int64_t>(data.steps(s));
    const Tensor dt = Tensor::from({1, steps}, data.dt(s), Dtype::f64);
    const std::vector<double> y =
        model.predict(Tensor::from({1, steps, 3}, data.features(s), Dtype::f64), {.timespans = dt}).values();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double w = data.weights(s)[i / 2], error = y[i] - data.targets(s)[i];
      squares += w * error * error / 2;
      absolute += w * std::abs(error) / 2;
      weights += i % 2 == 0 ? w : 0;
    }
  }
  EXPECT_NEAR(found.loss, squares / weights, 1e-13);
  EXPECT_NEAR(found.metric("mean_absolute_error"), absolute / weights, 1e-13);
}

// What is masked may hold anything: loss and gradients stay, bit by bit.
TEST(Weights, WhatIsMaskedDoesNotMatter) {
  Dataset data = random_sequences({.lengths = {5, 3, 7}});
  weigh(data);
  Dataset other = data;
  for (Recording& recording : other.recordings)
    for (std::size_t i = 0; i < recording.targets.size(); ++i)
      if (recording.weights[i / 2] == 0) recording.targets[i] = 1e6;
  std::vector<double> losses;
  std::vector<std::vector<double>> gradients;
  for (const Dataset* one : {&data, &other}) {
    Sequential model = recurrent();
    Trainer trainer(model, {.optimizer = SGD{}});
    std::vector<std::size_t> all(one->size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    losses.push_back(trainer.gradients({*one, all}));
    const auto numbers = trainer.gradient("cfc/cell/ff1_kernel").as<double>();
    gradients.emplace_back(numbers.begin(), numbers.end());
  }
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(gradients[0], gradients[1]);
}

TEST(Weights, OneOfEachIsTheSameAsNone) {
  const Dataset data = random_sequences({.lengths = {5, 3, 7}, .classes = true});
  Dataset ones = data;
  for (Recording& recording : ones.recordings) recording.weights.assign(recording.steps(), 1);
  Sequential model = recurrent();
  Trainer trainer(model);
  EXPECT_EQ(trainer.evaluate(data).loss, trainer.evaluate(ones).loss);
  EXPECT_EQ(trainer.evaluate(data).metric("accuracy"), trainer.evaluate(ones).metric("accuracy"));
}

TEST(Weights, ABatchOfMaskedTargetsChangesNothing) {
  Dataset data = random_sequences({.lengths = {5, 3}});
  data.recordings[0].weights.assign(5, 0);
  Sequential model = recurrent();
  Trainer trainer(model, {.optimizer = SGD{}, .batch_size = 1});
  const std::array<std::size_t, 1> masked{0};
  EXPECT_EQ(trainer.gradients({data, masked}), 0);
  for (const nn::WeightPtr& weight : model.weights())
    for (const double g : trainer.gradient(weight->path).as<double>()) EXPECT_EQ(g, 0) << weight->path;
}

TEST(Weights, GoWithTheirSteps) {
  Dataset data = random_sequences({.lengths = {10}});
  weigh(data);
  const Parts parts = split_by_time(data, {.fractions = {.validation = 0.2, .test = 0.3}});
  EXPECT_EQ(parts.test.weights(0)[0], data.weights(0)[7]);
  EXPECT_EQ(parts.test.weights(0).size(), 3u);
}

TEST(WeightsErrors, SayWhatIsWrong) {
  Dataset data = random_sequences({.lengths = {5, 3}});
  const auto message = [&] { return message_of<FormatError>([&] { validate(data); }); };
  data.recordings[1].weights = {1, -2, 1};
  EXPECT_EQ(message(),
            "validate: recording 'r1', step 1: the weight of the target is -2; expected a finite number, 0 or "
            "more. 0 leaves a target out.");
  data.recordings[1].weights = {1, 1};
  EXPECT_EQ(message(), "validate: weights of recording 'r1' is 2 values long; expected 3 (one a row of targets).");
  for (Recording& recording : data.recordings) recording.weights.assign(recording.steps(), 0);
  Sequential model = recurrent();
  Trainer trainer(model);
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.fit(data); }),
              HasSubstr("fit: the weight of every target is 0; expected one or more above 0."));
}

}  // namespace
}  // namespace elegans::train
