// What a trainer refuses, how it fails, and where weights are while it runs.

#include "elegans/train/progress_bar.hpp"
#include "elegans/train/trainer.hpp"

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

template <class Expected>
std::string refusal(const Dataset& data, TrainerOptions options = {}, std::int64_t outputs = 2) {
  Sequential model = dense(outputs);
  model.build(3);
  Trainer trainer(model, std::move(options));
  return message_of<Expected>([&] { trainer.fit(data); });
}

TEST(Fit, RefusesDataThatCannotBeTrainedOn) {
  Dataset data = random_sequences({.lengths = {4, 6}});
  EXPECT_EQ(refusal<ConfigError>(select(data, {})), "fit: the data set is empty; expected one sequence or more.");
  EXPECT_THAT(refusal<ShapeError>(random_sequences({.lengths = {4}, .features = 5})),
              AllOf(HasSubstr("fit: the number of features is 5; expected 3, those of the model's input"),
                    HasSubstr("[batch, time, 3]")));
  EXPECT_THAT(
      refusal<ShapeError>(data, {}, 7),
      HasSubstr("fit: the model's output is [batch, time, 7]; expected 2 numbers, for the data have so many targets."));
  Dataset bare = data;
  bare.schema.targets.clear();
  for (Recording& recording : bare.recordings) recording.targets.clear();
  EXPECT_THAT(refusal<ConfigError>(bare), HasSubstr("the data set is without targets"));

  Dataset broken = data;
  broken.recordings[1].targets[5] = std::nan("");
  EXPECT_EQ(refusal<FormatError>(broken), "fit: recording 'r1', step 2: target 'y1' is nan; expected a finite number.");
  Dataset unknown = random_sequences({.lengths = {4, 6}, .classes = true});
  unknown.recordings[1].labels[3] = 2;
  EXPECT_EQ(refusal<FormatError>(unknown), "fit: recording 'r1', step 3: the label is 2; expected 0 … 1.");
}

TEST(Fit, RefusesLossesMetricsAndShapesThatDoNotFitTheData) {
  const Dataset numbers = random_sequences({.lengths = {4, 6}}),
                classes = random_sequences({.lengths = {4, 6}, .classes = true});
  EXPECT_EQ(
      refusal<ConfigError>(numbers, {.loss = nn::sparse_categorical_crossentropy()}),
      "fit: the loss sparse_categorical_crossentropy is for classes; expected one for numbers, which the data have.");
  EXPECT_EQ(refusal<ConfigError>(classes, {.loss = nn::huber()}),
            "fit: the loss huber is for numbers; expected one for classes, which the data have.");
  EXPECT_EQ(refusal<ConfigError>(numbers, {.loss = nn::huber({.reduction = nn::Reduction::none})}),
            "fit: the reduction of the loss huber is none; expected mean or sum, for training makes one number small.");
  EXPECT_EQ(refusal<ConfigError>(numbers, {.loss = {.class_weight = {1, 2}}}),
            "fit: a class weight or ignored label of the loss mean_squared_error is given; expected none, for the data "
            "have numbers.");
  EXPECT_EQ(refusal<ConfigError>(classes, {.loss = {.class_weight = {1, 2, 3}}}),
            "sparse_categorical_crossentropy: the number of class weights is 3; expected 2, one a class.");
  EXPECT_EQ(refusal<ConfigError>(classes, {.metrics = {nn::Metric::named("rmse")}}),
            "fit: the metric root_mean_squared_error is for numbers; expected one for classes, which the data have.");
  EXPECT_THAT(refusal<ConfigError>(numbers, {.target_scaling = {.mean = {1}, .std = {1}}}),
              HasSubstr("fit: the number of columns of target_scaling is 1; expected 2, one a target."));

  Sequential last;
  last.add(nn::CfC(2, {.return_sequences = false}));
  Trainer of_last(last);
  EXPECT_THAT(
      message_of<ShapeError>([&] { of_last.fit(numbers); }),
      AllOf(HasSubstr("the model's output is [batch, 2]"), HasSubstr("Let the last recurrent layer return sequences")));
  Sequential flat = dense(2);
  flat.build(Shape{Dim::batch(), 3});
  Trainer of_flat(flat);
  EXPECT_THAT(message_of<ShapeError>([&] { of_flat.fit(numbers); }),
              HasSubstr("fit: the length of the longest sequence is 6; expected 1, for the model has no time."));

  Sequential model = dense(2);
  Trainer trainer(model);
  trainer.reserve(numbers);
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.evaluate(classes); }),
              HasSubstr("evaluate: the kind of targets is classes; expected numbers, as in the data before."));
}

// Numbers that the loss is not made for: standardised probabilities, say.
TEST(Fit, RefusesTargetsOutOfTheRangeOfTheLoss) {
  Dataset data = random_sequences({.lengths = {3, 2}});
  for (Recording& recording : data.recordings)
    for (double& target : recording.targets) target = 0.5;
  const auto fits = [&](const nn::Loss& loss) {
    Sequential model = dense(2);
    Trainer(model, {.loss = loss, .epochs = 1}).fit(data);
  };
  for (const nn::Loss& loss : {nn::binary_crossentropy(), nn::hinge()}) EXPECT_NO_THROW(fits(loss)) << loss.name;
  data.recordings[1].targets[3] = -2;
  EXPECT_EQ(
      refusal<ConfigError>(data, {.loss = nn::binary_crossentropy()}),
      "fit: target 'y1', row 1 of recording 'r1', is -2; expected 0 … 1, as the loss binary_crossentropy takes them. "
      "Leave the targets of this loss as they are, not standardised, or take another one.");
  EXPECT_THAT(refusal<ConfigError>(data, {.loss = nn::squared_hinge()}),
              HasSubstr("expected -1 … 1, as the loss squared_hinge"));
  EXPECT_THAT(refusal<ConfigError>(data, {.loss = nn::poisson()}),
              HasSubstr("expected 0 or more, as the loss poisson"));
  data.recordings[1].weights = {1, 0};
  EXPECT_NO_THROW(fits(nn::binary_crossentropy())) << "what is masked may be anything";
}

// A mean over nothing would be 0, the best of all losses.
TEST(Fit, RefusesAPartInWhichNothingCounts) {
  const Dataset data = random_sequences({.lengths = {4, 6}, .classes = true});
  Dataset one_class = data;
  for (Recording& recording : one_class.recordings) std::fill(recording.labels.begin(), recording.labels.end(), 0);
  for (const nn::Loss& loss : {nn::sparse_categorical_crossentropy({.class_weight = {0, 1}}),
                               nn::sparse_categorical_crossentropy({.ignore_index = 0})}) {
    Sequential model = dense(2);
    Trainer trainer(model, {.loss = loss, .epochs = 1});
    EXPECT_EQ(
        message_of<ConfigError>([&] { trainer.fit(data, one_class); }),
        "fit, validation: the weight of every target is 0; expected one or more above 0. Give a class that occurs in "
        "these data a weight, or divide them otherwise.");
  }
}

TEST(Trainer, OptionsValidateThemselves) {
  Sequential model = dense(2);
  const auto refused = [&](TrainerOptions options) {
    return message_of<ConfigError>([&] { Trainer(model, std::move(options)); });
  };
  EXPECT_EQ(refused({.batch_size = 0}), "Trainer: batch_size is 0; expected 1 or more.");
  EXPECT_EQ(refused({.epochs = 0}), "Trainer: epochs is 0; expected 1 or more.");
  EXPECT_EQ(refused({.clip_norm = 0}), "Trainer: clip_norm is 0; expected a number > 0, or none for no clipping.");
  EXPECT_EQ(refused({.threads = 5000}), "Trainer: threads is 5000; expected 1 … 1024, or 0 for all of the machine.");
  EXPECT_EQ(refused({.optimizer = Optimizer{}}),
            "Trainer: the optimizer is without write or set_factors; expected both functions.");
  EXPECT_EQ(refused({.callbacks = {nullptr}}), "Trainer: a callback is null; expected callbacks.");
  const CallbackPtr one = progress_bar();
  EXPECT_EQ(refused({.callbacks = {one, one}}), "Trainer: a callback is given twice; expected each one once.");
  EXPECT_EQ(refused({.loss = {.name = "mine"}}),
            "Trainer: the loss is mine without write; expected the function that writes what a place costs.");
}

void expect_finite_weights(const Sequential& model) {
  for (const nn::WeightPtr& weight : model.weights())
    for (const double value : weight->value.values()) EXPECT_TRUE(std::isfinite(value)) << weight->path;
}

TEST(Fit, StopsAtALossThatIsNotFinite) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(64)});
  Sequential model = dense(2);
  // The first update makes weights of about 1e20, whose errors have no square.
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 1e21}, .epochs = 50});
  EXPECT_EQ(message_of<Error>([&] { trainer.fit(data); }),
            "fit, epoch 1, step 2: the loss is inf, though all weights and gradients are finite; expected finite "
            "numbers. Lower "
            "the learning rate, clip gradients (clip_norm), or look for outliers in the data and its Δt.");
  EXPECT_EQ(trainer.step(), 1U);
  expect_finite_weights(model);
}

TEST(Fit, StopsAtAValidationLossThatIsNotFinite) {
  const Dataset data = random_sequences({.lengths = {5, 7}}), held_back = random_sequences({.lengths = {6}});
  Sequential model = dense(2);
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 1e21}, .epochs = 1});
  EXPECT_EQ(
      message_of<Error>([&] { trainer.fit(data, held_back); }),
      "fit, epoch 1, validation: the loss is inf, though all weights are finite; expected finite numbers. Lower the "
      "learning rate, clip gradients (clip_norm), or look for outliers in the data and its Δt.");
  EXPECT_THAT(message_of<Error>([&] { trainer.evaluate(held_back); }), HasSubstr("evaluate: the loss is inf"));
  model.weights()[0]->value.as<float>()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message_of<Error>([&] { trainer.evaluate(held_back); }),
              HasSubstr("the loss is nan, and the weight 'dense/kernel' is nan at element 1; expected"));
}

TEST(Fit, NamesAGradientThatIsNotFinite) {
  // The slope of a root at 0 is infinite: the loss is 0, its gradient 0 · ∞.
  const nn::Loss root{.name = "root",
                      .write = [](nn::Value p, nn::Value t) { return sqrt(reduce_sum(square(p - t), -1)); }};
  Dataset data = random_sequences({.lengths = {4, 6}});
  for (Recording& recording : data.recordings) std::fill(recording.targets.begin(), recording.targets.end(), 0.0);
  Sequential model = dense(2);
  model.build(3);
  for (float& w : model.weights()[0]->value.as<float>()) w = 0;
  Trainer trainer(model, {.loss = root});
  EXPECT_THAT(message_of<Error>([&] {
                trainer.gradients({data, all_of(data)});
              }),
              AllOf(HasSubstr("gradients, step 1: the gradient of 'dense/kernel' is"), HasSubstr("nan at element 0"),
                    HasSubstr("Lower the learning rate")));
  EXPECT_THROW(trainer.apply(), ConfigError);
}

TEST(Fit, NamesAWeightThatAnUpdateTookOutOfRange) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  const auto message = [&](std::size_t batch_size) {
    Sequential model = dense(2);
    Trainer trainer(model, {.optimizer = SGD{.learning_rate = 1e40}, .batch_size = batch_size, .epochs = 1});
    return message_of<Error>([&] { trainer.fit(data); });
  };
  EXPECT_THAT(message(1), HasSubstr("fit, epoch 1, step 2: the weight 'dense/kernel' is"));
  EXPECT_THAT(message(2), HasSubstr("fit, the end of epoch 1: the weight 'dense/kernel' is"));
}

// An update in place keeps no copy: the tensors themselves move, once, and may be replaced at any time.
TEST(Trainer, UpdatesWeightsWhereTheyAre) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense(2), other = dense(2);
  Trainer trainer(model, {.epochs = 1});
  trainer.reserve(data);
  const void* place = model.weights()[0]->value.data();
  trainer.fit(data);
  EXPECT_EQ(model.weights()[0]->value.data(), place);
  model.weights()[0]->value = Tensor::from({3, 2}, {1, 2, 3, 4, 5, 6});
  trainer.gradients({data, all_of(data)});
  trainer.apply();
  EXPECT_EQ(model.weights()[0]->value.data(), place);
  EXPECT_NEAR(model.weights()[0]->value.as<float>()[5], 6, 0.01);
}

TEST(Trainer, LeavesItsWeightsToTheModel) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense(2);
  std::vector<double> trained;
  {
    Trainer trainer(model, {.epochs = 1});
    trainer.fit(data);
    trained = model.weights()[0]->value.values();
  }
  EXPECT_EQ(model.weights()[0]->value.values(), trained);
  Trainer(model, {.epochs = 1}).fit(data);
  EXPECT_NE(model.weights()[0]->value.values(), trained);
}

TEST(Fit, NamesAWeightThatIsNotFinite) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense(2);
  model.build(3);
  model.weights()[1]->value.as<float>()[1] = std::numeric_limits<float>::quiet_NaN();
  Trainer trainer(model);
  EXPECT_EQ(message_of<Error>([&] { trainer.fit(data); }),
            "fit, epoch 1, step 1: the weight 'dense/bias' is nan at element 1; expected finite numbers. Begin again "
            "from finite weights. Lower the learning rate, clip gradients (clip_norm), or look for outliers in the "
            "data and its Δt.");
}

}  // namespace
}  // namespace elegans::train
