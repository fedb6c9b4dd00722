#include "elegans/nn/dense.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::message_of;
using testing::random_tensor;

// [4, 3] with an input (2) and a target (1) that have no synapse.
PatternPtr circuit() {
  const std::vector<wiring::Synapse> synapses{{0, 0, 1}, {0, 2, -1}, {1, 2, 1}, {3, 0, -1}, {3, 2, 1}};
  return wiring::Pattern::from_synapses(synapses, 4, 3);
}

wiring::Wiring small_wiring() { return wiring::AutoNCP({.units = 12, .output_size = 2, .seed = 3}); }

// bias + Σ x kernel, by loops over the whole kernel.
std::vector<double> by_hand(const Tensor& x, const std::vector<double>& kernel, const std::vector<double>& bias) {
  const std::size_t units = bias.size();
  const std::size_t inputs = kernel.size() / units;
  const std::vector<double> in = x.values();
  std::vector<double> y;
  for (std::size_t row = 0; row < in.size() / inputs; ++row)
    for (std::size_t u = 0; u < units; ++u) {
      double total = bias[u];
      for (std::size_t j = 0; j < inputs; ++j) total += in[row * inputs + j] * kernel[j * units + u];
      y.push_back(total);
    }
  return y;
}

std::vector<double> whole_kernel(const Dense& layer) {
  const std::vector<double> stored = layer.kernel()->value.values();
  if (!layer.pattern() || layer.options().storage == Storage::dense) return stored;
  std::vector<double> kernel(static_cast<std::size_t>(layer.pattern()->rows() * layer.pattern()->columns()));
  layer.pattern()->scatter(stored, kernel);
  return kernel;
}

// Sums of `inputs` + 1 products of numbers up to 1 in either order.
void expect_by_hand(Dense& layer, const Tensor& x) {
  const Tensor y = layer(x);
  const std::vector<double> expected = by_hand(x, whole_kernel(layer), layer.bias()->value.values());
  ASSERT_EQ(y.elements(), expected.size());
  const double epsilon = x.dtype() == Dtype::f64 ? 0x1p-52 : 0x1p-23;
  const double terms = x.shape().back().factor() + 2.0;
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(y.values()[i], expected[i], terms * terms * epsilon);
}

void fill_bias(Dense& layer) {
  for (std::size_t i = 0; i < layer.bias()->value.elements(); ++i)
    layer.bias()->value.as<double>()[i] = 0.1 * (1.0 + i);
}

TEST(Dense, ComputesItsFormulaForAnyRank) {
  for (const Shape& shape : {Shape{5, 4}, Shape{2, 3, 4}, Shape{2, 1, 3, 4}}) {
    Dense layer(3);
    layer.set_numbers(Dtype::f64, 1);
    layer.build(shape);
    fill_bias(layer);
    expect_by_hand(layer, random_tensor(shape, 2));
    Shape expected = shape;
    expected[shape.rank() - 1] = 3;
    EXPECT_EQ(layer.compute_output_shape(shape), expected);
  }
}

TEST(Dense, ComputesInSinglePrecision) {
  Dense layer(7);
  expect_by_hand(layer, random_tensor({6, 5}, 2).to(Dtype::f32));
}

TEST(Dense, AppliesItsActivationLast) {
  Dense plain(3);
  Dense curved(3, "tanh");
  for (Dense* layer : {&plain, &curved}) layer->set_numbers(Dtype::f64, 1);
  const Tensor x = random_tensor({5, 4}, 2);
  const std::vector<double> before = plain(x).values();
  const std::vector<double> after = curved(x).values();
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], std::tanh(before[i]), 8 * 0x1p-52);
}

TEST(Dense, HasNoBiasWhereNoneIsWanted) {
  Dense layer({.units = 3, .use_bias = false});
  layer.build({1, 4});
  EXPECT_EQ(layer.weights().size(), 1U);
  EXPECT_EQ(layer.bias(), nullptr);
}

TEST(WiredDense, ComputesExistingSynapsesOnly) {
  WiredDense layer({.pattern = circuit()});
  layer.set_numbers(Dtype::f64, 1);
  layer.build({1, 4});
  fill_bias(layer);
  EXPECT_EQ(to_string(layer.kernel()->stored_shape()), "[5]");
  expect_by_hand(layer, random_tensor({6, 4}, 2));
}

TEST(WiredDense, TakesTheInputsOfAWiring) {
  WiredDense layer({.wiring = small_wiring()});
  const Tensor x = random_tensor({6, 5}, 2).to(Dtype::f32);
  expect_by_hand(layer, x);
  EXPECT_EQ(*layer.pattern(), *small_wiring().pattern(5));
  EXPECT_EQ(layer(x).shape(), (Shape{6, 12}));
  // The same wiring again, in another layer of another width.
  WiredDense other({.wiring = layer.options().wiring});
  EXPECT_EQ(other(random_tensor({2, 7}, 3).to(Dtype::f32)).shape(), (Shape{2, 12}));
}

TEST(WiredDense, GivesTheSameBitsInEitherStorage) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    WiredDense sparse({.activation = "sigmoid", .wiring = small_wiring(), .polarity = Polarity::initial_sign});
    WiredDense dense({.activation = "sigmoid",
                      .wiring = small_wiring(),
                      .polarity = Polarity::initial_sign,
                      .storage = Storage::dense});
    for (WiredDense* layer : {&sparse, &dense}) layer->set_numbers(dtype, 4);
    const Tensor x = random_tensor({6, 5}, 2).to(dtype);
    EXPECT_EQ(sparse(x).values(), dense(x).values());
    EXPECT_EQ(to_string(dense.kernel()->stored_shape()), "[5, 12]");
  }
}

TEST(WiredDense, NeverMakesANaNOfAnAbsentSynapse) {
  for (const Storage storage : {Storage::sparse, Storage::dense}) {
    WiredDense layer({.pattern = circuit(), .storage = storage});
    layer.set_numbers(Dtype::f64, 1);
    Tensor x = random_tensor({1, 4}, 2);
    const std::vector<double> before = layer(x).values();
    x.as<double>()[2] = std::numeric_limits<double>::infinity();  // feeds nothing
    EXPECT_EQ(layer(x).values(), before);
    x.as<double>()[1] = std::numeric_limits<double>::quiet_NaN();  // feeds 2 alone
    const std::vector<double> after = layer(x).values();
    EXPECT_EQ(after[0], before[0]);
    EXPECT_EQ(after[1], before[1]);
    EXPECT_TRUE(std::isnan(after[2]));
  }
}

TEST(WiredDense, GivesAbsentSynapsesNoGradient) {
  WiredDense layer({.pattern = circuit(), .storage = Storage::dense});
  layer.set_numbers(Dtype::f64, 1);
  const Tensor x = random_tensor({3, 4}, 2);
  graph::Graph g;
  Context context(g);
  const Value y = layer(context, g.input("x", {Dtype::f64, x.shape()}));
  ASSERT_EQ(context.weights()[0].first, layer.kernel());
  g.output("gradient", graph::gradients(sum(square(y)), std::vector{context.weights()[0].second})[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  const std::vector<double> gradient =
      run(std::vector<View>{x, layer.kernel()->value, layer.bias()->value})[0].values();
  std::vector<double> mask(12);
  layer.pattern()->mask(mask);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(gradient[i] != 0, mask[i] != 0) << i;
}

TEST(Dense, HasTheGradientsOfFiniteDifferences) {
  const auto check = [](DenseOptions options) {
    Dense layer(std::move(options));
    layer.set_numbers(Dtype::f64, 3);
    testing::check_layer_gradient(layer, {.x = random_tensor({2, 3, 4}, 5)});
  };
  check({.units = 3, .activation = "gelu"});
  check({.units = 3, .use_bias = false, .kernel_regulariser = l2(0.3)});
  check({.units = 1, .activation = "sigmoid", .kernel_regulariser = l1(0.3), .bias_regulariser = l2(0.1)});
  check({.activation = "tanh", .pattern = circuit(), .kernel_regulariser = l2(0.3)});
  check({.activation = "tanh", .pattern = circuit(), .kernel_regulariser = l2(0.3)});
  check({.activation = "silu", .wiring = small_wiring(), .polarity = Polarity::fixed_sign, .storage = Storage::dense});
}

TEST(Dense, ScalesFirstWeightsByExistingFans) {
  WiredDense existing({.pattern = circuit(), .kernel_initialiser = Uniform{-1, 1}});
  WiredDense scaled({.pattern = circuit()});
  for (WiredDense* layer : {&existing, &scaled}) {
    layer->set_numbers(Dtype::f64, 1);
    layer->set_name("same");
    layer->build({1, 4});
  }
  // Synapse 2, 1 → 2, is one of 3 at its target and the only one of its source.
  EXPECT_NEAR(scaled.kernel()->value.values()[2], existing.kernel()->value.values()[2] * std::sqrt(6.0 / 4),
              4 * 0x1p-52);
}

TEST(Dense, SurvivesItsConfiguration) {
  const auto check = [](DenseOptions options, const Shape& input) {
    Dense layer(std::move(options));
    const Json config = layer.config();
    const LayerPtr copy = Dense::from_config(Json::parse(config.dump()), "model.json");
    EXPECT_EQ(copy->config(), config);
    for (Layer* one : {static_cast<Layer*>(&layer), copy.get()}) one->set_numbers(Dtype::f64, 8);
    const Tensor x = random_tensor(input, 1);
    EXPECT_EQ(layer(x).values(), (*copy)(x).values());
  };
  check({.units = 3, .activation = "relu", .use_bias = false, .kernel_initialiser = Uniform{-2, 2}}, {2, 4});
  check({.pattern = circuit(),
         .polarity = Polarity::fixed_sign,
         .storage = Storage::dense,
         .bias_initialiser = Ones{},
         .kernel_regulariser = l1(0.5),
         .bias_constraint = non_negative()},
        {2, 4});
  check({.wiring = small_wiring(), .polarity = Polarity::initial_sign}, {2, 6});
  wiring::Wiring by_hand(2);
  by_hand.build(3);
  by_hand.add_sensory_synapse(1, 0, -1);
  check({.wiring = by_hand}, {2, 3});
}

TEST(Dense, RefusesOptionsThatDoNotFit) {
  const auto refuse = [](DenseOptions options) {
    return message_of<ConfigError>([&] { Dense layer(std::move(options)); });
  };
  EXPECT_EQ(refuse({}), "Dense: units is 0; expected 1 or more.");
  EXPECT_EQ(refuse({.units = 5, .pattern = circuit()}),
            "Dense: units is 5; expected 3, those of the pattern. Leave units out.");
  EXPECT_EQ(refuse({.wiring = small_wiring(), .pattern = circuit()}),
            "Dense: circuit is given twice, as wiring and as pattern; expected one of them.");
  EXPECT_EQ(refuse({.units = 5, .polarity = Polarity::fixed_sign}),
            "Dense: polarity is fixed_sign; expected ignored. Signs come from a circuit: pass a wiring or a pattern.");
  EXPECT_EQ(
      refuse({.units = 5, .storage = Storage::dense}),
      "Dense: storage is dense; expected a wiring or a pattern beside it. Without one every weight is stored anyway.");
}

TEST(Dense, RefusesInputsThatDoNotFit) {
  Dense layer(3);
  layer.set_name("head");
  EXPECT_EQ(
      message_of<ShapeError>([&] { layer(Tensor(Shape{4})); }),
      "head: input is [4]; expected [..., features] of rank 2 or more. Put the batch in front: [1, features] for one "
      "sample.");
  layer(Tensor(Shape{1, 4}));
  EXPECT_EQ(message_of<ShapeError>([&] {
              layer(Tensor(Shape{1, 5}));
            }),
            "head: input is [1, 5]; expected [..., 4], for it was built for 4 features.");
  Dense wired({.pattern = circuit()});
  EXPECT_EQ(message_of<ShapeError>([&] {
              wired(Tensor(Shape{1, 5}));
            }),
            "dense: input is [1, 5]; expected [..., 4], the inputs of the pattern.");
  wiring::Wiring built = small_wiring();
  built.build(6);
  Dense other({.wiring = built});
  EXPECT_EQ(message_of<ShapeError>([&] {
              other(Tensor(Shape{1, 5}));
            }),
            "dense: input is [1, 5]; expected [..., 6], the inputs of the wiring.");
}

TEST(Dense, RefusesConfigurationsOfOthers) {
  const auto refuse = [](const char* text) {
    return message_of<FormatError>([&] { Dense::from_config(Json::parse(text), "m.json"); });
  };
  EXPECT_THAT(refuse(R"({"units": 0})"), ::testing::HasSubstr("m.json: key 'units' is 0; expected"));
  EXPECT_THAT(refuse(R"({"units": 2, "unit": 2})"), ::testing::HasSubstr("m.json: key 'unit' is unknown"));
  EXPECT_THAT(refuse(R"({"units": 2, "pattern": {"rows": 2, "columns": 2, "synapses": [[0, 2, 1]]}})"),
              ::testing::AllOf(::testing::HasSubstr("m.json: key 'pattern': key 'synapses' is"),
                               ::testing::HasSubstr("[0,2,1] is out of range")));
  EXPECT_THAT(refuse(R"({"units": 2, "pattern": {"rows": 2, "columns": 2, "synapses": [[0, 1, 1], [0, 1, 1]]}})"),
              ::testing::HasSubstr("given twice"));
}

TEST(Dense, AnActivationWithoutANameCannotBeSaved) {
  Dense layer({.units = 3, .activation = [](Value x) { return x * x; }});
  layer.set_name("head");
  EXPECT_THAT(message_of<ConfigError>([&] { layer.config(); }), ::testing::HasSubstr("head: activation is a function"));
}

}  // namespace
}  // namespace elegans::nn
