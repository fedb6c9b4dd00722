// Training as a whole: what it converges to and what it reports.

#include "elegans/train/trainer.hpp"
#include "elegans/train/progress_bar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data.hpp"
#include "dense_model.hpp"
#include "elegans/model/machine_kind.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

// The solution of the normal equations A'A w = A'y by Gaussian elimination, for a design [x, 1].
std::vector<double> least_squares(const Dataset& data) {
  constexpr std::size_t n = 4;
  double a[n][n + 1] = {};
  for (std::size_t s = 0; s < data.size(); ++s) {
    const auto x = data.features(s);
    const double row[n] = {x[0], x[1], x[2], 1};
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) a[i][k] += row[i] * row[k];
      a[i][n] += row[i] * data.targets(s)[0];
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = a[k][i] / a[i][i];
      for (std::size_t c = 0; c <= n; ++c) a[k][c] -= factor * a[i][c];
    }
  std::vector<double> solution;
  for (std::size_t i = 0; i < n; ++i) solution.push_back(a[i][n] / a[i][i]);
  return solution;
}

TEST(Fit, LinearRegressionFindsTheLeastSquares) {
  const Dataset data = random_sequences({.lengths = std::vector<std::size_t>(60, 1), .targets = 1});
  for (const Optimizer& optimizer :
       {Optimizer(SGD{.learning_rate = 0.3, .momentum = 0.8}), Optimizer(Adam{.learning_rate = 0.02})}) {
    Sequential model = dense(1, Dtype::f64);
    Trainer trainer(model, {.optimizer = optimizer, .batch_size = 60, .epochs = 1500});
    const History history = trainer.fit(data);
    EXPECT_EQ(history.epochs.size(), 1500U);
    std::vector<double> found = model.weights()[0]->value.values();
    found.push_back(model.weights()[1]->value.values()[0]);
    const std::vector<double> expected = least_squares(data);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[i], expected[i], 1e-9) << optimizer.name;
  }
}

// A class is a half-plane: a linear classifier gets all of them right.
TEST(Fit, ClassificationSeparatesWhatCanBeSeparated) {
  Dataset data = random_sequences({.lengths = std::vector<std::size_t>(50, 3), .classes = true});
  for (Recording& recording : data.recordings)
    for (std::size_t t = 0; t < 3; ++t) recording.labels[t] = recording.features[3 * t] > recording.features[3 * t + 1];
  Sequential model = dense(2);
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 0.1}, .epochs = 300});
  const Evaluation before = trainer.evaluate(data);
  trainer.fit(data);
  const Evaluation after = trainer.evaluate(data);
  EXPECT_LT(before.metric("accuracy"), 0.9);
  EXPECT_GE(after.metric("accuracy"), 0.98);
  EXPECT_LT(after.loss, 0.2 * before.loss);
}

TEST(Evaluate, IsWhatPredictionsSay) {
  const Dataset data =
      random_sequences({.lengths = nineteen_lengths(50), .classes = true, .target_at = TargetAt::last_step});
  Sequential model({.dtype = Dtype::f64, .seed = 5});
  model.add(nn::CfC(wiring::AutoNCP({.units = 12, .output_size = 2}), {.return_sequences = false}));
  Trainer trainer(model, {.batch_size = 20});
  const Evaluation found = trainer.evaluate(data);
  double right = 0, loss = 0;
  for (std::size_t s = 0; s < data.size(); ++s) {
    const auto steps = static_cast<std::int64_t>(data.steps(s));
    const Tensor dt = Tensor::from({1, steps}, data.dt(s), Dtype::f64);
    const std::vector<double> y =
        model.predict(Tensor::from({1, steps, 3}, data.features(s), Dtype::f64), {.timespans = dt}).values();
    const std::int32_t label = data.labels(s)[0];
    right += (y[1] > y[0] ? 1 : 0) == label;
    loss += std::log(std::exp(y[0]) + std::exp(y[1])) - y[static_cast<std::size_t>(label)];
  }
  EXPECT_DOUBLE_EQ(found.metric("accuracy"), right / 50);
  EXPECT_NEAR(found.loss, loss / 50, 1e-13);
}

TEST(Evaluate, FiguresAreInTheUnitsOfTheData) {
  const Dataset data = random_sequences({.lengths = {5, 3, 7}, .targets = 1});
  const auto figures = [&](const model::Scaling& scaling) {
    Sequential model = dense(1, Dtype::f64);
    Trainer trainer(model,
                    {.metrics = {nn::Metric::named("rmse"), nn::Metric::named("mae")}, .target_scaling = scaling});
    return trainer.evaluate(data);
  };
  const Evaluation plain = figures({}), scaled = figures({.mean = {100}, .std = {8}});
  EXPECT_EQ(scaled.loss, plain.loss);
  EXPECT_NEAR(scaled.metric("root_mean_squared_error"), 8 * plain.metric("root_mean_squared_error"), 1e-12);
  EXPECT_NEAR(scaled.metric("mean_absolute_error"), 8 * plain.metric("mean_absolute_error"), 1e-12);
  EXPECT_THAT(message_of<ConfigError>([&] { plain.metric("accuracy"); }), HasSubstr("expected one that was computed"));
}

// 1e9 + sin t: the floats beside 1e9 are 64 apart, so that every error of less would be none.
TEST(Evaluate, FiguresBesideALargeMeanKeepTheirDigits) {
  constexpr double mean = 1e9, std = 0.7;
  constexpr std::size_t steps = 40;
  Dataset data = random_sequences({.lengths = {steps}, .targets = 1});
  double errors = 0, absolute = 0, sines = 0, squares = 0;
  for (std::size_t t = 0; t < steps; ++t) {
    const double sine = std::sin(static_cast<double>(t));
    data.recordings[0].targets[t] = sine / std;  // standardised
    const double error = sine - std * 0.5 * data.recordings[0].features[3 * t];
    errors += error * error;
    absolute += std::abs(error);
    sines += sine;
    squares += sine * sine;
  }
  Sequential model = dense(1);
  model.build(3);
  const auto kernel = model.weights()[0]->value.as<float>();
  kernel[0] = 0.5F, kernel[1] = kernel[2] = 0;
  Trainer trainer(model, {.metrics = {nn::Metric::named("rmse"), nn::Metric::named("mae"), nn::Metric::r2()},
                          .target_scaling = {.mean = {mean}, .std = {std}}});
  const Evaluation found = trainer.evaluate(data);
  // The numbers of the model are floats of about 1, and a double beside 1e9 has steps of 1.2e-7.
  EXPECT_NEAR(found.metric("root_mean_squared_error"), std::sqrt(errors / steps), 1e-6);
  EXPECT_NEAR(found.metric("mean_absolute_error"), absolute / steps, 1e-6);
  EXPECT_NEAR(found.metric("r2"), 1 - errors / (squares - sines * sines / steps), 1e-5);
}

// Losses and figures of classes

Dataset two_classes(std::size_t count) {
  Dataset data = random_sequences({.lengths = nineteen_lengths(count), .classes = true});
  for (Recording& recording : data.recordings)
    for (std::size_t t = 0; t < recording.steps(); ++t) recording.labels[t] = recording.features[3 * t] > 0.5;
  return data;
}

TEST(ClassWeights, AreThoseOfEveryTarget) {
  const Dataset plain = two_classes(40);
  Dataset weighted = plain;
  for (Recording& recording : weighted.recordings)
    for (const std::int32_t label : recording.labels) recording.weights.push_back(label == 1 ? 3 : 0.5);
  const auto gradient_of = [](const Dataset& data, const nn::Loss& loss) {
    Sequential model = dense(2, Dtype::f64);
    Trainer trainer(model, {.loss = loss, .batch_size = 40});
    const double value = trainer.gradients({data, all_of(data)});
    EXPECT_NEAR(trainer.evaluate(data).loss, value, 1e-14);
    const auto kernel = trainer.gradient("dense/kernel").as<double>();
    std::vector<double> found(kernel.begin(), kernel.end());
    found.push_back(value);
    return found;
  };
  const std::vector<double> expected = gradient_of(weighted, {});
  for (const nn::Loss& loss :
       {nn::Loss{.class_weight = {0.5, 3}}, nn::sparse_categorical_crossentropy({.class_weight = {0.5, 3}}),
        nn::categorical_crossentropy({.class_weight = {0.5, 3}})}) {
    const std::vector<double> found = gradient_of(plain, loss);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-14) << loss.name;
  }
}

TEST(Fit, ASumIsNotDividedAndReportedAsMean) {
  const Dataset data = random_sequences({.lengths = {2, 5, 3}});
  const auto make = [&](nn::Reduction reduction) {
    Sequential model = dense(2, Dtype::f64);
    Trainer trainer(model, {.loss = {.reduction = reduction}, .optimizer = SGD{.learning_rate = 0}, .epochs = 1});
    std::vector<double> figures{trainer.gradients({data, all_of(data)}),
                                trainer.gradient("dense/bias").as<double>()[0]};
    figures.push_back(trainer.evaluate(data).loss);
    figures.push_back(trainer.fit(data).epochs[0].loss);
    return figures;
  };
  const std::vector<double> mean = make(nn::Reduction::mean), sum = make(nn::Reduction::sum);
  EXPECT_NEAR(sum[0], 10 * mean[0], 1e-13);
  EXPECT_NEAR(sum[1], 10 * mean[1], 1e-13);
  EXPECT_NEAR(sum[2], mean[2], 1e-15);
  EXPECT_NEAR(sum[3], mean[3], 1e-14);
}

// One score for two classes is the difference of two scores: the same loss, gradients and figures.
TEST(Fit, OneOutputLearnsTwoClasses) {
  const Dataset data = two_classes(30);
  Sequential one = dense(1, Dtype::f64), two = dense(2, Dtype::f64);
  one.build(3);
  two.build(3);
  const auto kernel = two.weights()[0]->value.as<double>();
  for (std::size_t i = 0; i < 3; ++i) one.weights()[0]->value.as<double>()[i] = kernel[2 * i + 1] - kernel[2 * i];
  const std::vector<nn::Metric> metrics{nn::Metric::accuracy(), nn::Metric::f1(), nn::Metric::roc_auc()};
  Trainer of_one(one, {.metrics = metrics}), of_two(two, {.metrics = metrics});
  const Evaluation a = of_one.evaluate(data), b = of_two.evaluate(data);
  EXPECT_NEAR(a.loss, b.loss, 1e-14);
  for (const char* name : {"accuracy", "f1", "roc_auc"}) EXPECT_NEAR(a.metric(name), b.metric(name), 1e-12) << name;
  EXPECT_EQ(a.confusion->at(1, 0), b.confusion->at(1, 0));
  EXPECT_GT(b.confusion->total(), 0);
  of_one.gradients({data, std::vector<std::size_t>{0, 1, 2}});
  of_two.gradients({data, std::vector<std::size_t>{0, 1, 2}});
  EXPECT_NEAR(of_one.gradient("dense/bias").as<double>()[0], of_two.gradient("dense/bias").as<double>()[1], 1e-14);

  const Dataset three = random_sequences({.lengths = {4}, .targets = 3, .classes = true});
  Sequential narrow = dense(1);
  Trainer of_three(narrow);
  EXPECT_THAT(message_of<ShapeError>([&] { of_three.fit(three); }),
              HasSubstr("expected 3 numbers, for the data have so many classes"));
  EXPECT_THAT(message_of<ConfigError>([&] {
                Sequential model = dense(3);
                Trainer(model, {.metrics = {nn::Metric::f1()}}).evaluate(three);
              }),
              HasSubstr("f1: the number of classes is 3; expected 2."));
}

TEST(Evaluate, CountsWhatIsTakenForWhat) {
  const Dataset data = two_classes(20);
  Sequential model = dense(2);
  Trainer trainer(model, {.epochs = 60});
  trainer.fit(data);
  const Evaluation found = trainer.evaluate(data);
  ASSERT_TRUE(found.confusion);
  EXPECT_DOUBLE_EQ(found.confusion->accuracy(), found.metric("accuracy"));
  double steps = 0;
  for (std::size_t s = 0; s < data.size(); ++s) steps += static_cast<double>(data.steps(s));
  EXPECT_EQ(found.confusion->total(), steps);
  Sequential of_numbers = dense(2);
  EXPECT_FALSE(Trainer(of_numbers).evaluate(random_sequences({.lengths = {3}})).confusion);
}

// Losses of several numbers a target: metrics judge the one that is the answer.
TEST(Fit, LearnsAVarianceBesideTheMean) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(20), .targets = 2});
  Sequential model = dense(4, Dtype::f64);
  model.build(3);
  for (double& w : model.weights()[0]->value.as<double>()) w = 0;
  const auto bias = model.weights()[1]->value.as<double>();
  for (const auto& [i, b] : {std::pair{0, 0.5}, {1, -0.25}, {2, 3.0}, {3, 4.0}}) bias[static_cast<std::size_t>(i)] = b;
  Trainer trainer(model, {.loss = nn::gaussian_negative_log_likelihood(),
                          .metrics = {nn::Metric::mean_absolute_error()},
                          .target_scaling = {.mean = {0, 0}, .std = {10, 10}}});
  double error = 0, steps = 0;
  for (std::size_t s = 0; s < data.size(); ++s)
    for (std::size_t t = 0; t < data.steps(s); ++t, ++steps)
      error += 10 * (std::abs(0.5 - data.targets(s)[2 * t]) + std::abs(-0.25 - data.targets(s)[2 * t + 1])) / 2;
  EXPECT_NEAR(trainer.evaluate(data).metric("mean_absolute_error"), error / steps, 1e-12);
  Trainer fitted(model, {.loss = nn::gaussian_negative_log_likelihood(),
                         .optimizer = Adam{.learning_rate = 0.05},
                         .batch_size = 20,
                         .epochs = 400});
  fitted.fit(data);
  // Uniform numbers in [−1, 1): variance 1/3, a little less is explained.
  const auto learnt = model.weights()[1]->value.as<double>();
  for (const std::size_t i : {2, 3}) EXPECT_NEAR(std::exp(learnt[i]), 1 / 3.0, 0.06);
  Sequential narrow = dense(2);
  Trainer refused(narrow, {.loss = nn::quantile({.quantiles = {0.1, 0.5, 0.9}})});
  EXPECT_THAT(
      message_of<ShapeError>([&] { refused.fit(data); }),
      HasSubstr("expected 6 numbers, 3 for each of 2 targets, as the loss quantile takes them. Change the last"));
}

TEST(Fit, LearnsQuantiles) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(60), .targets = 1});
  Sequential model = dense(3, Dtype::f64);
  Trainer trainer(model, {.loss = nn::quantile({.quantiles = {0.1, 0.5, 0.9}}),
                          .optimizer = Adam{.learning_rate = 0.02},
                          .batch_size = 60,
                          .epochs = 400});
  trainer.fit(data);
  // Uniform in [−1, 1), and independent of the features: −0.8, 0 and 0.8, within what 600 numbers say.
  const auto bias = model.weights()[1]->value.as<double>();
  for (const auto& [i, q] : {std::pair{0, -0.8}, {1, 0.0}, {2, 0.8}})
    EXPECT_NEAR(bias[static_cast<std::size_t>(i)], q, 0.12);
}

TEST(Fit, ReportsWhatItDid) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)}),
                held_back = random_sequences({.lengths = {3, 4}});
  Sequential model = dense(2);
  Trainer trainer(model, {.epochs = 3, .seed = 9});
  const History history = trainer.fit(data, held_back);
  EXPECT_EQ(history.seed, 9U);
  EXPECT_EQ(history.machine_kind, model::machine_kind());
  EXPECT_EQ(history.ending, Ending::all_epochs);
  ASSERT_EQ(history.epochs.size(), 3U);
  EXPECT_EQ(history.epochs.back().epoch, 3U);
  EXPECT_EQ(history.epochs.back().step, 6U);
  EXPECT_EQ(history.epochs.back().learning_rate, 1e-3);
  EXPECT_EQ(history.epochs.back().validation->loss, trainer.evaluate(held_back).loss);
  EXPECT_EQ(trainer.fit(data).epochs.front().epoch, 4U) << "a second fit goes on";
  EXPECT_EQ(trainer.step(), 12U);
  EXPECT_EQ(trainer.parameters(), 8U);
}

// An epoch has three batches: more than these cannot be together, however many are asked for.
TEST(Fit, AccumulatesAtMostAnEpoch) {
  const Dataset data = random_sequences({.lengths = {4, 6, 5, 3, 2, 7}});
  const auto trained = [&](std::size_t together) {
    Sequential model = dense(2);
    Trainer trainer(model, {.batch_size = 2, .epochs = 2, .gradient_accumulation_steps = together});
    trainer.fit(data);
    EXPECT_EQ(trainer.step(), 2U);
    return model.weights()[0]->value.values();
  };
  const std::vector<double> expected = trained(3);
  EXPECT_EQ(trained(1'000'000'000'000'000'000), expected);
  EXPECT_EQ(trained(std::numeric_limits<std::size_t>::max()), expected);
}

TEST(Fit, TheLossOfAnEpochIsTheMeanOverItsSteps) {
  const Dataset data = random_sequences({.lengths = {2, 20, 3, 11}});
  Sequential model = dense(2, Dtype::f64);
  // A rate of 0 keeps the weights: the epoch's mean is then what evaluate() says, however batches are cut.
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0}, .batch_size = 3, .epochs = 1});
  EXPECT_NEAR(trainer.fit(data).epochs[0].loss, trainer.evaluate(data).loss, 1e-15);
}

TEST(Trainer, WeightsThatAreNotTrainableStay) {
  class Scale final : public nn::Layer {
   public:
    std::string type() const override { return "Scale"; }
    nn::Json config() const override { return nn::Json::object(); }
    Shape compute_output_shape(const Shape& input) const override { return input; }

   protected:
    void on_build(const Shape& input) override {
      scale_ = add_weight(
          {.name = "scale", .shape = {input.back()}, .initialiser = nn::ConstantValue{2}, .trainable = false});
    }
    nn::Value call(nn::Context& context, nn::Value x) override { return x * context.weight(scale_); }
    nn::WeightPtr scale_;
  };
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model;
  model.add(std::make_shared<Scale>());
  model.add(nn::Dense(2));
  Trainer trainer(model, {.epochs = 2});
  trainer.fit(data);
  EXPECT_EQ(model.weights()[0]->value.values(), std::vector<double>(3, 2.0));
  EXPECT_EQ(trainer.parameters(), 8U);

  Sequential nothing;
  nothing.add(std::make_shared<Scale>());
  nothing.build(3);
  Trainer idle(nothing);
  const Dataset three = random_sequences({.lengths = {4}, .targets = 3});
  EXPECT_EQ(message_of<ConfigError>([&] { idle.fit(three); }),
            "Trainer: the model is without trainable weights; expected one or more.");
}

// What it refuses
// Rows of like lengths share a shard, whatever their order in the batch: the same sums in the same order.
TEST(Trainer, TheOrderInABatchOfUnevenLengthsChangesNoBit) {
  std::vector<std::size_t> lengths(24), up(24);
  for (std::size_t i = 0; i < 24; ++i) lengths[i] = 1 + i, up[i] = i;
  const std::vector<std::size_t> down(up.rbegin(), up.rend());
  const Dataset data = random_sequences({.lengths = lengths});
  ASSERT_LT(shard_rows(24), 24U) << "several shards";
  Sequential model = dense(2);
  model.build(3);
  Trainer trainer(model, {.batch_size = 24});
  const double loss = trainer.gradients({data, up});
  const auto first = trainer.gradient("dense/kernel").as<float>();
  const std::vector<float> kernel(first.begin(), first.end());
  EXPECT_EQ(trainer.gradients({data, down}), loss);
  const auto second = trainer.gradient("dense/kernel").as<float>();
  EXPECT_EQ(std::vector<float>(second.begin(), second.end()), kernel);
}

}  // namespace
}  // namespace elegans::train
