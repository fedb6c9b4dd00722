// CfC cells: gradients, first values, options.

#include "elegans/nn/cfc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "elegans/graph/executable.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/registry.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

wiring::Wiring small_ncp() { return wiring::AutoNCP({.units = 7, .output_size = 2, .sparsity_level = 0.3, .seed = 4}); }

struct GradientOf {
  std::string name;
  std::function<std::shared_ptr<CfC>()> make;
};

std::vector<GradientOf> gradient_cases() {
  std::vector<GradientOf> cases;
  for (const CfCMode mode : {CfCMode::gated, CfCMode::no_gate, CfCMode::pure}) {
    const std::string title(name(mode));
    cases.push_back(
        {"full_" + title, [=] { return std::make_shared<CfC>(3, CfCOptions{.mode = mode, .backbone_units = 4}); }});
    cases.push_back({"wired_" + title, [=] { return std::make_shared<CfC>(small_ncp(), CfCOptions{.mode = mode}); }});
  }
  for (const char* activation : {"silu", "relu", "tanh", "gelu"})
    cases.push_back({std::string("two_layers_") + activation, [=] {
                       return std::make_shared<CfC>(
                           3,
                           CfCOptions{.activation = Activation(activation), .backbone_units = 3, .backbone_layers = 2});
                     }});
  cases.push_back({"no_backbone_projected",
                   [] { return std::make_shared<CfC>(3, CfCOptions{.proj_size = 2, .backbone_layers = 0}); }});
  cases.push_back({"mixed_last", [] {
                     return std::make_shared<CfC>(
                         3, CfCOptions{.return_sequences = false, .mixed_memory = true, .backbone_units = 4});
                   }});
  cases.push_back({"wired_mixed", [] { return std::make_shared<CfC>(small_ncp(), CfCOptions{.mixed_memory = true}); }});
  return cases;
}

class CfCGradient : public ::testing::TestWithParam<GradientOf> {};

TEST_P(CfCGradient, AgreesWithFiniteDifferences) {
  const auto layer = GetParam().make();
  layer->set_numbers(Dtype::f64, 11);
  check_layer_gradient(*layer, {.x = random_tensor({2, 3, 2}, 1), .timespans = random_tensor({2, 3}, 2, 0.2, 2)});
}

INSTANTIATE_TEST_SUITE_P(Options, CfCGradient, ::testing::ValuesIn(gradient_cases()),
                         [](const auto& info) { return info.param.name; });

const WeightPtr& weight_named(const std::vector<WeightPtr>& weights, const std::string& path) {
  for (const WeightPtr& weight : weights)
    if (weight->path == path) return weight;
  throw std::out_of_range(path);
}

double largest(const WeightPtr& weight) {
  double most = 0;
  for (const double value : weight->value.values()) most = std::max(most, std::abs(value));
  return most;
}

TEST(CfC, StartsFromTheReferencesRanges) {
  CfC layer(40, {.mode = CfCMode::pure, .backbone_units = 60});
  layer.set_numbers(Dtype::f64, 1);
  layer.build({1, 1, 20});
  const auto weights = layer.weights();
  // √(6 / (fan_in + fan_out)) of the joined matrix: of thousands of numbers the largest is near the end of the range.
  const auto expect_range = [&](const char* path, double limit) {
    EXPECT_LE(largest(weight_named(weights, path)), limit) << path;
    EXPECT_GT(largest(weight_named(weights, path)), 0.9 * limit) << path;
  };
  expect_range("cfc/cell/backbone_0_kernel", std::sqrt(6.0 / (60 + 60)));
  expect_range("cfc/cell/backbone_0_recurrent_kernel", std::sqrt(6.0 / (60 + 60)));
  expect_range("cfc/cell/backbone_0_bias", std::sqrt(1.0 / 60));
  expect_range("cfc/cell/ff1_kernel", std::sqrt(6.0 / (60 + 40)));
  expect_range("cfc/cell/ff1_bias", std::sqrt(1.0 / 60));
  expect_range("cfc/cell/w_tau", std::sqrt(6.0 / (40 + 1)));
  expect_range("cfc/cell/A", std::sqrt(6.0 / (40 + 1)));
}

// The output for x of ones while training, at `step`, or without dropout where `training` is false.
std::vector<double> output_of(CfC& layer, Mode mode, double step) {
  graph::Graph graph;
  Context context(graph, {.mode = mode});
  graph.output("y", layer(context, graph.input("x", {Dtype::f32, Shape{2, 3, 2}})));
  std::map<std::string, Tensor> inputs{{"x", Tensor::from({2, 3, 2}, std::vector<double>(12, 1.0))},
                                       {"step", Tensor::from({1}, {step}, Dtype::i32)}};
  for (const WeightPtr& weight : layer.weights()) inputs["weight/" + weight->path] = weight->value;
  graph::Executable run = graph::compile(std::move(graph), {});
  std::vector<View> views;
  for (const graph::Port& port : run.inputs()) views.push_back(inputs.at(port.name));
  return run(views)[0].values();
}

TEST(CfC, DropsOutWhileTrainingOnly) {
  CfC dropping(4, {.backbone_units = 16, .backbone_layers = 2, .backbone_dropout = 0.5});
  CfC keeping(4, {.backbone_units = 16, .backbone_layers = 2});
  EXPECT_EQ(output_of(dropping, Mode::inference, 0), output_of(keeping, Mode::inference, 0));
  EXPECT_EQ(output_of(keeping, Mode::training, 0), output_of(keeping, Mode::inference, 0));
  const std::vector<double> first = output_of(dropping, Mode::training, 0);
  EXPECT_NE(first, output_of(keeping, Mode::inference, 0));
  EXPECT_EQ(first, output_of(dropping, Mode::training, 0));
  EXPECT_NE(first, output_of(dropping, Mode::training, 1));
}

TEST(CfC, WiredHeadsStoreExistingWeightsOnlyAndGatesAll) {
  CfC layer(small_ncp());
  layer.build({1, 1, 3});
  const wiring::Wiring wiring = small_ncp().built(3);
  const auto& neurons = wiring.layers();
  const auto weights = layer.weights();
  const auto elements = [&](const std::string& path) {
    return weight_named(weights, "cfc/cell/" + path)->value.elements();
  };
  EXPECT_EQ(elements("command/ff1_kernel"), wiring.pattern_between(neurons[0], neurons[1])->count());
  EXPECT_EQ(elements("command/ff2_kernel"), wiring.pattern_between(neurons[0], neurons[1])->count());
  EXPECT_EQ(elements("command/time_a_kernel"), neurons[0].size() * neurons[1].size());
  EXPECT_EQ(elements("command/ff1_recurrent_kernel"), neurons[1].size() * neurons[1].size());
  const std::vector<StateOptions> states = layer.cell()->states();
  ASSERT_EQ(states.size(), 3U);
  EXPECT_EQ(states[0].name, "inter");
  EXPECT_EQ(states[2].name, "motor");
}

TEST(CfC, RefusesABackboneForAWiring) {
  EXPECT_THAT(
      message_of<ConfigError>([] { CfC(small_ncp(), {.backbone_units = 3}); }),
      HasSubstr(
          "CfC: backbone_units is set; expected to be left out where there is a wiring. A wired CfC has no backbone."));
  EXPECT_THAT(message_of<ConfigError>([] { cfc_mode("no-gate"); }), HasSubstr("Did you mean 'no_gate'?"));
  EXPECT_THAT(message_of<ConfigError>([] { CfC(0); }), HasSubstr("CfCCell: units is 0; expected 1 … 2^20."));
  EXPECT_THAT(message_of<ConfigError>([] { CfC(3, {.backbone_dropout = 1}); }),
              HasSubstr("backbone_dropout is 1; expected in [0, 1)."));
}

TEST(CfC, ComesBackFromItsConfiguration) {
  const CfC full(5, {.proj_size = 2,
                     .return_sequences = false,
                     .mode = CfCMode::no_gate,
                     .activation = Activation::gelu,
                     .backbone_units = 9,
                     .backbone_layers = 2,
                     .backbone_dropout = 0.25});
  const CfC wired(small_ncp(), {.mixed_memory = true, .mode = CfCMode::pure, .checkpoint_every = 3});
  for (const CfC* layer : {&full, &wired}) {
    const Json config = to_config(*layer);
    EXPECT_EQ(to_config(*make_layer(config)), config) << config.dump();
    const Json cell = to_config(*layer->cell());
    EXPECT_EQ(to_config(*make_cell(cell)), cell) << cell.dump();
  }
  EXPECT_THAT(
      message_of<FormatError>([] { make_layer(Json::parse(R"({"type": "CfC", "config": {"mode": "pure"}})")); }),
      HasSubstr("expected either 'units' or 'wiring'"));
}

TEST(MixedMemory, RecurrentKernelHasOrthonormalRows) {
  MixedMemory memory(std::make_shared<CfCCell>(6));
  memory.set_numbers(Dtype::f64, 9);
  memory.build({1, 2});
  const std::vector<double> kernel = weight_named(memory.weights(), "mixedmemory/recurrent_kernel")->value.values();
  for (std::size_t a = 0; a < 6; ++a)
    for (std::size_t b = 0; b < 6; ++b) {
      double dot = 0;
      for (std::size_t i = 0; i < 24; ++i) dot += kernel[a * 24 + i] * kernel[b * 24 + i];
      EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-14);
    }
}

}  // namespace
}  // namespace elegans::nn
