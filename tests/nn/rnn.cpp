// The sequence layer: lengths, masks, states, direction, streaming, direct calls.

#include "elegans/nn/rnn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/registry.hpp"
#include "support/count_allocations.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

wiring::Wiring small_ncp() { return wiring::AutoNCP({.units = 7, .output_size = 2, .sparsity_level = 0.3, .seed = 4}); }

// A user's cell: a leaky memory that starts at a learned value, an outer-product memory of rank 2 that starts at a
// constant, and a clock. Output: what the memories say, and the clock.
class TwoMemories : public Cell {
 public:
  std::vector<StateOptions> states() const override {
    return {{.name = "fast", .shape = {units}, .first = FirstState::learned, .value = 0.1},
            {.name = "pairs", .shape = {units, 2}, .first = FirstState::constant, .value = -0.5},
            {.name = "clock", .shape = {1}}};
  }
  std::int64_t output_size() const override { return units + 1; }
  void on_build(const Shape& input) override {
    kernel_ = add_weight({.name = "kernel", .shape = {input.back(), units}});
    mix_ = add_weight({.name = "mix", .shape = {2}});
    rate_ = add_weight({.name = "rate", .shape = {units}, .initialiser = Uniform{0.2, 1}});
  }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override {
    const Value drive = tanh(matmul(x, context.weight(kernel_)) + state[0]);
    const Value keep = exp(-(dt * context.weight(rate_)));
    const Value fast = keep * state[0] + (1.0 - keep) * drive;
    const Dim batch = x.shape()[0];
    const Value pairs = 0.5 * state[1] + broadcast_to(reshape(fast, Shape{batch, units, 1}), state[1].shape()) *
                                             broadcast_to(context.weight(mix_), state[1].shape());
    const Value clock = state[2] + dt;
    return {.output = graph::concat({reduce_sum(pairs, -1), clock}, -1), .state = {fast, pairs, clock}};
  }
  std::string type() const override { return "TwoMemories"; }
  Json config() const override { return Json::object(); }

 private:
  static constexpr std::int64_t units = 3;
  WeightPtr kernel_, mix_, rate_;
};

// A sequence with everything that may belong to it.
struct Sequence {
  Tensor x;
  Tensor timespans;
  std::optional<Tensor> lengths = {};
  std::optional<Tensor> mask = {};
};

struct Evaluation {
  std::vector<Tensor> outputs;                     // y and final states
  std::map<std::string, Tensor> weight_gradients;  // of Σ y · seed
  Tensor x_gradient, timespans_gradient;
};

Evaluation evaluate(RNN& layer, const Sequence& sequence, const Tensor& seed) {
  graph::Graph graph;
  Context context(graph, {.mode = Mode::training});  // checkpoints are for the backward pass
  std::map<std::string, Tensor> inputs;
  const auto input = [&](const char* name, const Tensor& tensor) {
    inputs[name] = tensor;
    return graph.input(name, {tensor.dtype(), tensor.shape()});
  };
  const Value x = input("x", sequence.x), timespans = input("timespans", sequence.timespans);
  context.timespans = timespans;
  if (sequence.lengths) context.lengths = input("lengths", *sequence.lengths);
  if (sequence.mask) context.mask = input("mask", *sequence.mask);
  const Value y = layer(context, x);
  std::vector<Value> wrt{x, timespans};
  for (const auto& [weight, value] : context.weights()) {
    inputs["weight/" + weight->path] = weight->value;
    wrt.push_back(value);
  }
  const auto gradients = graph::gradients(std::array{y}, std::array{input("seed", seed)}, wrt);
  graph.output("y", y);
  for (const StateSlot& slot : context.states()) graph.output(slot.path, slot.final);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    graph.output("gradient " + std::to_string(i), gradients[i].value_or(zeros_like(wrt[i])));
  const std::size_t states = context.states().size();

  graph::Executable run = graph::compile(std::move(graph), {});
  std::vector<View> views;
  for (const graph::Port& port : run.inputs()) views.push_back(inputs.at(port.name));
  std::vector<Tensor> all = run(views);
  Evaluation result;
  result.outputs.assign(all.begin(), all.begin() + 1 + static_cast<std::ptrdiff_t>(states));
  result.x_gradient = all[1 + states];
  result.timespans_gradient = all[2 + states];
  for (std::size_t i = 0; i < context.weights().size(); ++i)
    result.weight_gradients[context.weights()[i].first->path] = all[3 + states + i];
  return result;
}

// Rows [b, b + 1) of axis 0, and steps [0, steps) of axis 1 where steps > 0.
Tensor cut(const Tensor& tensor, std::int64_t b, std::int64_t steps = 0) {
  const std::int64_t time = steps ? tensor.shape()[1].factor() : 1;
  const auto width = static_cast<std::int64_t>(tensor.elements()) / tensor.shape()[0].factor() / time;
  const std::vector<double> values = tensor.values();
  const auto first = values.begin() + b * time * width;
  Shape shape = tensor.shape();
  shape[0] = 1;
  if (steps) shape[1] = steps;
  return Tensor::from(shape, std::vector<double>(first, first + (steps ? steps : 1) * width), tensor.dtype());
}

// Writes `value` into every step of b from `from` on.
void fill_padding(Tensor& tensor, std::int64_t b, std::int64_t from, double value) {
  const std::int64_t time = tensor.shape()[1].factor();
  const auto width = static_cast<std::int64_t>(tensor.elements()) / tensor.shape()[0].factor() / time;
  for (std::int64_t i = (b * time + from) * width; i < (b + 1) * time * width; ++i)
    tensor.as<double>()[static_cast<std::size_t>(i)] = value;
}

struct LayerCase {
  std::string name;
  std::function<std::shared_ptr<RNN>(RnnOptions)> make;
};

std::vector<LayerCase> layer_cases() {
  return {
      {"LTC",
       [](RnnOptions options) {
         return std::make_shared<RNN>(std::make_shared<LTCCell>(small_ncp(), LTCCellOptions{.ode_unfolds = 2}),
                                      options);
       }},
      {"CfC",
       [](RnnOptions options) {
         return std::make_shared<RNN>(std::make_shared<CfCCell>(4, CfCCellOptions{.backbone_units = 5}), options);
       }},
      {"WiredCfC",
       [](RnnOptions options) { return std::make_shared<RNN>(std::make_shared<WiredCfCCell>(small_ncp()), options); }},
      {"Own", [](RnnOptions options) { return std::make_shared<RNN>(std::make_shared<TwoMemories>(), options); }}};
}

struct Direction {
  bool return_sequences;
  bool go_backwards;
  std::int64_t projection;
};

class PaddedBatch : public ::testing::TestWithParam<std::tuple<LayerCase, Direction>> {};

TEST_P(PaddedBatch, EqualsItsSamplesAloneWhateverStandsInThePadding) {
  const auto& [layer_case, direction] = GetParam();
  const auto layer = layer_case.make({.return_sequences = direction.return_sequences,
                                      .projection = direction.projection,
                                      .go_backwards = direction.go_backwards});
  layer->set_numbers(Dtype::f64, 3);
  const std::vector<std::int64_t> lengths{3, 5, 1, 2};
  Sequence batch{.x = random_tensor({4, 5, 2}, 1),
                 .timespans = random_tensor({4, 5}, 2, 0.1, 2),
                 .lengths = Tensor::from({4}, {3, 5, 1, 2}, Dtype::i32)};
  layer->build(batch.x.shape());
  for (std::size_t b = 0; b < 4; ++b) {
    fill_padding(batch.x, static_cast<std::int64_t>(b), lengths[b], nan);
    fill_padding(batch.timespans, static_cast<std::int64_t>(b), lengths[b], b % 2 ? nan : -1e30);
  }
  const Shape y_shape = layer->compute_output_shape(batch.x.shape());
  const Tensor seed = random_tensor(y_shape, 5);
  const Evaluation together = evaluate(*layer, batch, seed);

  std::map<std::string, std::vector<double>> weight_gradients;
  for (std::int64_t b = 0; b < 4; ++b) {
    const std::int64_t steps = lengths[static_cast<std::size_t>(b)];
    const bool sequences = direction.return_sequences;
    const Sequence one{.x = cut(batch.x, b, steps), .timespans = cut(batch.timespans, b, steps)};
    const Evaluation alone = evaluate(*layer, one, cut(seed, b, sequences ? steps : 0));
    // The same operations on the same numbers: bit for bit.
    EXPECT_EQ(cut(together.outputs[0], b, sequences ? steps : 0).values(), alone.outputs[0].values()) << "sample " << b;
    for (std::size_t i = 1; i < alone.outputs.size(); ++i)
      EXPECT_EQ(cut(together.outputs[i], b).values(), alone.outputs[i].values()) << "state " << i << " of sample " << b;
    EXPECT_EQ(cut(together.x_gradient, b, steps).values(), alone.x_gradient.values()) << "sample " << b;
    EXPECT_EQ(cut(together.timespans_gradient, b, steps).values(), alone.timespans_gradient.values()) << "sample " << b;
    for (const auto& [path, gradient] : alone.weight_gradients) {
      auto& sum = weight_gradients[path];
      sum.resize(gradient.elements());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient.values()[i];
    }
    // Padding: outputs and gradients are exactly 0.
    const auto expect_zeros = [&](const Tensor& tensor) {
      const std::vector<double> row = cut(tensor, b, 5).values();
      for (std::size_t i = row.size() / 5 * static_cast<std::size_t>(steps); i < row.size(); ++i)
        EXPECT_EQ(row[i], 0.0);
    };
    if (sequences) expect_zeros(together.outputs[0]);
    expect_zeros(together.x_gradient);
    expect_zeros(together.timespans_gradient);
  }
  // Some hundred terms of size 1 in another order.
  for (const auto& [path, sum] : weight_gradients)
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_NEAR(together.weight_gradients.at(path).values()[i], sum[i], 1e-12) << path;
}

INSTANTIATE_TEST_SUITE_P(Layers, PaddedBatch,
                         ::testing::Combine(::testing::ValuesIn(layer_cases()),
                                            ::testing::Values(Direction{true, false, 0}, Direction{false, false, 0},
                                                              Direction{true, true, 0}, Direction{false, true, 2},
                                                              Direction{true, false, 3})),
                         [](const auto& info) {
                           const Direction& direction = std::get<1>(info.param);
                           return std::get<0>(info.param).name + (direction.return_sequences ? "Sequences" : "Last") +
                                  (direction.go_backwards ? "Backwards" : "") +
                                  (direction.projection ? "Projected" : "");
                         });

TEST(RNN, SkipsMaskedStepsWhereverTheyStand) {
  for (const LayerCase& layer_case : layer_cases()) {
    SCOPED_TRACE(layer_case.name);
    const auto layer = layer_case.make({});
    layer->set_numbers(Dtype::f64, 3);
    const Tensor x = random_tensor({1, 3, 2}, 1), timespans = random_tensor({1, 3}, 2, 0.1, 2);
    const SequenceOutput plain = (*layer)({.x = x, .timespans = timespans});
    // The same steps with two more, which are to be skipped.
    const auto spread = [](const Tensor& tensor, std::size_t width) {
      const std::vector<double> values = tensor.values();
      std::vector<double> out(width, nan);
      const auto add = [&](std::size_t first, std::size_t last) {
        out.insert(out.end(), values.begin() + static_cast<std::ptrdiff_t>(first * width),
                   values.begin() + static_cast<std::ptrdiff_t>(last * width));
      };
      add(0, 2);
      out.insert(out.end(), width, nan);
      add(2, 3);
      return out;
    };
    const Tensor spread_x = Tensor::from({1, 5, 2}, spread(x, 2), Dtype::f64);
    const Tensor spread_timespans = Tensor::from({1, 5}, spread(timespans, 1), Dtype::f64);
    const Tensor mask = Tensor::from({1, 5}, {0, 1, 1, 0, 1}, Dtype::f64);
    const SequenceOutput masked = (*layer)({.x = spread_x, .timespans = spread_timespans, .mask = mask});
    for (std::size_t i = 0; i < plain.state.size(); ++i) EXPECT_EQ(masked.state[i].values(), plain.state[i].values());
    const auto width = static_cast<std::size_t>(layer->cell()->output_size());
    const std::vector<double> y = plain.output.values();
    std::vector<double> expected(width, 0.0);
    expected.insert(expected.end(), y.begin(), y.begin() + static_cast<std::ptrdiff_t>(2 * width));
    expected.insert(expected.end(), width, 0.0);
    expected.insert(expected.end(), y.begin() + static_cast<std::ptrdiff_t>(2 * width), y.end());
    EXPECT_EQ(masked.output.values(), expected);
    // A mask and lengths: a step counts where both say so.
    const Tensor ones = Tensor::from({1, 5}, {1, 1, 1, 1, 1}, Dtype::f64), two = Tensor::from({1}, {2}, Dtype::i32);
    const Tensor x5 = random_tensor({1, 5, 2}, 9);
    EXPECT_EQ((*layer)({.x = x5, .lengths = two, .mask = ones}).output.values(),
              (*layer)({.x = x5, .lengths = two}).output.values());
  }
}

TEST(RNN, AnEmptySequenceKeepsItsFirstState) {
  RNN layer(std::make_shared<TwoMemories>(), {.return_sequences = false, .projection = 2});
  layer.set_numbers(Dtype::f64, 3);
  const SequenceOutput result =
      layer({.x = Tensor::from({1, 2, 1}, {nan, nan}, Dtype::f64), .lengths = Tensor::from({1}, {0}, Dtype::i32)});
  EXPECT_THAT(result.output.values(), ElementsAre(0, 0));
  EXPECT_THAT(result.state[0].values(), ElementsAre(0.1, 0.1, 0.1));
  EXPECT_THAT(result.state[1].values(), ElementsAre(-0.5, -0.5, -0.5, -0.5, -0.5, -0.5));
  EXPECT_THAT(result.state[2].values(), ElementsAre(0));
}

TEST(RNN, StreamingEqualsTheBatchBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const LayerCase& layer_case : layer_cases()) {
      SCOPED_TRACE(layer_case.name);
      const auto layer = layer_case.make({});
      layer->set_numbers(dtype, 3);
      const Tensor x = random_tensor({3, 6, 2}, 1).to(dtype), timespans = random_tensor({3, 6}, 2, 0.1, 2).to(dtype);
      const SequenceOutput whole = (*layer)({.x = x, .timespans = timespans});
      const auto step_of = [](const Tensor& tensor, std::int64_t t, const Shape& shape) {
        std::vector<double> out;
        const std::vector<double> values = tensor.values();
        const auto time = tensor.shape()[1].factor();
        const auto width = static_cast<std::int64_t>(values.size()) / 3 / time;
        for (std::int64_t b = 0; b < 3; ++b)
          out.insert(out.end(), values.begin() + (b * time + t) * width, values.begin() + (b * time + t + 1) * width);
        return Tensor::from(shape, out, tensor.dtype());
      };
      std::vector<Tensor> state = layer->cell()->first_state(3);
      for (std::int64_t t = 0; t < 6; ++t) {
        auto [y, next] = (*layer->cell())(step_of(x, t, {3, 2}), state, step_of(timespans, t, {3, 1}));
        EXPECT_EQ(y.values(), step_of(whole.output, t, y.shape()).values()) << "step " << t;
        state = std::move(next);
      }
      for (std::size_t i = 0; i < state.size(); ++i) EXPECT_EQ(state[i].values(), whole.state[i].values());
      // In two pieces, the state of the first handed to the second, sample by sample.
      for (std::int64_t b = 0; b < 3; ++b) {
        const SequenceOutput first = (*layer)({.x = cut(x, b, 4), .timespans = cut(timespans, b, 4)});
        EXPECT_EQ(first.output.values(), cut(whole.output, b, 4).values());
        std::vector<View> handed(first.state.begin(), first.state.end());
        const std::vector<double> xs = cut(x, b, 6).values(), gaps = cut(timespans, b, 6).values();
        const Tensor rest = Tensor::from({1, 2, 2}, std::span(xs).last(4), dtype);
        const Tensor rest_gaps = Tensor::from({1, 2}, std::span(gaps).last(2), dtype);
        const SequenceOutput second = (*layer)({.x = rest, .timespans = rest_gaps, .state = handed});
        const std::vector<double> all = cut(whole.output, b, 6).values();
        EXPECT_EQ(second.output.values(),
                  std::vector<double>(all.begin() + static_cast<std::ptrdiff_t>(all.size() / 6 * 4), all.end()));
      }
    }
}

TEST(RNN, TimespansBelongToSamplesWhereBatchEqualsUnits) {
  CfC layer(4, {.backbone_units = 3});
  layer.set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({4, 3, 2}, 1), timespans = random_tensor({4, 3}, 2, 0.1, 2);
  const SequenceOutput together = layer({.x = x, .timespans = timespans});
  for (std::int64_t b = 0; b < 4; ++b)
    EXPECT_EQ(layer({.x = cut(x, b, 3), .timespans = cut(timespans, b, 3)}).output.values(),
              cut(together.output, b, 3).values());
}

TEST(RNN, NoTimespansMeanOne) {
  LTC layer(small_ncp());
  const Tensor x = random_tensor({2, 3, 2}, 1).to(Dtype::f32);
  const Tensor ones = Tensor::from({2, 3}, std::vector<double>(6, 1.0));
  EXPECT_EQ(layer({.x = x}).output.values(), layer({.x = x, .timespans = ones}).output.values());
}

// Its output is Δt.
class Clock : public Cell {
 public:
  std::vector<StateOptions> states() const override { return {{.name = "time", .shape = {1}}}; }
  std::int64_t output_size() const override { return 1; }
  CellOutput step(Context&, Value x, const std::vector<Value>& state, Value dt) override {
    return {.output = dt + 0.0 * x, .state = {state[0] + dt}};
  }
  std::string type() const override { return "Clock"; }
  Json config() const override { return Json::object(); }

 protected:
  void on_build(const Shape&) override {}
};

TEST(RNN, BackwardsUsesTheGapToTheFollowingSample) {
  RNN layer(std::make_shared<Clock>(), {.go_backwards = true});
  const Tensor x({2, 4, 1}), lengths = Tensor::from({2}, {4, 3}, Dtype::i32);
  const Tensor timespans = Tensor::from({2, 4}, {10, 1, 2, 3, 20, 4, 5, 99});
  EXPECT_THAT(layer({.x = x, .timespans = timespans, .lengths = lengths}).output.values(),
              ElementsAre(1, 2, 3, 10, 4, 5, 20, 0));
}

TEST(RNN, CheckpointsChangeNoBit) {
  for (const LayerCase& layer_case : layer_cases()) {
    SCOPED_TRACE(layer_case.name);
    const auto plain = layer_case.make({}), saving = layer_case.make({.checkpoint_every = 3});
    plain->set_numbers(Dtype::f64, 3);
    saving->set_numbers(Dtype::f64, 3);
    const Sequence sequence{.x = random_tensor({2, 7, 2}, 1),
                            .timespans = random_tensor({2, 7}, 2, 0.1, 2),
                            .lengths = Tensor::from({2}, {7, 4}, Dtype::i32)};
    plain->build(sequence.x.shape());
    const Tensor seed = random_tensor(plain->compute_output_shape(sequence.x.shape()), 5);
    const Evaluation a = evaluate(*plain, sequence, seed), b = evaluate(*saving, sequence, seed);
    for (std::size_t i = 0; i < a.outputs.size(); ++i) EXPECT_EQ(a.outputs[i].values(), b.outputs[i].values());
    EXPECT_EQ(a.x_gradient.values(), b.x_gradient.values());
    // Sums over time in another order: in segments.
    for (const auto& [path, gradient] : a.weight_gradients)
      for (std::size_t i = 0; i < gradient.elements(); ++i)
        EXPECT_NEAR(b.weight_gradients.at(path).values()[i], gradient.values()[i], 1e-12) << path;
  }
}

TEST(RNN, GradientsAgreeWithFiniteDifferences) {
  for (const bool symbolic : {false, true})
    for (const std::int64_t k : {0, 2}) {
      RNN layer(std::make_shared<TwoMemories>(), {.projection = 2, .checkpoint_every = k});
      layer.set_numbers(Dtype::f64, 3);
      check_layer_gradient(layer,
                           {.x = random_tensor({2, 5, 2}, 1),
                            .timespans = random_tensor({2, 5}, 2, 0.1, 2),
                            .lengths = Tensor::from({2}, {3, 5}, Dtype::i32),
                            .symbolic = symbolic},
                           {.inputs = {}, .write = {}, .segment_length = k ? k : 1});
    }
}

// Dense → LTC → CfC → Dense, the circuits sharing one wiring.
class Stack : public Layer {
 public:
  Stack() {
    const wiring::Wiring shared = wiring::AutoNCP({.units = 6, .output_size = 2, .seed = 1});
    for (const LayerPtr& layer : std::vector<LayerPtr>{std::make_shared<Dense>(3, "tanh"),
                                                       std::make_shared<LTC>(shared, LTCOptions{.ode_unfolds = 2}),
                                                       std::make_shared<CfC>(shared), std::make_shared<Dense>(1)}) {
      add_part("part_" + std::to_string(layers_.size()), layer);
      layers_.push_back(layer);
    }
  }
  Shape compute_output_shape(const Shape& input) const override { return {input[0], input[1], 1}; }
  std::string type() const override { return "Stack"; }
  Json config() const override { return Json::object(); }

 protected:
  void on_build(const Shape& input) override {
    Shape shape = input;
    for (const LayerPtr& layer : layers_) {
      layer->build(shape);
      shape = layer->compute_output_shape(shape);
    }
  }
  Value call(Context& context, Value x) override {
    for (const LayerPtr& layer : layers_) x = (*layer)(context, x);
    return x;
  }

 private:
  std::vector<LayerPtr> layers_;
};

TEST(RNN, StacksAndSharesAWiring) {
  Stack stack;
  stack.set_numbers(Dtype::f64, 3);
  check_layer_gradient(stack, {.x = random_tensor({2, 3, 2}, 1),
                               .timespans = random_tensor({2, 3}, 2, 0.1, 2),
                               .lengths = Tensor::from({2}, {3, 2}, Dtype::i32)});
}

TEST(RNN, DirectCallsAllocateNothingOnceTheShapeIsKnown) {
  if (!testing::CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  CfC layer(small_ncp(), {.mixed_memory = true});
  const Tensor x({2, 4, 3}), timespans({2, 4}), lengths = Tensor::from({2}, {4, 2}, Dtype::i32);
  const SequenceInput input{.x = x, .timespans = timespans, .lengths = lengths};
  SequenceOutput result = layer(input);
  const std::vector<View> states(result.state.begin(), result.state.end());
  const Tensor step({2, 3}), dt({2});
  Cell& cell = *layer.cell();
  auto [y, next] = cell(step, result.state, dt);
  const std::vector<View> next_views(next.begin(), next.end());
  layer(input, result.output, states);
  cell(step, states, dt, y, next_views);
  const testing::CountAllocations counting;
  layer(input, result.output, states);
  cell(step, states, dt, y, next_views);
  EXPECT_EQ(counting.calls(), 0U);
}

TEST(RNN, SaysWhatDoesNotFit) {
  CfC layer(4);
  layer.set_name("memory");
  const Tensor x({2, 3, 5}), few({2, 2}), lengths = Tensor::from({3}, {1, 1, 1}, Dtype::i32);
  EXPECT_THAT(
      message_of<ShapeError>([&] {
        layer(Tensor({2, 5}));
      }),
      HasSubstr("memory: input is [2, 5]; expected [batch, time, features]. A single sequence is a batch of one."));
  EXPECT_THAT(message_of<ShapeError>([&] { layer({.x = x, .timespans = few}); }),
              HasSubstr("memory: timespans is [2, 2]; expected [2, 3] like the input."));
  EXPECT_THAT(message_of<ShapeError>([&] { layer({.x = x, .lengths = lengths}); }),
              HasSubstr("memory: lengths is [3]; expected [2] like the input."));
  EXPECT_THAT(message_of<ShapeError>([&] {
                layer({.x = x, .state = {few, few}});
              }),
              HasSubstr("memory: the number of states is 2; expected 1, or none to start afresh."));
  EXPECT_THAT(message_of<ShapeError>([&] {
                (*layer.cell())(Tensor({2, 5}), std::vector{Tensor({2, 3})}, Tensor({2}));
              }),
              HasSubstr("state 'h' before the step is [2, 3]; expected [2, 4], as states() says."));
  EXPECT_THAT(message_of<ConfigError>([&] { RNN(layer.cell(), {.checkpoint_every = -1}); }),
              HasSubstr("checkpoint_every is -1"));
}

TEST(RNN, NamesSampleAndStepOfTimesThatCannotBe) {
  CfC layer(4);
  const Tensor x({2, 3, 5}), lengths = Tensor::from({2}, {3, 1}, Dtype::i32);
  const Tensor negative = Tensor::from({2, 3}, {1, 1, -0.5, 1, 1, 1});
  const Tensor padded = Tensor::from({2, 3}, {1, 1, 1, 1, nan, -1});
  EXPECT_THAT(message_of<ConfigError>([&] { layer({.x = x, .timespans = negative}); }),
              HasSubstr("cfc: Δt of sample 0 at step 2 is -0.5; expected a finite number >= 0."));
  EXPECT_THAT(message_of<ConfigError>([&] { layer({.x = x, .timespans = padded}); }),
              HasSubstr("Δt of sample 1 at step 1 is nan"));
  EXPECT_NO_THROW(layer({.x = x, .timespans = padded, .lengths = lengths}));
  const Tensor too_long = Tensor::from({2}, {3, 4}, Dtype::i32);
  EXPECT_THAT(message_of<ConfigError>([&] { layer({.x = x, .lengths = too_long}); }),
              HasSubstr("cfc: the length of sample 1 is 4; expected 0 … 3."));
  const Tensor backwards = Tensor::from({2}, {0, -1});
  EXPECT_THAT(message_of<ConfigError>([&] {
                (*layer.cell())(Tensor({2, 5}), layer.cell()->first_state(2), backwards);
              }),
              HasSubstr("Δt of sample 1 at step 0 is -1"));
}

TEST(RNN, ComesBackFromItsConfiguration) {
  const RNN layer(std::make_shared<LTCCell>(small_ncp()),
                  {.return_sequences = false, .projection = 3, .go_backwards = true, .checkpoint_every = 5});
  const Json config = to_config(layer);
  const auto again = std::dynamic_pointer_cast<RNN>(make_layer(config));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sequence(), layer.sequence());
  EXPECT_EQ(to_config(*again), config);
  EXPECT_THAT(message_of<ConfigError>([] { to_config(RNN(std::make_shared<Clock>())); }), HasSubstr("Clock"));
}

}  // namespace
}  // namespace elegans::nn
