// The rule of all losses: what weights, masks, classes and reductions do with the loss of a place.

#include "elegans/nn/loss.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evaluate_loss.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

const double nan = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

Loss absolute(Reduction reduction = Reduction::mean) {
  return {
      .name = "absolute", .write = [](Value p, Value t) { return reduce_sum(abs(p - t), -1); }, .reduction = reduction};
}

const Tensor p = numbers({2, 2}, {1, 2, 3, 4});
const Tensor t = numbers({2, 2}, {0, 4, 5, 1});  // l = 3, 5

TEST(Loss, IsReducedAsAsked) {
  const GivenWeights weights{.sample_weight = numbers({2}, {2, 0.5})};
  EXPECT_THAT(evaluate(absolute(Reduction::none), p, t).loss, ElementsAre(3, 5));
  EXPECT_THAT(evaluate(absolute(Reduction::none), p, t, weights).loss, ElementsAre(6, 2.5));
  EXPECT_THAT(evaluate(absolute(Reduction::sum), p, t, weights).loss, ElementsAre(8.5));
  EXPECT_THAT(evaluate(absolute(), p, t, weights).loss, ElementsAre(8.5 / 2.5));
  EXPECT_THAT(evaluate(absolute(), p, t).loss, ElementsAre(4));
  EXPECT_THAT(evaluate(absolute(), p, t, weights).gradient, ElementsAre(2 / 2.5, -2 / 2.5, -0.5 / 2.5, 0.5 / 2.5));
}

TEST(Loss, TheDivisorMayComeFromOutside) {
  const Tensor w = numbers({2}, {2, 0.5});
  for (const Reduction reduction : {Reduction::mean, Reduction::sum})
    EXPECT_THAT(evaluate(absolute(reduction), p, t, w, 4).loss, ElementsAre(8.5 / 4));
  EXPECT_THAT(evaluate(absolute(Reduction::none), p, t, w, 4).loss, ElementsAre(6, 2.5));
  EXPECT_THAT(evaluate(absolute(), p, t, numbers({2}, {0, 0}), 0).loss, ElementsAre(0));
}

TEST(Loss, WeightsOfAPrefixAreRepeated) {
  const Tensor prediction = numbers({2, 3, 1}, {1, 2, 3, 4, 5, 6}), target = numbers({2, 3, 1}, {0, 0, 0, 0, 0, 0});
  const auto with = [&](const GivenWeights& weights) {
    return evaluate(absolute(Reduction::none), prediction, target, weights).loss;
  };
  EXPECT_THAT(with({.sample_weight = numbers({2}, {1, 10})}), ElementsAre(1, 2, 3, 40, 50, 60));
  EXPECT_THAT(with({.mask = numbers({2}, {0, 1})}), ElementsAre(0, 0, 0, 4, 5, 6));
  EXPECT_THAT(with({.mask = numbers({}, {1})}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(with({.sample_weight = numbers({2}, {nan, 10}), .mask = numbers({2, 3}, {0, 0, 0, 1, 0, 1})}),
              ElementsAre(0, 0, 0, 40, 0, 60));
  EXPECT_EQ(message_of<ShapeError>([&] {
              with({.mask = numbers({3}, {1, 1, 1})});
            }),
            "absolute: mask is [3]; expected [2, 3], or its first axes.");
  EXPECT_EQ(message_of<DtypeError>([&] {
              with({.sample_weight = numbers({2}, {1, 1}, Dtype::f32)});
            }),
            "absolute: sample_weight is f32[2]; expected f64[2].");
}

// Whatever stands where nothing counts: NaN, infinities, a slope that is not finite.
TEST(Loss, DoesNotReadWhatDoesNotCount) {
  const Loss root{.name = "root", .write = [](Value a, Value b) { return sqrt(reduce_sum(square(a - b), -1)); }};
  const Loss logarithm{.name = "logarithm", .write = [](Value a, Value b) { return -reduce_sum(b * log(a), -1); }};
  const Tensor dirty = numbers({4, 2}, {nan, 0, 1, 2, infinity, -infinity, 3, 4});
  const Tensor dirty_target = numbers({4, 2}, {1, nan, 4, 6, infinity, nan, 3, 4});
  for (const Loss& loss : {absolute(), root, logarithm}) {
    const Evaluated masked = evaluate(loss, dirty, dirty_target, {.mask = numbers({4}, {0, 1, 0, 0})});
    const Evaluated alone = evaluate(loss, numbers({1, 2}, {1, 2}), numbers({1, 2}, {4, 6}));
    EXPECT_EQ(masked.loss, alone.loss);
    EXPECT_THAT(masked.gradient, ElementsAre(0, 0, alone.gradient[0], alone.gradient[1], 0, 0, 0, 0));
  }
  const Evaluated nothing = evaluate(root, dirty, dirty_target, {.mask = numbers({4}, {0, 0, 0, 0})});
  EXPECT_THAT(nothing.loss, ElementsAre(0));
  EXPECT_THAT(nothing.gradient, ::testing::Each(0));
  EXPECT_TRUE(std::isnan(evaluate(absolute(), dirty, dirty_target).loss[0])) << "what counts is not hidden";
}

TEST(Loss, GivesTargetsNoGradientWhereTheyDoNotCount) {
  graph::Graph g;
  const ops::Type type{Dtype::f64, {2, 1}};
  const Value prediction = g.input("p", type), target = g.input("t", type), mask = g.input("m", {Dtype::f64, {2}});
  const Loss squared = mean_squared_error({.reduction = Reduction::sum});
  g.output("g", graph::gradients(squared(prediction, target, {.mask = mask}), std::array{target})[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  EXPECT_THAT(
      run(std::vector<View>{numbers({2, 1}, {nan, 3}), numbers({2, 1}, {nan, 1}), numbers({2}, {0, 1})})[0].values(),
      ElementsAre(0, -4));
}

// Σ of the one-hot label times the prediction: what the label chooses.
Loss chosen(Reduction reduction = Reduction::none) {
  return {.name = "chosen",
          .targets = Targets::classes,
          .write = [](Value a, Value one_hot) { return reduce_sum(a * one_hot, -1); },
          .reduction = reduction};
}

TEST(Loss, LabelsBecomeOneHot) {
  const Tensor prediction = numbers({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  EXPECT_THAT(evaluate(chosen(), prediction, labels({2, 2}, {0, 2, 1, 2})).loss, ElementsAre(1, 6, 8, 12));
  EXPECT_THAT(message_of<Error>([&] {
                evaluate(chosen(), prediction, labels({2, 2}, {0, 2, 3, 2}));
              }),
              HasSubstr("out of range (item 2)"));
  EXPECT_THROW(evaluate(chosen(), prediction, labels({2, 2}, {0, -1, 2, 2})), Error);
  EXPECT_THAT(
      evaluate(chosen(), prediction, labels({2, 2}, {0, -1, 7, 2}), {.mask = numbers({2, 2}, {1, 0, 0, 1})}).loss,
      ElementsAre(1, 0, 0, 12))
      << "a label that does not count is not read";
}

TEST(Loss, ClassesHaveWeightsAndMayBeIgnored) {
  const Tensor prediction = numbers({4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  Loss loss = chosen();
  loss.class_weight = {1, 10, 0.5};
  EXPECT_THAT(evaluate(loss, prediction, labels({4}, {0, 1, 2, 1})).loss, ElementsAre(1, 50, 4.5, 110));
  loss.ignore_index = -100;
  EXPECT_THAT(evaluate(loss, prediction, labels({4}, {-100, 1, 2, -100})).loss, ElementsAre(0, 50, 4.5, 0));
  loss.ignore_index = 1;
  EXPECT_THAT(evaluate(loss, prediction, labels({4}, {0, 1, 2, 1})).loss, ElementsAre(1, 0, 4.5, 0));
  loss.reduction = Reduction::mean;
  const Evaluated mean =
      evaluate(loss, prediction, labels({4}, {0, 1, 2, 1}), {.sample_weight = numbers({4}, {1, 1, 4, 1})});
  EXPECT_THAT(mean.loss, ElementsAre((1 + 4 * 4.5) / (1 + 4 * 0.5)));
  EXPECT_THAT(mean.gradient, ElementsAre(1 / 3.0, 0, 0, 0, 0, 0, 0, 0, 2 / 3.0, 0, 0, 0));
  EXPECT_EQ(loss.weight_of(0), 1);
  EXPECT_EQ(loss.weight_of(1), 0);
  EXPECT_EQ(loss.weight_of(2), 0.5);
  EXPECT_EQ(loss.weight_of(3), 0);
  loss.class_weight = {1, 2};
  EXPECT_EQ(message_of<ConfigError>([&] {
              evaluate(loss, prediction, labels({4}, {0, 1, 2, 1}));
            }),
            "chosen: the number of class weights is 2; expected 3, one a class.");
  Loss of_numbers = absolute();
  of_numbers.class_weight = {1, 2};
  EXPECT_EQ(message_of<ConfigError>([&] { evaluate(of_numbers, p, t); }),
            "absolute: a class weight or ignored label is given; expected none, for targets are numbers.");
}

TEST(Loss, OneOutputIsForTwoClasses) {
  Loss loss{.name = "distance",
            .targets = Targets::either,
            .write = [](Value a, Value b) { return reduce_sum(abs(a - b), -1); },
            .reduction = Reduction::none};
  const Tensor prediction = numbers({3, 1}, {0.25, 0.25, 5});
  EXPECT_THAT(evaluate(loss, prediction, labels({3}, {0, 1, 1})).loss, ElementsAre(0.25, 0.75, 4));
  EXPECT_THAT(evaluate(loss, prediction, numbers({3, 1}, {0, 1, 0.5})).loss, ElementsAre(0.25, 0.75, 4.5));
  EXPECT_THROW(evaluate(loss, prediction, labels({3}, {0, 2, 1})), Error);
  loss.class_weight = {1, 2};
  loss.ignore_index = -1;
  EXPECT_THAT(evaluate(loss, prediction, labels({3}, {0, 1, -1})).loss, ElementsAre(0.25, 1.5, 0));
}

// Shards of a batch, each divided by the batch's normaliser, add up to the batch.
TEST(Loss, ShardsAddUp) {
  Loss loss = sparse_categorical_crossentropy({.class_weight = {1, 2, 3}});
  const Tensor prediction = random_tensor({4, 3}, 1), label = labels({4}, {0, 2, 1, 1});
  const Evaluated whole = evaluate(loss, prediction, label);
  double sum = 0;
  std::vector<double> gradient;
  for (std::size_t half = 0; half < 2; ++half) {
    const auto values = prediction.as<double>().subspan(half * 6, 6);
    const std::vector<double> own(label.as<std::int32_t>().begin() + static_cast<std::ptrdiff_t>(half * 2),
                                  label.as<std::int32_t>().begin() + static_cast<std::ptrdiff_t>(half * 2 + 2));
    const Evaluated shard = evaluate(loss, Tensor::from({2, 3}, values, Dtype::f64), Tensor::from({2}, own, Dtype::i32),
                                     numbers({2}, {1, 1}), 1 + 3 + 2 + 2);
    sum += shard.loss[0];
    gradient.insert(gradient.end(), shard.gradient.begin(), shard.gradient.end());
  }
  EXPECT_NEAR(sum, whole.loss[0], 8 * 0x1p-52);
  EXPECT_EQ(gradient, whole.gradient);
}

TEST(Loss, WeightsHaveGradients) {
  testing::check_gradient({.inputs = {random_tensor({2, 3, 4}, 1), random_tensor({2}, 2, 0.5, 2)},
                           .write =
                               [](const std::vector<Value>& in) {
                                 return std::vector{sparse_categorical_crossentropy({.class_weight = {1, 2, 3, 4}})(
                                     in[0], in[2], {.sample_weight = in[1]})};
                               },
                           .integers = {labels({2, 3}, {0, 3, 1, 2, 2, 0})}});
}

TEST(Loss, RefusesInputsThatDoNotFit) {
  const Tensor wide = random_tensor({2, 3}, 1), label = labels({2}, {0, 1});
  const Tensor one = numbers({2}, {1, 1});
  EXPECT_EQ(message_of<ShapeError>([&] {
              evaluate(absolute(), wide, random_tensor({2, 4}, 1));
            }),
            "absolute: target is [2, 4]; expected [2, 3].");
  EXPECT_EQ(message_of<DtypeError>([&] { evaluate(absolute(), wide, label); }),
            "absolute: target is i32[2]; expected f64[2, 3].");
  EXPECT_EQ(message_of<DtypeError>([&] { evaluate(chosen(), wide, wide); }),
            "chosen: target is f64[2, 3]; expected i32[2].");
  EXPECT_EQ(message_of<ShapeError>([&] {
              evaluate(chosen(), wide, labels({3}, {0, 1, 1}));
            }),
            "chosen: target is [3]; expected [2].");
  EXPECT_EQ(message_of<ShapeError>([&] {
              evaluate(absolute(), wide, wide, numbers({3}, {1, 1, 1}), 2);
            }),
            "absolute: weight is [3]; expected [2].");
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(absolute(), one, one); }),
            "absolute: prediction is [2]; expected [batch, ..., width].");
  EXPECT_EQ(message_of<DtypeError>([&] { evaluate(absolute(), label, label); }),
            "absolute: prediction is i32[2]; expected f32 or f64.");
  Loss all{.name = "all", .write = [](Value a, Value b) { return sum(a - b); }};
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(all, wide, wide); }),
            "all: the result is []; expected [2]. A loss writes one number a place.");
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(gaussian_negative_log_likelihood(), wide, wide); }),
            "gaussian_negative_log_likelihood: prediction is [2, 3]; expected 2 numbers for each target.");
}

}  // namespace
}  // namespace elegans::nn
