// LSTM, GRU and SimpleRNN: gradients, first values, dropout, options. Their numbers stand in the golden file of layers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "elegans/nn/registry.hpp"
#include "nn/sequence_cases.hpp"
#include "support/count_allocations.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

struct GradientOf {
  const char* name;
  std::function<std::shared_ptr<RNN>()> make;
};

class GatedGradient : public ::testing::TestWithParam<GradientOf> {};

TEST_P(GatedGradient, AgreesWithFiniteDifferences) {
  const auto layer = GetParam().make();
  layer->set_numbers(Dtype::f64, 11);
  check_layer_gradient(*layer, {.x = random_tensor({2, 4, 3}, 1),
                                .timespans = random_tensor({2, 4}, 2, 0.2, 2),
                                .lengths = Tensor::from({2}, {4, 2}, Dtype::i32)});
}

template <class Layer, class Options>
std::function<std::shared_ptr<RNN>()> made(Options options, RnnOptions sequence = {}) {
  return [=] { return std::make_shared<Layer>(3, options, sequence); };
}

// Dropout's mask is the same on both sides of a difference: it follows from seed, path and step.
INSTANTIATE_TEST_SUITE_P(
    Layers, GatedGradient,
    ::testing::Values(
        GradientOf{"lstm", made<LSTM>(LSTMCellOptions{.dropout = 0.3, .recurrent_dropout = 0.2})},
        GradientOf{"lstm_other", made<LSTM>(LSTMCellOptions{.activation = "softsign",
                                                            .recurrent_activation = "softplus",
                                                            .use_bias = false,
                                                            .kernel_regulariser = l1_l2(0.1, 0.2)},
                                            {.return_sequences = false, .go_backwards = true})},
        GradientOf{"gru", made<GRU>(GRUCellOptions{.recurrent_dropout = 0.4}, {.checkpoint_every = 2})},
        GradientOf{"gru_before",
                   made<GRU>(GRUCellOptions{.reset_after = false,
                                            .recurrent_regulariser = l2(0.3),
                                            .bias_regulariser = l2(0.1),
                                            .dropout = 0.2,
                                            .recurrent_dropout = 0.4},
                             {.projection = 2, .go_backwards = true, .timespan_as_feature = true})},
        GradientOf{"gru_no_bias", made<GRU>(GRUCellOptions{.use_bias = false}, {.timespan_as_feature = true})},
        GradientOf{"simple_rnn", made<SimpleRNN>(SimpleRNNCellOptions{.activation = "elu", .dropout = 0.5})},
        GradientOf{"softmax", made<SimpleRNN>(SimpleRNNCellOptions{.activation = "softmax"})}),
    [](const auto& info) { return info.param.name; });

WeightPtr weight_named(const RNN& layer, const std::string& name) {
  for (const WeightPtr& weight : layer.weights())
    if (weight->options.name == name) return weight;
  ADD_FAILURE() << "no weight " << name;
  return nullptr;
}

TEST(GatedCells, WeightsAreKerass) {
  LSTM lstm(4);
  GRU after(4), before(4, {.reset_after = false});
  SimpleRNN simple(4);
  const auto shape = [](RNN& layer, const char* name) {
    layer.build(Shape{2, 5, 3});
    return to_string(weight_named(layer, name)->stored_shape());
  };
  EXPECT_EQ(shape(lstm, "kernel"), "[3, 16]");
  EXPECT_EQ(shape(lstm, "recurrent_kernel"), "[4, 16]");
  EXPECT_EQ(shape(lstm, "bias"), "[16]");
  EXPECT_EQ(shape(after, "kernel"), "[3, 12]");
  EXPECT_EQ(shape(after, "bias"), "[2, 12]");
  EXPECT_EQ(shape(before, "bias"), "[12]");
  EXPECT_EQ(shape(simple, "recurrent_kernel"), "[4, 4]");
  EXPECT_EQ(weight_named(lstm, "kernel")->path, "lstm/cell/kernel");
  EXPECT_EQ(weight_named(simple, "bias")->path, "simplernn/cell/bias");
}

TEST(GatedCells, TheForgetGateBeginsOpen) {
  const auto bias = [](LSTMCellOptions options) {
    LSTM layer(2, std::move(options));
    layer.build(Shape{1, 1, 3});
    return weight_named(layer, "bias")->value.values();
  };
  EXPECT_EQ(bias({}), (std::vector<double>{0, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(bias({.unit_forget_bias = false}), std::vector<double>(8, 0));
  EXPECT_EQ(bias({.bias_initialiser = ConstantValue{0.5}}), (std::vector<double>{0.5, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.5}));
}

TEST(GatedCells, TheRecurrentKernelBeginsWithOrthonormalRows) {
  LSTM layer(4);
  layer.set_numbers(Dtype::f64, 3);
  layer.build(Shape{1, 1, 3});
  const std::vector<double> u = weight_named(layer, "recurrent_kernel")->value.values();
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t s = 0; s < 4; ++s) {
      double dot = 0;
      for (std::size_t i = 0; i < 16; ++i) dot += u[r * 16 + i] * u[s * 16 + i];
      EXPECT_NEAR(dot, r == s, 64 * 0x1p-52);
    }
}

// A sequence of no step answers its first state; so it does where every step is skipped.
TEST(GatedCells, WithoutAStepTheLastOutputIsTheFirstState) {
  LSTM layer(3, {}, {.return_sequences = false});
  const Tensor x = random_tensor({2, 4, 2}, 1).to(Dtype::f32), h = random_tensor({2, 3}, 2).to(Dtype::f32),
               c = random_tensor({2, 3}, 3).to(Dtype::f32);
  const SequenceOutput out =
      layer({.x = x, .lengths = Tensor::from({2}, {0, 3}, Dtype::i32), .state = {View(h), View(c)}});
  EXPECT_EQ(cut(out.output, 0).values(), cut(h, 0).values());
  EXPECT_EQ(cut(out.state[1], 0).values(), cut(c, 0).values());
  EXPECT_EQ(out.output.values(), out.state[0].values());
  EXPECT_NE(cut(out.output, 1).values(), cut(h, 1).values());
}

TEST(GatedCells, StayFiniteForHugeNumbers) {
  for (const LayerCase& layer_case : layer_cases()) {
    const std::vector<std::string> unbounded{"LTC", "NeuralODE", "Own", "Stacked"};
    if (std::count(unbounded.begin(), unbounded.end(), layer_case.name) > 0) continue;
    const auto layer = layer_case.make({});
    const Tensor x = Tensor::from({1, 2, 2}, {1e30, -1e30, 800, -800});
    const double bound = layer_case.name == "CTGRU" ? 4 : 1;  // a sum over four scales
    for (const double y : (*layer)(x).values()) EXPECT_LE(std::abs(y), bound) << layer_case.name;
  }
}

TEST(GatedCells, DirectCallsAllocateNothing) {
  if (!testing::CountAllocations::supported()) GTEST_SKIP() << "a sanitizer's allocator cannot be counted";
  GRU layer(4);
  const Tensor x = random_tensor({2, 3, 2}, 1).to(Dtype::f32), lengths = Tensor::from({2}, {3, 1}, Dtype::i32);
  Tensor y({2, 3, 4}), h({2, 4});
  const View state = h;
  const SequenceInput input{.x = x, .lengths = lengths};
  layer(input, y, std::span(&state, 1));
  const testing::CountAllocations counting;
  layer(input, y, std::span(&state, 1));
  EXPECT_EQ(counting.calls(), 0u);
}

// The mask of x, seen through a SimpleRNN that passes it on: kernel = 1, nothing recurrent.
std::vector<double> input_mask(std::int32_t step, std::int64_t checkpoint_every = 0, std::uint64_t seed = 1) {
  constexpr std::int64_t batch = 8, time = 4, features = 32;
  SimpleRNN layer(features,
                  {.activation = "linear",
                   .use_bias = false,
                   .kernel_initialiser = Orthogonal{},
                   .recurrent_initialiser = "zeros",
                   .dropout = 0.25},
                  {.checkpoint_every = checkpoint_every});
  layer.set_numbers(Dtype::f64, 0);
  layer.build(Shape{batch, time, features});
  Tensor& kernel = weight_named(layer, "kernel")->value;
  for (std::size_t i = 0; i < kernel.elements(); ++i) kernel.as<double>()[i] = i % (features + 1) == 0;
  graph::Graph g;
  Context context(g, {.mode = Mode::training, .seed = seed});
  const Value x = g.input("x", {Dtype::f64, {batch, time, features}});
  g.output("y", layer(context, x));
  graph::Executable run = graph::compile(std::move(g), {});
  std::map<std::string, Tensor> inputs;
  inputs["x"] = Tensor::from({batch, time, features}, std::vector<double>(batch * time * features, 1.0), Dtype::f64);
  inputs["step"] = Tensor::from({1}, {static_cast<double>(step)}, Dtype::i32);
  for (const WeightPtr& weight : layer.weights()) inputs["weight/" + weight->path] = weight->value;
  std::vector<View> views;
  for (const graph::Port& port : run.inputs()) views.push_back(inputs.at(port.name));
  return run(views)[0].values();
}

TEST(GatedCells, DropTheSameInputsAtEveryStepOfASequence) {
  const std::vector<double> mask = input_mask(5);
  std::size_t kept = 0;
  for (std::size_t b = 0; b < 8; ++b)
    for (std::size_t i = 0; i < 32; ++i) {
      const double first = mask[b * 128 + i];
      EXPECT_TRUE(first == 0 || first == 1 / 0.75);
      kept += first != 0;
      for (std::size_t t = 1; t < 4; ++t) EXPECT_EQ(mask[b * 128 + t * 32 + i], first);
    }
  // 256 draws that keep with probability 3/4: deviation √(256 · 3/16) < 7, five of them.
  EXPECT_NEAR(static_cast<double>(kept), 192, 35);
  EXPECT_EQ(input_mask(5), mask);
  EXPECT_EQ(input_mask(5, 3), mask) << "checkpoints draw the same again";
  EXPECT_NE(input_mask(6), mask);
  EXPECT_NE(input_mask(5, 0, 2), mask);
}

template <class Layer, class Options>
void expect_round_trip(const Options& options) {
  RnnOptions sequence{.return_sequences = false, .projection = 2, .go_backwards = true, .timespan_as_feature = true};
  Layer layer(4, options, sequence);
  layer.set_name("one");
  const Json config = Json::parse(to_config(layer).dump());
  const LayerPtr again = make_layer(config, "file");
  EXPECT_EQ(to_config(*again), config);
  const Tensor x = random_tensor({2, 3, 3}, 1).to(Dtype::f32);
  EXPECT_EQ((*again)(x).values(), layer(x).values());
  const CellPtr cell = make_cell(to_config(*layer.cell()), "file");
  EXPECT_EQ(to_config(*cell), to_config(*layer.cell()));
}

TEST(GatedCells, SurviveTheirConfiguration) {
  expect_round_trip<LSTM>(LSTMCellOptions{.activation = "relu6",
                                          .recurrent_activation = "hard_sigmoid",
                                          .unit_forget_bias = false,
                                          .kernel_initialiser = "he_normal",
                                          .recurrent_initialiser = Orthogonal{0.5},
                                          .bias_initialiser = "normal",
                                          .kernel_regulariser = l1_l2(0.1, 0.2),
                                          .recurrent_regulariser = l1(0.3),
                                          .bias_regulariser = l2(0.4),
                                          .kernel_constraint = max_norm(3, 1),
                                          .recurrent_constraint = unit_norm(),
                                          .bias_constraint = non_negative(),
                                          .dropout = 0.25,
                                          .recurrent_dropout = 0.5});
  expect_round_trip<GRU>(GRUCellOptions{.reset_after = false, .recurrent_dropout = 0.125});
  expect_round_trip<SimpleRNN>(SimpleRNNCellOptions{.activation = "selu", .use_bias = false});
  // What is not said has its default.
  EXPECT_EQ(to_config(*make_layer({{"type", "GRU"}, {"config", {{"units", 2}}}}, "file")), to_config(GRU(2)));
}

TEST(GatedCells, ErrorsSayWhatToChange) {
  EXPECT_EQ(message_of<ConfigError>([] { LSTM(0); }), "LSTM: units is 0; expected 1 … 2^20.");
  EXPECT_EQ(message_of<ConfigError>([] { GRU(2, {.dropout = 1}); }), "GRU: dropout is 1; expected in [0, 1).");
  EXPECT_EQ(message_of<ConfigError>([] { SimpleRNN(2, {.recurrent_dropout = -0.5}); }),
            "SimpleRNN: recurrent_dropout is -0.5; expected in [0, 1).");
  EXPECT_THAT(message_of<FormatError>([] {
                make_layer({{"type", "GRU"}, {"config", {{"units", 2}, {"unit_forget_bias", true}}}}, "m.json");
              }),
              HasSubstr("m.json: GRU: key 'unit_forget_bias' is unknown"));
  EXPECT_THAT(message_of<ConfigError>([] { LSTM(2, {.recurrent_activation = "hard_sigmoi"}); }),
              HasSubstr("Did you mean 'hard_sigmoid'?"));
}

}  // namespace
}  // namespace elegans::nn
