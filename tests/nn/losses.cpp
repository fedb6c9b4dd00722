#include "elegans/nn/losses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::message_of;
using testing::random_tensor;

struct Evaluated {
  double loss;
  std::vector<double> gradient;  // of the prediction
};

Evaluated evaluate(const Loss& loss, const Tensor& prediction, const Tensor& target, const Tensor& weight,
                   double normaliser) {
  graph::Graph g;
  LossInputs in{.prediction = g.input("p", {prediction.dtype(), prediction.shape()}),
                .target = g.input("t", {target.dtype(), target.shape()}),
                .weight = g.input("w", {weight.dtype(), weight.shape()}),
                .normaliser = g.input("n", {prediction.dtype(), {}})};
  const Value value = loss(in);
  g.output("loss", value);
  g.output("gradient", graph::gradients(value, std::vector{in.prediction})[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  const Tensor n = Tensor::from({}, {normaliser}, prediction.dtype());
  const std::vector<Tensor> results = run(std::vector<View>{prediction, target, weight, n});
  return {results[0].values()[0], results[1].values()};
}

Tensor ones(const Shape& shape) {
  return Tensor::from(shape, std::vector<double>(static_cast<std::size_t>(shape.elements(Extents{})), 1.0), Dtype::f64);
}

Tensor classes(const Shape& shape, std::initializer_list<double> labels) {
  return Tensor::from(shape, labels, Dtype::i32);
}

const double nan = std::numeric_limits<double>::quiet_NaN();

TEST(MeanSquaredError, ComputesItsFormula) {
  const Tensor p = Tensor::from({2, 2}, {1, 2, 3, 4}, Dtype::f64);
  const Tensor t = Tensor::from({2, 2}, {0, 2, 5, 1}, Dtype::f64);
  const Tensor w = Tensor::from({2}, {1, 0.5}, Dtype::f64);
  const Evaluated result = evaluate(mean_squared_error(), p, t, w, 4);
  // (1 · (1 + 0)/2 + 0.5 · (4 + 9)/2) / 4
  EXPECT_DOUBLE_EQ(result.loss, (0.5 + 3.25) / 4);
  EXPECT_EQ(result.gradient, (std::vector<double>{0.25, 0, -0.25, 0.375}));  // w (p − t) / 4
}

// −log softmax in long double.
double crossentropy(std::span<const double> logits, std::size_t label) {
  long double total = 0;
  for (const double x : logits) total += std::exp(static_cast<long double>(x - logits[label]));
  return static_cast<double>(std::log(total));
}

TEST(CategoricalCrossentropy, ComputesItsFormulaPerStepAndPerSequence) {
  const Tensor logits = random_tensor({2, 3, 4}, 1, -3, 3);
  const Tensor labels = classes({2, 3}, {0, 3, 1, 2, 2, 0});
  const Tensor weights = random_tensor({2, 3}, 2, 0.5, 2);
  double expected = 0;
  for (std::size_t i = 0; i < 6; ++i)
    expected += weights.as<double>()[i] * crossentropy(logits.as<double>().subspan(i * 4, 4),
                                                       static_cast<std::size_t>(labels.as<std::int32_t>()[i]));
  EXPECT_NEAR(evaluate(categorical_crossentropy(), logits, labels, weights, 3).loss, expected / 3, 64 * 0x1p-52);

  const Tensor last = random_tensor({3, 2}, 1, -3, 3);
  const double mean =
      (crossentropy(last.as<double>().subspan(0, 2), 1) + crossentropy(last.as<double>().subspan(2, 2), 0) +
       crossentropy(last.as<double>().subspan(4, 2), 1)) /
      3;
  EXPECT_NEAR(evaluate(categorical_crossentropy(), last, classes({3}, {1, 0, 1}), ones({3}), 3).loss, mean,
              64 * 0x1p-52);
}

TEST(CategoricalCrossentropy, IsExactFarOut) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    const Tensor logits = Tensor::from({3, 2}, {800, -800, 800, -800, -800, -800}, dtype);
    const auto result = evaluate(categorical_crossentropy(), logits, classes({3}, {0, 1, 0}), ones({3}).to(dtype), 1);
    EXPECT_NEAR(result.loss, 1600 + std::log(2.0), 1600 * (dtype == Dtype::f32 ? 0x1p-23 : 0x1p-52));
    const std::vector<double> gradient{0, 0, 1, -1, -0.5, 0.5};
    EXPECT_EQ(result.gradient, gradient);
  }
}

TEST(Losses, HaveTheGradientsOfFiniteDifferences) {
  const Tensor weights = random_tensor({2, 3}, 3, 0.2, 2);
  const auto check = [&](const Loss& loss, std::vector<Tensor> inputs, std::vector<Tensor> labels) {
    inputs.push_back(weights);
    inputs.push_back(random_tensor({}, 4, 1, 3));
    testing::check_gradient({.inputs = inputs,
                             .write =
                                 [&](const std::vector<Value>& in) {
                                   const bool classes = loss.targets == Targets::classes;
                                   const std::size_t at = classes ? 1 : 2;
                                   return std::vector{loss({.prediction = in[0],
                                                            .target = classes ? in[3] : in[1],
                                                            .weight = in[at],
                                                            .normaliser = in[at + 1]})};
                                 },
                             .integers = std::move(labels)});
  };
  check(mean_squared_error(), {random_tensor({2, 3, 4}, 1), random_tensor({2, 3, 4}, 2)}, {});
  check(categorical_crossentropy(), {random_tensor({2, 3, 4}, 1)}, {classes({2, 3}, {0, 3, 1, 2, 2, 0})});
}

TEST(Losses, DoNotReadWhatIsMasked) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor weights = Tensor::from({3}, {0, 1, 0}, Dtype::f64);
  const Tensor clean = Tensor::from({3, 2}, {0, 0, 1, 2, 0, 0}, Dtype::f64);
  const Tensor dirty = Tensor::from({3, 2}, {nan, 0, 1, 2, infinity, -infinity}, Dtype::f64);
  const Tensor target = Tensor::from({3, 2}, {1, 1, 1, 1, 1, 1}, Dtype::f64);
  const Tensor dirty_target = Tensor::from({3, 2}, {1, nan, 1, 1, infinity, nan}, Dtype::f64);
  for (const bool squared : {true, false}) {
    const Loss loss = squared ? mean_squared_error() : categorical_crossentropy();
    const Tensor& t = squared ? target : classes({3}, {0, 1, 0});
    const Evaluated expected = evaluate(loss, clean, t, weights, 1);
    const Evaluated result = evaluate(loss, dirty, squared ? dirty_target : t, weights, 1);
    EXPECT_EQ(result.loss, expected.loss);
    EXPECT_EQ(result.gradient, expected.gradient);
    for (const std::size_t i : {0, 1, 4, 5}) EXPECT_EQ(result.gradient[i], 0);
  }
}

// Shards of a batch, each divided by the batch's normaliser, add up to the batch.
TEST(Losses, AddUpOverShards) {
  const Tensor p = random_tensor({4, 3}, 1);
  const Tensor labels = classes({4}, {0, 2, 1, 1});
  const Evaluated whole = evaluate(categorical_crossentropy(), p, labels, ones({4}), 4);
  double sum = 0;
  std::vector<double> gradient;
  for (std::size_t half = 0; half < 2; ++half) {
    const auto values = p.as<double>().subspan(half * 6, 6);
    const std::vector<double> own(labels.as<std::int32_t>().begin() + static_cast<std::ptrdiff_t>(half * 2),
                                  labels.as<std::int32_t>().begin() + static_cast<std::ptrdiff_t>(half * 2 + 2));
    const Evaluated shard = evaluate(categorical_crossentropy(), Tensor::from({2, 3}, values, Dtype::f64),
                                     Tensor::from({2}, own, Dtype::i32), ones({2}), 4);
    sum += shard.loss;
    gradient.insert(gradient.end(), shard.gradient.begin(), shard.gradient.end());
  }
  EXPECT_NEAR(sum, whole.loss, 8 * 0x1p-52);
  EXPECT_EQ(gradient, whole.gradient);
}

TEST(Losses, ReportAClassOutOfRange) {
  EXPECT_THROW(evaluate(categorical_crossentropy(), random_tensor({2, 3}, 1), classes({2}, {0, 3}), ones({2}), 2),
               Error);
}

TEST(Losses, OfOnesOwnAreFunctions) {
  const Loss absolute{.name = "absolute", .targets = Targets::numbers, .write = [](const LossInputs& in) {
                        const Value each = reduce_sum(abs(in.where_counted(in.prediction - in.target)), -1);
                        return sum(each * in.weight) / in.normaliser;
                      }};
  const Tensor p = Tensor::from({2, 2}, {1, 2, nan, 4}, Dtype::f64);
  const Tensor t = Tensor::from({2, 2}, {0, 4, 5, 1}, Dtype::f64);
  EXPECT_EQ(evaluate(absolute, p, t, Tensor::from({2}, {1, 0}, Dtype::f64), 2).loss, 1.5);
  const Loss vector{
      .name = "vector", .targets = Targets::numbers, .write = [](const LossInputs& in) { return in.weight; }};
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(vector, p, t, ones({2}), 2); }),
            "vector: the result is [2]; expected [].");
}

TEST(Losses, RefuseInputsThatDoNotFit) {
  const Tensor p = random_tensor({2, 3}, 1);
  EXPECT_EQ(message_of<ShapeError>([&] {
              evaluate(mean_squared_error(), p, random_tensor({2, 4}, 1), ones({2}), 2);
            }),
            "mean_squared_error: target is [2, 4]; expected [2, 3].");
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(mean_squared_error(), p, p, ones({3}), 2); }),
            "mean_squared_error: weight is [3]; expected [2].");
  EXPECT_EQ(message_of<DtypeError>([&] { evaluate(categorical_crossentropy(), p, p, ones({2}), 2); }),
            "categorical_crossentropy: target is f64[2, 3]; expected i32[2].");
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(mean_squared_error(), ones({2}), ones({2}), ones({2}), 2); }),
            "mean_squared_error: prediction is [2]; expected [batch, ..., width].");
}

TEST(Losses, AreKnownByName) {
  EXPECT_EQ(loss_named("mse").name, "mean_squared_error");
  EXPECT_EQ(loss_named("categorical_crossentropy").name, "categorical_crossentropy");
  EXPECT_EQ(message_of<ConfigError>([] { loss_named("mean_squared"); }),
            "loss: name is 'mean_squared'; expected a known loss. Did you mean 'mean_squared_error'?");
}

}  // namespace
}  // namespace elegans::nn
