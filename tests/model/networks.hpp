#pragma once
// Networks and sequences that several tests of models use.

#include <functional>
#include <string>
#include <vector>

#include "elegans/base/philox.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/activation_layer.hpp"
#include "elegans/nn/activity_regularisation.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/ctgru.hpp"
#include "elegans/nn/ctrnn.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/dropout.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/neural_ode.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/reshape_layer.hpp"
#include "elegans/nn/residual.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "elegans/nn/stacked_cells.hpp"
#include "elegans/nn/time_distributed.hpp"

namespace elegans::testing {

inline Tensor random_numbers(const Shape& shape, Dtype dtype, std::uint64_t seed, double low, double high) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements(Extents{})));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto words = philox(philox_key(seed), philox_counter(i));
    values[i] = low + (high - low) * uniform_f64(words[0], words[1]);
  }
  return Tensor::from(shape, values, dtype);
}

inline wiring::Wiring small_circuit() { return wiring::AutoNCP({.units = 12, .output_size = 3}); }

// A leaky sum h ← h + Δt (x kernel − h), whose first state is learned: a cell that elegans does not know.
class LeakyCell : public nn::Cell {
 public:
  explicit LeakyCell(std::int64_t units) : units_(units) {}
  std::vector<nn::StateOptions> states() const override {
    return {{.name = "h", .shape = Shape{units_}, .first = nn::FirstState::learned, .value = 0.25}};
  }
  std::int64_t output_size() const override { return units_; }
  nn::CellOutput step(nn::Context& context, nn::Value x, const std::vector<nn::Value>& state, nn::Value dt) override {
    const nn::Value h = state[0] + dt * (matmul(x, context.weight(kernel_)) - state[0]);
    return {tanh(h), {h}};
  }
  std::string type() const override { return "LeakyCell"; }
  nn::Json config() const override { return {{"units", units_}}; }

 protected:
  void on_build(const Shape& input) override {
    kernel_ = add_weight({.name = "kernel", .shape = {input.back(), units_}});
  }

 private:
  std::int64_t units_;
  nn::WeightPtr kernel_;
};

inline void register_leaky_cell() {
  static const bool once = [] {
    nn::register_cell("LeakyCell", [](const nn::Json& config) {
      return std::make_shared<LeakyCell>(config.at("units").get<std::int64_t>());
    });
    return true;
  }();
  static_cast<void>(once);
}

// [3, units]: two of three inputs for every unit.
inline nn::PatternPtr two_of_three(std::int32_t units) {
  std::vector<wiring::Synapse> synapses;
  for (std::int32_t u = 0; u < units; ++u)
    for (std::int32_t i = 0; i < 2; ++i) synapses.push_back({(u + i) % 3, u, 1});
  return wiring::Pattern::from_synapses(synapses, 3, units);
}

struct Network {
  std::string name;
  std::function<void(Sequential&)> add_layers;
};

// Three inputs each.
inline std::vector<Network> networks() {
  register_leaky_cell();
  using nn::CfC;
  using nn::Dense;
  using nn::LTC;
  return {
      {"ltc_wired", [](Sequential& m) { m.add(LTC(small_circuit())); }},
      {"ltc_full", [](Sequential& m) { m.add(LTC(5, {.implicit_param_constraints = false})); }},
      {"ltc_mixed_memory", [](Sequential& m) { m.add(LTC(small_circuit(), {.mixed_memory = true})); }},
      {"cfc", [](Sequential& m) { m.add(CfC(6, {.backbone_units = 16})); }},
      {"cfc_wired", [](Sequential& m) { m.add(CfC(small_circuit())); }},
      {"cfc_wired_mixed_memory", [](Sequential& m) { m.add(CfC(small_circuit(), {.mixed_memory = true})); }},
      {"cfc_pure_projected", [](Sequential& m) { m.add(CfC(6, {.proj_size = 2, .mode = nn::CfCMode::pure})); }},
      {"lstm", [](Sequential& m) { m.add(nn::LSTM(5)); }},
      {"gru_with_gaps",
       [](Sequential& m) {
         m.add(nn::GRU(4, {.input_pattern = two_of_three(4)}));
         m.add(nn::GRU(3, {.reset_after = false, .dropout = 0.2}, {.timespan_as_feature = true}));
       }},
      {"stacked_cells",
       [](Sequential& m) {
         m.add(nn::RNN(std::make_shared<nn::StackedCells>(std::vector<nn::CellPtr>{
             std::make_shared<nn::LSTMCell>(4), std::make_shared<LeakyCell>(3), std::make_shared<nn::GRUCell>(2)})));
       }},
      {"wide",  // sums in several chains: operands of 12 numbers and more, products of at most 64 columns
       [](Sequential& m) {
         m.add(nn::LSTM(14)).add(nn::GRU(20)).add(nn::Residual(nn::SimpleRNN(20)));
         m.add(nn::RNN(std::make_shared<nn::StackedCells>(
             std::vector<nn::CellPtr>{std::make_shared<nn::GRUCell>(13, nn::GRUCellOptions{.reset_after = false}),
                                      std::make_shared<nn::LSTMCell>(12)})));
         m.add(CfC(16, {.backbone_units = 24})).add(Dense(3));
       }},
      {"residual_stack",
       [](Sequential& m) {
         m.add(nn::Residual(nn::SimpleRNN(3))).add(nn::Dropout(0.3));
         m.add(nn::TimeDistributed(nn::ReshapeLayer({3, 1}))).add(nn::TimeDistributed(nn::Flatten()));
         m.add(nn::ActivationLayer("leaky_relu", {.negative_slope = 0.1})).add(nn::ActivityRegularisation(nn::l1(0.1)));
         m.add(nn::ActivationLayer("softmax", {.axis = 2}));
       }},
      {"ltc_heun", [](Sequential& m) { m.add(LTC(small_circuit(), {.solver = nn::Solver::heun})); }},
      {"ctrnn_and_ctgru",
       [](Sequential& m) {
         m.add(nn::CTRNN(4, {.solver = nn::Solver::rk4, .fix_tau = false, .input_pattern = two_of_three(4)}));
         m.add(nn::CTGRU(3, {.scales = 4}));
       }},
      {"ctrnn_wired", [](Sequential& m) { m.add(nn::CTRNN(small_circuit(), {.polarity = nn::Polarity::fixed_sign})); }},
      {"neural_ode_and_ode_lstm",
       [](Sequential& m) {
         m.add(nn::NeuralODE(3, {.hidden_layers = 1, .hidden_units = 4}));
         const nn::NeuralODECellOptions alone{.input_pattern = wiring::Pattern::from_synapses({}, 3, 4)};
         m.add(nn::RNN(std::make_shared<nn::MixedMemory>(std::make_shared<nn::NeuralODECell>(4, alone))));
       }},
      {"own_cell", [](Sequential& m) { m.add(nn::RNN(std::make_shared<LeakyCell>(4))); }},
      {"stack",
       [](Sequential& m) {
         m.add(Dense(5, "relu")).add(LTC(small_circuit())).add(CfC(7, {.backbone_units = 9})).add(Dense(2));
       }},
  };
}

inline Sequential built(const Network& network, Dtype dtype = Dtype::f32) {
  Sequential model({.name = network.name, .dtype = dtype, .seed = 7});
  network.add_layers(model);
  model.build(3);
  return model;
}

inline Network network_named(const std::string& name) {
  for (const Network& network : networks()) {
    if (network.name == name) return network;
  }
  throw ConfigError("no such network: " + name);
}

}  // namespace elegans::testing
