// Continuous-time cells of random sizes and options, drawn from a seed: finite differences with any pass switched off,
// the configuration, streaming bit for bit, padding of any content.

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "elegans/nn/ctgru.hpp"
#include "elegans/nn/ctrnn.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/neural_ode.hpp"
#include "elegans/nn/registry.hpp"
#include "support/layer_gradients.hpp"

namespace elegans {
namespace {

using nn::CellPtr;
using testing::random_tensor;

// Small numbers from a seed, the same on every machine.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(seed * 2654435761U + 91) {}
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n)); }
  bool coin() { return below(2) == 1; }

 private:
  std::mt19937_64 engine_;
};

// Any weights of [inputs, units], none and all among them.
nn::PatternPtr random_pattern(Draws& draw, std::int64_t inputs, std::int64_t units) {
  if (draw.below(3) > 0) return nullptr;
  const std::int64_t density = draw.below(4);  // thirds
  std::vector<wiring::Synapse> synapses;
  for (std::int32_t i = 0; i < inputs; ++i)
    for (std::int32_t u = 0; u < units; ++u)
      if (draw.below(3) < density) synapses.push_back({i, u, static_cast<std::int8_t>(draw.coin() ? 1 : -1)});
  return wiring::Pattern::from_synapses(synapses, inputs, units);
}

wiring::Wiring random_wiring(Draws& draw, std::int64_t inputs) {
  const auto seed = static_cast<std::uint64_t>(draw.below(1000));
  if (draw.coin()) return wiring::AutoNCP({.units = 5 + draw.below(3), .output_size = 1 + draw.below(2), .seed = seed});
  if (draw.coin()) return wiring::FullyConnected({.units = 1 + draw.below(4), .erev_init_seed = seed});
  const std::int64_t units = 2 + draw.below(4);
  wiring::Wiring wiring(units);  // some neurons, or all, without any synapse
  wiring.set_output_dim(1 + draw.below(units));
  wiring.build(inputs);
  for (std::int64_t i = draw.below(5); i > 0; --i)
    wiring.add_synapse(draw.below(units), draw.below(units), draw.coin() ? 1 : -1);
  if (draw.coin()) wiring.add_sensory_synapse(draw.below(inputs), draw.below(units), 1);
  return wiring;
}

const char* any_activation(Draws& draw) {
  constexpr std::array names{"tanh", "sigmoid", "linear", "softplus", "silu"};
  return names[static_cast<std::size_t>(draw.below(names.size()))];
}

nn::Solver any_solver(Draws& draw, std::int64_t among) { return static_cast<nn::Solver>(draw.below(among)); }

CellPtr random_cell(Draws& draw, std::int64_t inputs) {
  const std::int64_t units = 1 + draw.below(4);
  const nn::Regulariser penalty = draw.coin() ? nn::l2(0.1) : nn::Regulariser{};
  switch (draw.below(4)) {
    case 0: {
      nn::CTRNNCellOptions options{.activation = any_activation(draw),
                                   .solver = any_solver(draw, 4),
                                   .ode_unfolds = 1 + draw.below(3),
                                   .tau = 0.5 + 0.5 * static_cast<double>(draw.below(4)),
                                   .fix_tau = draw.coin(),
                                   .use_bias = draw.coin(),
                                   .use_scale = draw.coin(),
                                   .recurrent_regulariser = penalty};
      if (draw.coin()) {
        options.polarity = static_cast<nn::Polarity>(draw.below(2));
        return std::make_shared<nn::CTRNNCell>(random_wiring(draw, inputs), options);
      }
      options.input_pattern = random_pattern(draw, inputs, units);
      return std::make_shared<nn::CTRNNCell>(units, options);
    }
    case 1:
      return std::make_shared<nn::CTGRUCell>(
          units, nn::CTGRUCellOptions{.scales = 1 + draw.below(5),
                                      .tau = 0.25 + static_cast<double>(draw.below(3)),
                                      .ratio = 1.5 + static_cast<double>(draw.below(3)),
                                      .decay = draw.coin() ? nn::Decay::before_event : nn::Decay::after_event,
                                      .activation = any_activation(draw),
                                      .use_bias = draw.coin(),
                                      .input_pattern = random_pattern(draw, inputs, units),
                                      .recurrent_regulariser = penalty});
    case 2: {
      const std::int64_t layers = draw.below(3), width = 1 + draw.below(4);
      return std::make_shared<nn::NeuralODECell>(
          units, nn::NeuralODECellOptions{.activation = any_activation(draw),
                                          .hidden_layers = layers,
                                          .hidden_units = width,
                                          .hidden_activation = any_activation(draw),
                                          .solver = any_solver(draw, 3),
                                          .ode_unfolds = 1 + draw.below(3),
                                          .use_bias = draw.coin(),
                                          .input_pattern = random_pattern(draw, inputs, layers > 0 ? width : units),
                                          .recurrent_regulariser = penalty});
    }
    default:
      return std::make_shared<nn::LTCCell>(random_wiring(draw, inputs),
                                           nn::LTCCellOptions{.ode_unfolds = 1 + draw.below(3),
                                                              .solver = any_solver(draw, 4),
                                                              .implicit_param_constraints = draw.coin()});
  }
}

struct Drawn {
  std::int64_t inputs;
  std::shared_ptr<nn::RNN> layer;
};

Drawn random_layer(std::uint64_t seed) {
  Draws draw(seed);
  const std::int64_t inputs = 1 + draw.below(3);
  CellPtr cell = random_cell(draw, inputs);
  if (draw.below(4) == 0) cell = std::make_shared<nn::MixedMemory>(cell);
  return {inputs, std::make_shared<nn::RNN>(cell, nn::RnnOptions{.return_sequences = draw.coin(),
                                                                 .projection = draw.below(3),
                                                                 .go_backwards = draw.coin(),
                                                                 .checkpoint_every = draw.below(3)})};
}

class RandomOdeCells : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomOdeCells, GradientsAgreeWithFiniteDifferences) {
  Draws draw(GetParam() + 1000);
  const auto [inputs, layer] = random_layer(GetParam());
  layer->set_numbers(Dtype::f64, GetParam());
  const std::int64_t batch = 1 + draw.below(3), time = 1 + draw.below(4);
  testing::LayerInputs given{.x = random_tensor({batch, time, inputs}, 1)};
  if (draw.below(4) > 0) given.timespans = random_tensor({batch, time}, 2, 0.1, 1.2);
  if (draw.coin()) {
    std::vector<double> lengths;
    for (std::int64_t b = 0; b < batch; ++b) lengths.push_back(static_cast<double>(draw.below(time + 1)));
    given.lengths = Tensor::from({batch}, lengths, Dtype::i32);
  }
  given.symbolic = draw.coin();
  std::vector<std::string> off;
  for (const char* pass : {"simplify", "hoist", "fuse"})
    if (draw.below(5) == 0) off.emplace_back(pass);
  testing::check_layer_gradient(*layer, given,
                                {.inputs = {},
                                 .write = {},
                                 .disable = off,
                                 .target = draw.coin() ? kernels::Target::scalar : kernels::Target::best});
}

TEST_P(RandomOdeCells, ComeBackFromTheirConfiguration) {
  const auto [inputs, layer] = random_layer(GetParam());
  const nn::Json config = nn::Json::parse(nn::to_config(*layer).dump());
  const auto again = std::dynamic_pointer_cast<nn::RNN>(nn::make_layer(config));
  EXPECT_EQ(nn::to_config(*again), config);
  const Tensor x = random_tensor({2, 3, inputs}, 1).to(Dtype::f32), dt = random_tensor({2, 3}, 2, 0, 2).to(Dtype::f32);
  EXPECT_EQ((*again)({.x = x, .timespans = dt}).output.values(), (*layer)({.x = x, .timespans = dt}).output.values());
}

TEST_P(RandomOdeCells, StreamBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    const auto [inputs, drawn] = random_layer(GetParam());
    nn::RNN layer(drawn->cell());
    layer.set_numbers(dtype, GetParam());
    const Tensor x = random_tensor({1, 5, inputs}, 1).to(dtype), dt = random_tensor({1, 5}, 2, 0, 2).to(dtype);
    const nn::SequenceOutput whole = layer({.x = x, .timespans = dt});
    const std::vector<double> all = whole.output.values(), xs = x.values(), gaps = dt.values();
    const auto width = static_cast<std::size_t>(layer.cell()->output_size()), in = static_cast<std::size_t>(inputs);
    std::vector<Tensor> state = layer.cell()->first_state(1);
    for (std::size_t t = 0; t < 5; ++t) {
      auto [y, next] = (*layer.cell())(Tensor::from({1, inputs}, std::span(xs).subspan(in * t, in), dtype), state,
                                       Tensor::from({1}, std::span(gaps).subspan(t, 1), dtype));
      const auto row = std::span(all).subspan(width * t, width);
      ASSERT_EQ(y.values(), std::vector<double>(row.begin(), row.end())) << "step " << t;
      state = std::move(next);
    }
    for (std::size_t i = 0; i < state.size(); ++i) EXPECT_EQ(state[i].values(), whole.state[i].values());
  }
}

TEST_P(RandomOdeCells, PaddingDoesNotMatter) {
  const auto [inputs, layer] = random_layer(GetParam());
  layer->set_numbers(Dtype::f64, GetParam());
  Tensor x = random_tensor({2, 4, inputs}, 1), dt = random_tensor({2, 4}, 2, 0, 1.5);
  const Tensor lengths = Tensor::from({2}, {4, 1}, Dtype::i32);
  const nn::SequenceOutput clean = (*layer)({.x = x, .timespans = dt, .lengths = lengths});
  const auto in = static_cast<std::size_t>(inputs);
  for (std::size_t i = 5 * in; i < 8 * in; ++i) x.as<double>()[i] = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 5; i < 8; ++i) dt.as<double>()[i] = std::numeric_limits<double>::infinity();
  const nn::SequenceOutput dirty = (*layer)({.x = x, .timespans = dt, .lengths = lengths});
  EXPECT_EQ(dirty.output.values(), clean.output.values());
  for (std::size_t i = 0; i < clean.state.size(); ++i) EXPECT_EQ(dirty.state[i].values(), clean.state[i].values());
  for (const double value : dirty.output.values()) EXPECT_TRUE(std::isfinite(value));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOdeCells, ::testing::Range<std::uint64_t>(0, 16));
INSTANTIATE_TEST_SUITE_P(HeavySeeds, RandomOdeCells, ::testing::Range<std::uint64_t>(16, 48));

}  // namespace
}  // namespace elegans
