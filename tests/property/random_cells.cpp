// Cells that nobody has written: gated bodies with Δt over random wirings, drawn from a seed. They must pass what the
// built-in cells pass: finite differences in every mode and with any pass switched off, training by any number of
// threads, saving and loading, streaming bit for bit, padding of any content.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "elegans/graph/gradient.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/activation.hpp"
#include "elegans/nn/connections_of.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/residual.hpp"
#include "elegans/nn/rnn.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "elegans/nn/stacked_cells.hpp"
#include "elegans/train/trainer.hpp"
#include "elegans/wiring/wiring.hpp"
#include "support/layer_gradients.hpp"

namespace elegans {
namespace {

using graph::Value;
using nn::CellOutput;
using nn::Context;
using testing::random_tensor;

// Small numbers from a seed, the same on every machine.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(seed * 2654435761U + 17) {}
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n)); }
  bool coin() { return below(2) == 1; }

 private:
  std::mt19937_64 engine_;
};

wiring::Wiring random_wiring(Draws& draw, std::int64_t inputs) {
  const auto seed = static_cast<std::uint64_t>(draw.below(1000));
  const std::int64_t units = 4 + draw.below(3);
  wiring::Wiring wiring(units);
  switch (draw.below(4)) {
    case 0:
      wiring = wiring::AutoNCP({.units = units + 1, .output_size = 1 + draw.below(2), .seed = seed});
      break;
    case 1:
      wiring = wiring::Random({.units = units, .output_dim = 2, .sparsity_level = 0.6, .random_seed = seed});
      break;
    case 2:
      wiring = wiring::FullyConnected(
          {.units = 4, .output_dim = 1, .erev_init_seed = seed, .self_connections = draw.coin()});
      break;
    default:  // by hand: few synapses, some neurons without any
      wiring.set_output_dim(2);
      wiring.build(inputs);
      for (int i = 0; i < 5; ++i) wiring.add_synapse(draw.below(units), draw.below(units), draw.coin() ? 1 : -1);
      wiring.add_sensory_synapse(draw.below(inputs), draw.below(units), 1);
      return wiring;
  }
  wiring.build(inputs);
  return wiring;
}

// One to three states of one number a neuron; each is moved by a drive over the wiring through a gate that knows Δt.
class RandomCell : public nn::Cell {
 public:
  RandomCell(std::uint64_t seed, std::int64_t inputs)
      : seed_(seed), inputs_(inputs), draw_(seed), wiring_(random_wiring(draw_, inputs)), states_(1 + draw_.below(3)) {}

  std::vector<nn::StateOptions> states() const override {
    Draws draw(seed_ + 1);
    std::vector<nn::StateOptions> states;
    for (std::int64_t i = 0; i < states_; ++i)
      states.push_back({.name = "state_" + std::to_string(i),
                        .shape = {wiring_.units()},
                        .first = static_cast<nn::FirstState>(draw.below(3)),
                        .value = 0.25});
    return states;
  }
  std::int64_t output_size() const override { return wiring_.output_dim(); }
  std::string type() const override { return "RandomCell"; }
  nn::Json config() const override { return {{"seed", seed_}, {"inputs", inputs_}}; }

  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override {
    Draws draw(seed_ + 2);
    std::vector<Value> next;
    for (std::size_t i = 0; i < state.size(); ++i) {
      const Weights& weights = weights_[i];
      const Value from = draw.coin() || i == 0 ? state[i] : next[i - 1];
      const std::int64_t kind = draw.below(5);
      next.push_back(moved(context, draw, kind, weights, x, from, state[i], dt));
    }
    return {.output = slice(activate(draw, next.back()) + 0.5 * next.front(), -1, 0, wiring_.output_dim()),
            .state = next};
  }

 protected:
  void on_build(const Shape&) override {
    const wiring::PatternRef recurrent = wiring_.recurrent_pattern(), sensory = wiring_.sensory_pattern(inputs_);
    recurrent_ = nn::connections_of(recurrent);
    sensory_ = nn::connections_of(sensory);
    for (std::int64_t i = 0; i < states_; ++i) {
      const auto add = [&](const char* name, const wiring::PatternRef& pattern, nn::Initialiser initialiser) {
        return add_weight({.name = name + std::to_string(i),
                           .shape = pattern ? Shape{} : Shape{wiring_.units()},
                           .initialiser = std::move(initialiser),
                           .pattern = pattern});
      };
      weights_.push_back({.input = add("input_", sensory, nn::Uniform{-1, 1}),
                          .open = add("open_", recurrent, nn::Uniform{0.1, 1}),
                          .slope = add("slope_", recurrent, nn::Uniform{1, 3}),
                          .centre = add("centre_", recurrent, nn::Uniform{-0.3, 0.3}),
                          .pull = add("pull_", recurrent, nn::Uniform{-1, 1}),
                          .bias = add("bias_", nullptr, nn::Uniform{-0.2, 0.2}),
                          .rate = add("rate_", nullptr, nn::Uniform{0.3, 1})});
    }
  }

 private:
  struct Weights {
    nn::WeightPtr input, open, slope, centre, pull, bias, rate;
  };

  static Value activate(Draws& draw, Value x) {
    switch (draw.below(5)) {
      case 0:
        return tanh(x);
      case 1:
        return sigmoid(x);
      case 2:
        return softplus(x) - 0.5;
      case 3:
        return sin(x);
      default:
        return nn::Activation(nn::Activation::gelu)(x);
    }
  }

  // What reaches each neuron: over its sensory synapses, and over the others through weights or through gates.
  Value drive(Context& context, Draws& draw, const Weights& weights, Value x, Value from) const {
    Value sum = sparse_matmul(x, context.weight(weights.input), sensory_) + context.weight(weights.bias);
    if (draw.coin()) return sum + sparse_matmul(from, context.weight(weights.pull), recurrent_);
    const Value gate =
        sigmoid(context.weight(weights.slope) * (gather(from, recurrent_) - context.weight(weights.centre)));
    return sum + scatter_sum(gate * context.weight(weights.pull), recurrent_);
  }

  Value moved(Context& context, Draws& draw, std::int64_t kind, const Weights& weights, Value x, Value from, Value h,
              Value dt) const {
    const Value rate = context.weight(weights.rate);
    switch (kind) {
      case 0: {  // a gate that Δt opens
        const Value g = sigmoid(drive(context, draw, weights, x, from) * dt + rate);
        return (1.0 - g) * h + g * activate(draw, drive(context, draw, weights, x, h));
      }
      case 1: {  // decay
        const Value keep = exp(-(dt * softplus(rate)));
        return keep * h + (1.0 - keep) * activate(draw, drive(context, draw, weights, x, from));
      }
      case 2: {  // an implicit step over gated synapses, in two halves
        const Value half = dt / 2.0, fixed = drive(context, draw, weights, x, from);
        const auto body = [&](const graph::Loop& loop) {
          const Value v = loop.carried[0];
          const Value a =
              context.weight(weights.open) *
              sigmoid(context.weight(weights.slope) * (gather(v, recurrent_) - context.weight(weights.centre)));
          const Value conductance = softplus(rate) + scatter_sum(a, recurrent_);
          const Value current = fixed + scatter_sum(a * context.weight(weights.pull), recurrent_);
          return graph::LoopResult{
              .carried = {(v + half * current) / (1.0 + half * conductance)}, .stacked = {}, .summed = {}};
        };
        return scan(2, std::array{h}, {}, body).carried[0];
      }
      case 3: {  // bounded growth
        const Value g = sigmoid(drive(context, draw, weights, x, h));
        return h + (1.0 - exp(-dt)) * g * (activate(draw, drive(context, draw, weights, x, from)) - rate * h);
      }
      default: {  // reset and update
        const Value r = sigmoid(drive(context, draw, weights, x, from));
        const Value z = exp(-(dt * sigmoid(drive(context, draw, weights, x, h))));
        return z * h + (1.0 - z) * tanh(drive(context, draw, weights, x, r * h));
      }
    }
  }

  std::uint64_t seed_;
  std::int64_t inputs_;
  Draws draw_;
  wiring::Wiring wiring_;
  std::int64_t states_;
  ops::ConnectionsPtr recurrent_, sensory_;
  std::vector<Weights> weights_;
};

// Passes that are off: none in half of the cases.
std::vector<std::string> some_passes(Draws& draw) {
  std::vector<std::string> off;
  for (const char* pass : {"simplify", "hoist", "fuse"})
    if (draw.below(5) == 0) off.emplace_back(pass);
  return off;
}

// Forty recordings of 2 to 6 steps, Δt between 0 and 1.
train::Dataset some_recordings(std::uint64_t seed) {
  Draws draw(seed);
  std::vector<train::Recording> all;
  for (int r = 0; r < 40; ++r) {
    train::Recording& recording = all.emplace_back();
    recording.name = "recording " + std::to_string(r);
    for (std::int64_t step = 2 + draw.below(5); step > 0; --step) {
      for (int feature = 0; feature < 3; ++feature)
        recording.features.push_back(static_cast<double>(draw.below(2001) - 1000) / 1000);
      recording.dt.push_back(static_cast<double>(draw.below(1000)) / 1000);
      recording.targets.push_back(recording.features.back() / 2);
    }
  }
  return train::make_dataset({.features = {"a", "b", "c"}, .targets = {"y"}}, std::move(all));
}

// Of two features: a layer of gates with dropout and penalties, or a way around one, or cells on top of each
// other.
nn::LayerPtr classic_layer(std::uint64_t seed) {
  const double rate = seed % 2 == 0 ? 0.25 : 0;
  const nn::Regulariser penalty = seed % 4 == 1 ? nn::l1_l2(1e-3, 1e-3) : nn::Regulariser{};
  const auto lstm = [&](std::int64_t units) {
    return std::make_shared<nn::LSTM>(
        units, nn::LSTMCellOptions{.recurrent_regulariser = penalty, .dropout = rate, .recurrent_dropout = rate});
  };
  if (seed % 3 == 0) return std::make_shared<nn::Residual>(lstm(2));
  if (seed % 3 == 1) return lstm(14);  // whose sums go in several chains
  return std::make_shared<nn::RNN>(
      std::make_shared<nn::StackedCells>(std::vector<nn::CellPtr>{
          std::make_shared<nn::SimpleRNNCell>(3), std::make_shared<RandomCell>(seed, 3),
          std::make_shared<nn::GRUCell>(2, nn::GRUCellOptions{.reset_after = seed % 2 == 0, .dropout = rate})}),
      nn::RnnOptions{.timespan_as_feature = seed % 2 == 1});
}

class RandomCells : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomCells, GradientsAgreeWithFiniteDifferences) {
  Draws draw(GetParam() + 1000);
  const std::int64_t every = draw.below(3) * draw.below(2) + 0;
  nn::RNN layer(std::make_shared<RandomCell>(GetParam(), 2), {.return_sequences = draw.coin(),
                                                              .projection = draw.below(2) * 2,
                                                              .go_backwards = draw.coin(),
                                                              .checkpoint_every = every});
  layer.set_numbers(Dtype::f64, GetParam());
  testing::LayerInputs inputs{.x = random_tensor({2, 4, 2}, 1)};
  if (draw.below(4) > 0) inputs.timespans = random_tensor({2, 4}, 2, 0.2, 2);
  if (draw.coin()) inputs.lengths = Tensor::from({2}, {2, 4}, Dtype::i32);
  inputs.symbolic = draw.coin();
  if (draw.below(3) == 0 && !inputs.symbolic) inputs.mask = Tensor::from({2, 4}, {1, 0, 1, 1, 0, 1, 1, 0}, Dtype::f64);
  testing::check_layer_gradient(layer, inputs,
                                {.inputs = {},
                                 .write = {},
                                 .disable = some_passes(draw),
                                 .target = draw.coin() ? kernels::Target::scalar : kernels::Target::best});
}

// Two updates of a stack with built-in cells around: the same bits for one and two threads; the file gives the network
// back; step by step it answers what it says of the whole sequence.
TEST_P(RandomCells, TrainsIsSavedAndStreams) {
  static const bool known = [] {
    nn::register_cell("RandomCell", [](const nn::Json& config) {
      return std::make_shared<RandomCell>(config.at("seed").get<std::uint64_t>(),
                                          config.at("inputs").get<std::int64_t>());
    });
    return true;
  }();
  ASSERT_TRUE(known);
  const train::Dataset data = some_recordings(GetParam());
  std::vector<std::vector<std::byte>> files;
  for (const std::size_t threads : {1, 2}) {
    Sequential model({.name = "stack", .seed = GetParam()});
    model.add(nn::Dense(2, "tanh"))
        .add(nn::RNN(std::make_shared<RandomCell>(GetParam(), 2), {.checkpoint_every = GetParam() % 3 == 0 ? 2 : 0}))
        .add(
            nn::LTC(wiring::AutoNCP({.units = 6, .output_size = 2}), {.checkpoint_every = GetParam() % 3 == 0 ? 2 : 0}))
        .add(classic_layer(GetParam()))
        .add(nn::Dense(1));
    Trainer trainer(model, {.batch_size = 20, .epochs = 1, .threads = threads});
    trainer.fit(data);
    EXPECT_EQ(trainer.step(), 2u);
    files.push_back(model::to_model_file(model, {}));
  }
  EXPECT_EQ(files[0], files[1]);

  model::LoadedModel loaded = model::parse_model(files[0], "stack");
  Policy policy(loaded.network);
  const Tensor x = random_tensor({1, 6, 3}, 3).to(Dtype::f32), dt = random_tensor({1, 6}, 4, 0, 2).to(Dtype::f32);
  const std::vector<double> whole = loaded.network.predict(x, {.timespans = dt}).values();
  for (std::size_t t = 0; t < 6; ++t) {
    float answer = 0;
    ASSERT_TRUE(policy.step(x.as<float>().subspan(3 * t, 3), dt.as<float>()[t], std::span(&answer, 1)).ok());
    EXPECT_EQ(answer, whole[t]) << "step " << t;
  }
}

TEST_P(RandomCells, StreamsBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    nn::RNN layer(std::make_shared<RandomCell>(GetParam(), 3));
    layer.set_numbers(dtype, GetParam());
    const Tensor x = random_tensor({1, 7, 3}, 1).to(dtype), timespans = random_tensor({1, 7}, 2, 0, 2).to(dtype);
    const nn::SequenceOutput whole = layer({.x = x, .timespans = timespans});
    // The layer's own first state: some are learned.
    std::vector<Tensor> state = layer({.x = x, .lengths = Tensor::from({1}, {0}, Dtype::i32)}).state;
    const std::vector<double> all = whole.output.values();
    const auto width = static_cast<std::size_t>(layer.cell()->output_size());
    for (std::size_t t = 0; t < 7; ++t) {
      const std::vector<double> xs = x.values(), dts = timespans.values();
      auto [y, next] = (*layer.cell())(Tensor::from({1, 3}, std::span(xs).subspan(3 * t, 3), dtype), state,
                                       Tensor::from({1}, std::span(dts).subspan(t, 1), dtype));
      const auto row = std::span(all).subspan(width * t, width);
      ASSERT_EQ(y.values(), std::vector<double>(row.begin(), row.end())) << "step " << t;
      state = std::move(next);
    }
    for (std::size_t i = 0; i < state.size(); ++i) EXPECT_EQ(state[i].values(), whole.state[i].values());
  }
}

TEST_P(RandomCells, PaddingDoesNotMatter) {
  nn::RNN layer(std::make_shared<RandomCell>(GetParam(), 2));
  layer.set_numbers(Dtype::f64, GetParam());
  Tensor x = random_tensor({2, 5, 2}, 1), timespans = random_tensor({2, 5}, 2, 0, 2);
  const Tensor lengths = Tensor::from({2}, {5, 2}, Dtype::i32);
  const nn::SequenceOutput clean = layer({.x = x, .timespans = timespans, .lengths = lengths});
  for (std::size_t i = 14; i < 20; ++i) x.as<double>()[i] = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 7; i < 10; ++i) timespans.as<double>()[i] = std::numeric_limits<double>::infinity();
  const nn::SequenceOutput dirty = layer({.x = x, .timespans = timespans, .lengths = lengths});
  EXPECT_EQ(dirty.output.values(), clean.output.values());
  for (std::size_t i = 0; i < clean.state.size(); ++i) EXPECT_EQ(dirty.state[i].values(), clean.state[i].values());
  for (const double value : dirty.output.values()) EXPECT_TRUE(std::isfinite(value));
}

// The layer and the gradients of its input, its Δt and its weights, compiled for extents up to `reserve`.
graph::Executable compiled_gradients(nn::RNN& layer, Dtype dtype, const Extents& reserve) {
  graph::Graph graph;
  std::vector<Value> inputs{graph.input("x", {dtype, {Dim::batch(), Dim::time(), 2}}),
                            graph.input("timespans", {dtype, {Dim::batch(), Dim::time()}})};
  Context context(graph, {.mode = nn::Mode::training});
  context.timespans = inputs[1];
  for (const nn::WeightPtr& weight : layer.weights()) {
    const Tensor& value = weight->value;
    inputs.push_back(graph.input("weight " + std::to_string(inputs.size()), {value.dtype(), value.shape()}));
    context.provide(weight, inputs.back());
  }
  const Value y = layer(context, inputs[0]);
  graph.output("y", y);
  const std::vector<Value> found = gradients(sum(square(y)), inputs);
  for (std::size_t i = 0; i < found.size(); ++i) graph.output("gradient " + std::to_string(i), found[i]);
  return graph::compile(std::move(graph), {.reserve = reserve});
}

// Larger, smaller and odd batches one after the other: whole vectors, single samples, and what is neither.
TEST_P(RandomCells, GivesTheSameBitsWhateverWasReservedAndRunBefore) {
  const Dtype dtype = GetParam() % 2 == 0 ? Dtype::f32 : Dtype::f64;
  nn::RNN layer(std::make_shared<RandomCell>(GetParam(), 2));
  layer.set_numbers(dtype, GetParam());
  layer.build({1, 1, 2});
  graph::Executable large = compiled_gradients(layer, dtype, {.batch = 33, .time = 6});
  for (const Extents& at :
       {Extents{.batch = 33, .time = 6}, Extents{.batch = 1, .time = 1}, Extents{.batch = 16, .time = 6},
        Extents{.batch = 2, .time = 3}, Extents{.batch = 17, .time = 1}, Extents{.batch = 32, .time = 4},
        Extents{.batch = 1, .time = 6}, Extents{.batch = 33, .time = 6}}) {
    const Tensor x = random_tensor({at.batch, at.time, 2}, 1).to(dtype),
                 timespans = random_tensor({at.batch, at.time}, 2, 0, 2).to(dtype);
    std::vector<View> given{x.view(), timespans.view()};
    for (const nn::WeightPtr& weight : layer.weights()) given.push_back(weight->value.view());
    const std::vector<Tensor> again = large(given), once = compiled_gradients(layer, dtype, at)(given);
    ASSERT_EQ(again.size(), once.size());
    for (std::size_t i = 0; i < once.size(); ++i)
      EXPECT_EQ(again[i].values(), once[i].values())
          << "output " << i << ", batch " << at.batch << ", time " << at.time;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCells, ::testing::Range<std::uint64_t>(0, 12));
INSTANTIATE_TEST_SUITE_P(HeavySeeds, RandomCells, ::testing::Range<std::uint64_t>(12, 24));

}  // namespace
}  // namespace elegans
