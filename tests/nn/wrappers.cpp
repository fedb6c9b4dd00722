// Layers around layers, and those without weights: Residual, TimeDistributed, StackedCells, Dropout, Flatten, Reshape,
// Activation, ActivityRegularisation.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "elegans/nn/activation_layer.hpp"
#include "elegans/nn/activity_regularisation.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/dropout.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/reshape_layer.hpp"
#include "elegans/nn/residual.hpp"
#include "elegans/nn/time_distributed.hpp"
#include "nn/sequence_cases.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

void expect_round_trip(Layer& layer, const Tensor& x) {
  const Json config = Json::parse(to_config(layer).dump());
  const LayerPtr again = make_layer(config, "file");
  EXPECT_EQ(to_config(*again), config);
  EXPECT_EQ((*again)(x).values(), layer(x).values());
}

TEST(Residual, AddsItsInput) {
  Residual layer(SimpleRNN(3));
  layer.set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({2, 4, 3}, 1);
  const std::vector<double> y = layer(x).values(), inner = (*layer.layer())(x).values(), in = x.values();
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], in[i] + inner[i]);
  check_layer_gradient(layer, {.x = x, .lengths = Tensor::from({2}, {4, 2}, Dtype::i32)});
  EXPECT_TRUE(layer.streams());
  EXPECT_FALSE(Residual(SimpleRNN(3, {}, {.go_backwards = true})).streams());
  Residual single(Dense(3, "tanh"));
  expect_round_trip(single, random_tensor({2, 3}, 1).to(Dtype::f32));
  EXPECT_EQ(message_of<ShapeError>([] {
              Residual(Dense(3)).build({2, 4});
            }),
            "residual: the output of 'dense' is [2, 3]; expected [2, 4], as its input is, for the two are added. Give "
            "it as many units as it has inputs, and return_sequences = true.");
}

TEST(TimeDistributed, IsTheLayerOfEveryStep) {
  TimeDistributed layer(Dense(2, "relu"));
  layer.set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({2, 4, 3}, 1);
  EXPECT_EQ(layer(x).values(), (*layer.layer())(x).values());
  check_layer_gradient(layer, {.x = x, .symbolic = true});
  TimeDistributed flat((Flatten()));
  flat.set_numbers(Dtype::f64, 0);
  const Tensor boxes = random_tensor({2, 3, 4, 5}, 1);
  const Tensor rows = flat(boxes);
  EXPECT_EQ(to_string(rows.shape()), "[2, 3, 20]");
  EXPECT_EQ(rows.values(), boxes.values());
  TimeDistributed fresh(ActivationLayer("gelu"));
  expect_round_trip(fresh, x.to(Dtype::f32));
}

TEST(TimeDistributed, RefusesWhatBelongsToSequences) {
  EXPECT_EQ(message_of<ShapeError>([] {
              TimeDistributed(Dense(3)).build({2, 4});
            }),
            "timedistributed: input is [2, 4]; expected [batch, time, ...] of rank 3 or more. Without time, take the "
            "inner layer alone.");
  EXPECT_EQ(message_of<ConfigError>([] {
              TimeDistributed(LSTM(2))(Tensor({2, 3, 4, 5}));
            }),
            "timedistributed: the inner layer is 'lstm', which has a state; expected a layer without time. Take it "
            "alone: it runs over the steps itself.");
}

// Two layers one after the other compute the same.
TEST(StackedCells, AreTheirLayersOneAfterTheOther) {
  const auto lower = std::make_shared<LSTMCell>(3), upper_twin = std::make_shared<LSTMCell>(3);
  RNN stacked(std::make_shared<StackedCells>(std::vector<CellPtr>{lower, std::make_shared<GRUCell>(2)}));
  LSTM first(3);
  GRU second(2);
  for (RNN* layer : {&stacked, static_cast<RNN*>(&first), static_cast<RNN*>(&second)})
    layer->set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({2, 4, 3}, 1), lengths = Tensor::from({2}, {4, 2}, Dtype::i32);
  stacked.build(x.shape());
  first.build(x.shape());
  second.build(x.shape());
  std::vector<WeightPtr> to = first.weights();
  for (const WeightPtr& weight : second.weights()) to.push_back(weight);
  const std::vector<WeightPtr> from = stacked.weights();
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t i = 0; i < to.size(); ++i) to[i]->value = from[i]->value;

  const SequenceOutput one = first({.x = x, .lengths = lengths});
  const SequenceOutput two = second({.x = one.output, .lengths = lengths});
  const SequenceOutput all = stacked({.x = x, .lengths = lengths});
  EXPECT_EQ(all.output.values(), two.output.values());
  ASSERT_EQ(all.state.size(), 3u);
  EXPECT_EQ(all.state[1].values(), one.state[1].values());
  EXPECT_EQ(all.state[2].values(), two.state[0].values());
  EXPECT_EQ(stacked.cell()->states()[1].name, "cell_0_c");
  EXPECT_EQ(stacked.cell()->output_state(), 2u);
  RNN fresh(std::make_shared<StackedCells>(
      std::vector<CellPtr>{std::make_shared<LSTMCell>(3), std::make_shared<GRUCell>(2)}));
  expect_round_trip(fresh, x.to(Dtype::f32));
  EXPECT_EQ(message_of<ConfigError>([] { StackedCells({}); }),
            "StackedCells: cells is empty; expected one cell or more.");
  EXPECT_EQ(
      message_of<ConfigError>([&] {
        StackedCells({upper_twin, upper_twin});
      }),
      "StackedCells: cell 1 is one that is there already; expected each cell once. Make a second cell of the same "
      "options.");
}

// The mask of a layer while training, for x = 1.
std::vector<double> mask_of(Layer& layer, const Shape& shape, std::int32_t step) {
  layer.set_numbers(Dtype::f64, 0);
  graph::Graph g;
  Context context(g, {.mode = Mode::training, .seed = 1});
  const Value x = g.input("x", {Dtype::f64, shape});
  g.output("y", layer(context, x));
  graph::Executable run = graph::compile(std::move(g), {});
  const Tensor ones =
      Tensor::from(shape, std::vector<double>(static_cast<std::size_t>(shape.elements(Extents{})), 1.0), Dtype::f64);
  const Tensor number = Tensor::from({1}, {static_cast<double>(step)}, Dtype::i32);
  std::vector<View> views;
  for (const graph::Port& port : run.inputs()) views.push_back(port.name == "x" ? View(ones) : View(number));
  return run(views)[0].values();
}

TEST(Dropout, DropsItsRateAndKeepsTheMean) {
  Dropout layer(0.3);
  const std::vector<double> mask = mask_of(layer, {50, 200}, 1);
  double dropped = 0;
  for (const double m : mask) {
    EXPECT_TRUE(m == 0 || m == 1 / 0.7) << m;
    dropped += m == 0;
  }
  // 10 000 draws: deviation √(10 000 · 0.21) < 46, five of them.
  EXPECT_NEAR(dropped, 3000, 230);
  EXPECT_EQ(mask_of(layer, {50, 200}, 1), mask);
  EXPECT_NE(mask_of(layer, {50, 200}, 2), mask);
  const Tensor x = random_tensor({3, 200}, 1);
  EXPECT_EQ(layer(x).values(), x.values()) << "inference changes nothing";
}

TEST(Dropout, SharesItsDrawsAlongAxes) {
  Dropout layer(0.5, {.shared_axes = {-2}});
  const std::vector<double> mask = mask_of(layer, {4, 6, 8}, 1);
  for (std::size_t i = 0; i < mask.size(); ++i) EXPECT_EQ(mask[i], mask[i / 48 * 48 + i % 8]);
  Dropout fresh(0.5, {.shared_axes = {1}});
  expect_round_trip(fresh, random_tensor({2, 3, 4}, 1).to(Dtype::f32));
  EXPECT_EQ(message_of<ConfigError>([] { Dropout(1); }), "Dropout: rate is 1; expected in [0, 1).");
  EXPECT_THAT(message_of<ShapeError>([] {
                Dropout(0.5, {.shared_axes = {3}}).build({2, 3, 4});
              }),
              HasSubstr("Dropout"));
}

TEST(ReshapeLayer, KeepsTheNumbersInTheirOrder) {
  ReshapeLayer layer({2, -1});
  const Tensor x = random_tensor({3, 8}, 1).to(Dtype::f32);
  const Tensor y = layer(x);
  EXPECT_EQ(to_string(y.shape()), "[3, 2, 4]");
  EXPECT_EQ(y.values(), x.values());
  expect_round_trip(layer, x);
  Flatten flatten;
  EXPECT_EQ(to_string(flatten(y).shape()), "[3, 8]");
  expect_round_trip(flatten, y);
  EXPECT_EQ(
      message_of<ConfigError>([] {
        ReshapeLayer({-1, -1});
      }),
      "Reshape: sizes is [-1, -1]; expected 1 to 7 sizes, each 1 or more, one of them -1 at most. Leave the batch "
      "out.");
  EXPECT_EQ(message_of<ShapeError>([] {
              ReshapeLayer({3, -1}).build({2, 8});
            }),
            "reshape: input is [2, 8]; expected a multiple of 3 numbers a sample for the sizes [3, -1].");
  EXPECT_EQ(message_of<ShapeError>([] {
              Flatten().build({Dim::batch(), Dim::time(), 8});
            }),
            "flatten: input is [batch, time, 8]; expected [batch, ...] with all sizes but the batch known. Wrap the "
            "layer in TimeDistributed, or let the layer before give its last step alone (return_sequences = false).");
}

TEST(ActivationLayer, TakesTheOptionsOfItsFunction) {
  ActivationLayer leaky("leaky_relu", {.negative_slope = 0.5}), elu("elu", {.alpha = 2}),
      softmax("softmax", {.axis = 1});
  const Tensor x = Tensor::from({1, 2, 2}, {-2, 1, 3, -4});
  EXPECT_THAT(leaky(x).values(), ElementsAre(-1, 1, 3, -2));
  EXPECT_NEAR(elu(x).values()[0], 2 * std::expm1(-2), 1e-6);
  const std::vector<double> y = softmax(x).values();
  EXPECT_NEAR(y[0], 1 / (1 + std::exp(5.0)), 1e-7);
  EXPECT_NEAR(y[1], 1 / (1 + std::exp(-5.0)), 1e-7);
  for (ActivationLayer* layer : {&leaky, &elu, &softmax}) expect_round_trip(*layer, x);
  EXPECT_EQ(leaky.name(), "activation");
  EXPECT_TRUE(leaky.streams());
  EXPECT_FALSE(softmax.streams()) << "over time";
  EXPECT_EQ(ActivationLayer("leaky_relu")(x).values()[0], -0.4F);
}

TEST(ActivationLayer, ErrorsSayWhatToChange) {
  EXPECT_EQ(message_of<ConfigError>([] { ActivationLayer("relu", {.alpha = 1}); }),
            "Activation: alpha is given for 'relu'; expected 'elu'. Leave it out.");
  EXPECT_EQ(message_of<ConfigError>([] { ActivationLayer("elu", {.alpha = std::nan("")}); }),
            "Activation: alpha is nan; expected a finite number.");
  EXPECT_EQ(
      message_of<ShapeError>([] {
        ActivationLayer("softmax", {.axis = 0}).build({2, 3});
      }),
      "activation: axis is 0, the batch; expected another axis of the input. Samples of a batch have nothing to do "
      "with each other.");
  EXPECT_THROW(ActivationLayer("softmax", {.axis = 2}).build({2, 3}), ShapeError);
}

TEST(ActivityRegularisation, AddsThePenaltyOfTheStepsThatCount) {
  ActivityRegularisation layer(l1_l2(0.5, 2));
  layer.set_numbers(Dtype::f64, 0);
  graph::Graph g;
  Context context(g, {.mode = Mode::training});
  const Value x = g.input("x", {Dtype::f64, {2, 3, 1}});
  context.lengths = g.input("lengths", {Dtype::i32, {2}});
  EXPECT_EQ(layer(context, x), x);
  ASSERT_EQ(context.activity_losses().size(), 1u);
  EXPECT_TRUE(context.losses().empty());
  g.output("loss", context.activity_losses()[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  const Tensor numbers = Tensor::from({2, 3, 1}, {1, -2, std::nan(""), 3, 100, std::nan("")}, Dtype::f64);
  const Tensor lengths = Tensor::from({2}, {2, 1}, Dtype::i32);
  EXPECT_EQ(run(std::array<View, 2>{numbers, lengths})[0].values()[0], 0.5 * (1 + 2 + 3) + 2 * (1 + 4 + 9));
  ActivityRegularisation fresh(l2(0.25));
  expect_round_trip(fresh, random_tensor({2, 3}, 1).to(Dtype::f32));
  EXPECT_EQ(message_of<ConfigError>([] { ActivityRegularisation(Regulariser{}); }),
            "ActivityRegularisation: regulariser is empty; expected a penalty. l2(0.01), say.");
}

}  // namespace
}  // namespace elegans::nn
