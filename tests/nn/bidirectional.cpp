// Sequences in both directions against two layers and a loop over the samples that puts their outputs together.

#include "elegans/nn/bidirectional.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/nn/dense.hpp"
#include "elegans/nn/registry.hpp"
#include "nn/sequence_cases.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

constexpr std::int64_t batch = 3, time = 5;

struct Case {
  std::string name;
  std::function<std::shared_ptr<RNN>(RnnOptions)> make;
};

class InBothDirections : public ::testing::TestWithParam<std::tuple<Case, bool, Merge>> {};

double merged(Merge merge, double a, double b) {
  return merge == Merge::sum ? a + b : merge == Merge::average ? (a + b) / 2 : a * b;
}

// Answers and final states, forward and backward, for x, Δt and lengths.
struct Answer {
  Tensor y;
  std::vector<std::vector<double>> states;
};
Answer answer_of(Bidirectional& layer, const Tensor& x, const Tensor& timespans, const Tensor& lengths) {
  graph::Graph g;
  Context context(g);
  const Value in = g.input("x", {x.dtype(), x.shape()});
  context.timespans = g.input("timespans", {x.dtype(), timespans.shape()});
  context.lengths = g.input("lengths", {Dtype::i32, lengths.shape()});
  g.output("y", layer(context, in));
  for (const StateSlot& slot : context.states()) g.output(slot.path, slot.final);
  std::map<std::string, Tensor> inputs{{"x", x}, {"timespans", timespans}, {"lengths", lengths}};
  for (const auto& [weight, value] : context.weights()) inputs["weight/" + weight->path] = weight->value;
  graph::Executable run = graph::compile(std::move(g), {});
  std::vector<View> views;
  for (const graph::Port& port : run.inputs()) views.push_back(inputs.at(port.name));
  std::vector<Tensor> all = run(views);
  Answer answer{.y = all[0], .states = {}};
  for (std::size_t i = 1; i < all.size(); ++i) answer.states.push_back(all[i].values());
  return answer;
}

TEST_P(InBothDirections, IsTwoLayersPutTogetherInTheOrderOfTime) {
  const auto& [one, sequences, merge] = GetParam();
  Bidirectional layer(one.make({.return_sequences = sequences}), {.merge = merge});
  layer.set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({batch, time, 2}, 1), timespans = random_tensor({batch, time}, 2, 0.1, 2),
               lengths = Tensor::from({batch}, {3, 5, 0}, Dtype::i32);
  const Answer both = answer_of(layer, x, timespans, lengths);

  const SequenceInput input{.x = x, .timespans = timespans, .lengths = lengths};
  const SequenceOutput forward = (*layer.forward())(input), backward = (*layer.backward())(input);
  std::vector<std::vector<double>> states;
  for (const SequenceOutput* half : {&forward, &backward})
    for (const Tensor& state : half->state) states.push_back(state.values());
  EXPECT_EQ(both.states, states);

  const std::vector<double> f = forward.output.values(), b = backward.output.values(), y = both.y.values();
  const std::int64_t rows = sequences ? batch * time : batch;
  const auto width = f.size() / static_cast<std::size_t>(rows);
  const std::vector<double> counted = lengths.values();
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t sample = sequences ? row / time : row, t = sequences ? row % time : 0;
    const auto length = static_cast<std::int64_t>(counted[static_cast<std::size_t>(sample)]);
    // The backward layer came to step t after length − 1 − t others.
    const std::int64_t other = !sequences || t >= length ? row : sample * time + length - 1 - t;
    for (std::size_t i = 0; i < width; ++i) {
      const double from_f = f[static_cast<std::size_t>(row) * width + i],
                   from_b = b[static_cast<std::size_t>(other) * width + i];
      if (merge == Merge::concat) {
        EXPECT_EQ(y[static_cast<std::size_t>(row) * 2 * width + i], from_f);
        EXPECT_EQ(y[static_cast<std::size_t>(row) * 2 * width + width + i], from_b);
      } else {
        EXPECT_EQ(y[static_cast<std::size_t>(row) * width + i], merged(merge, from_f, from_b));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layers, InBothDirections,
    ::testing::Combine(
        ::testing::Values(
            Case{"LSTM", [](RnnOptions options) { return std::make_shared<LSTM>(3, LSTMCellOptions{}, options); }},
            Case{"CfC",
                 [](RnnOptions options) {
                   return std::make_shared<CfC>(
                       3, CfCOptions{.return_sequences = options.return_sequences, .backbone_units = 4});
                 }}),
        ::testing::Bool(), ::testing::Values(Merge::concat, Merge::sum, Merge::average, Merge::multiply)),
    [](const auto& info) {
      return std::get<0>(info.param).name + (std::get<1>(info.param) ? "Sequences" : "Last") +
             std::string(name(std::get<2>(info.param)));
    });

TEST(Bidirectional, GradientsAgreeWithFiniteDifferences) {
  for (const bool sequences : {true, false}) {
    Bidirectional layer(GRU(2, {}, {.return_sequences = sequences}), {.merge = Merge::multiply});
    layer.set_numbers(Dtype::f64, 3);
    testing::check_layer_gradient(layer, {.x = random_tensor({2, 4, 3}, 1),
                                          .timespans = random_tensor({2, 4}, 2, 0.2, 2),
                                          .lengths = Tensor::from({2}, {2, 4}, Dtype::i32),
                                          .symbolic = true});
  }
  Bidirectional layer(LTC(small_ncp(), {.ode_unfolds = 2}));
  layer.set_numbers(Dtype::f64, 3);
  testing::check_layer_gradient(layer,
                                {.x = random_tensor({2, 4, 3}, 1), .timespans = random_tensor({2, 4}, 2, 0.2, 2)});
}

TEST(Bidirectional, TurnsNothingTwice) {
  Bidirectional layer(SimpleRNN(2));
  graph::Graph g;
  Context context(g);
  context.lengths = g.input("lengths", {Dtype::i32, {Dim::batch()}});
  g.output("y", layer(context, g.input("x", {Dtype::f32, {Dim::batch(), Dim::time(), 3}})));
  const graph::Executable run = graph::compile(std::move(g), {});
  EXPECT_EQ(graph::to_string(run.graph()).find("reverse_sequence"), std::string::npos);
}

TEST(Bidirectional, SurvivesItsConfiguration) {
  Bidirectional layer(LTC(small_ncp()), {.merge = Merge::sum});
  const Json config = Json::parse(to_config(layer).dump());
  const LayerPtr again = make_layer(config, "file");
  EXPECT_EQ(to_config(*again), config);
  const Tensor x = random_tensor({2, 3, 3}, 1).to(Dtype::f32);
  EXPECT_EQ((*again)(x).values(), layer(x).values());
  EXPECT_FALSE(layer.streams());
  EXPECT_EQ(layer.weights().front()->path.rfind("bidirectional/forward/cell/", 0), 0u);
  EXPECT_NE(layer.forward()->weights()[0]->value.values(), layer.backward()->weights()[0]->value.values());
}

TEST(Bidirectional, TwoLayersOfOnesOwn) {
  Bidirectional layer(std::make_shared<LSTM>(3),
                      std::make_shared<GRU>(2, GRUCellOptions{}, RnnOptions{.go_backwards = true}));
  EXPECT_EQ(to_string(layer.compute_output_shape({2, 4, 3})), "[2, 4, 5]");
}

TEST(Bidirectional, ErrorsSayWhatToChange) {
  EXPECT_EQ(
      message_of<ConfigError>([] { Bidirectional(LSTM(2, {}, {.go_backwards = true})); }),
      "Bidirectional: layer is one that runs backwards; expected the forward layer. The backward layer is made of "
      "it; leave go_backwards out.");
  EXPECT_EQ(message_of<ConfigError>([] { Bidirectional(std::make_shared<LSTM>(2), std::make_shared<LSTM>(2)); }),
            "Bidirectional: go_backwards is false of the forward layer and false of the backward one; expected false "
            "and true.");
  EXPECT_EQ(message_of<ConfigError>([] {
              Bidirectional(std::make_shared<LSTM>(2),
                            std::make_shared<LSTM>(2, LSTMCellOptions{},
                                                   RnnOptions{.return_sequences = false, .go_backwards = true}));
            }),
            "Bidirectional: return_sequences is not the same in both layers; expected the same.");
  EXPECT_EQ(message_of<ShapeError>([] {
              Bidirectional(std::make_shared<LSTM>(2),
                            std::make_shared<LSTM>(3, LSTMCellOptions{}, RnnOptions{.go_backwards = true}),
                            {.merge = Merge::sum})
                  .build({2, 4, 3});
            }),
            "bidirectional: the backward layer's output is [2, 4, 3]; expected [2, 4, 2], as the forward layer's is. "
            "Only \"concat\" merges different numbers of features.");
  EXPECT_THAT(message_of<ConfigError>([] { merge_named("av"); }), HasSubstr("Did you mean 'ave'?"));
  EXPECT_THAT(message_of<FormatError>([] {
                make_layer({{"type", "Bidirectional"},
                            {"config", {{"forward", to_config(Dense(2))}, {"backward", to_config(Dense(2))}}}},
                           "m.json");
              }),
              HasSubstr("Bidirectional: forward is 'Dense'; expected a sequence layer."));
}

}  // namespace
}  // namespace elegans::nn
