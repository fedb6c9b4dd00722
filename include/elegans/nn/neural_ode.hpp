#pragma once
// The neural ODE, as a cell and over a sequence that drives it: a network says how fast the state changes.
//
//     NeuralODE layer(32);                                               x [batch, time, inputs] → [batch, time, 32]
//     NeuralODE layer(8, {.hidden_layers = 2, .hidden_units = 32, .solver = Solver::heun, .ode_unfolds = 2});
//
//     dh/dt = f(x, h)      f(x, h) = φ(x kernel + h recurrent_kernel + bias)
//
// and with L = hidden_layers layers of hidden_units, ψ = hidden_activation,
//
//     z_0 = ψ(x kernel + h recurrent_kernel + bias)      z_l = ψ(z_{l−1} hidden_l_kernel + hidden_l_bias), 0 < l < L
//     f = φ(z_{L−1} rate_kernel + rate_bias)
//
// Δt is taken by a solver of nn/ode_solver.hpp in `ode_unfolds` steps over which x is held: rk4, heun or euler (f is not
// linear in h, so there is no semi-implicit step). The output is h.
//
// Nothing leaks: h changes by at most Δt for φ within ±1, and so is finite for any Δt, but grows with it; with the
// activation "linear" it may grow without bound. Where the past should fade, take a CTRNN.
//
// An ODE-LSTM (Lechner & Hasani, "Learning long-term dependencies in irregularly-sampled time series", 2020) is this
// cell in a mixed memory (nn/mixed_memory.hpp): an LSTM updates h, which then moves through Δt by f. There f sees h
// alone: give an input pattern without any weight.
//
//     const auto none = wiring::Pattern::from_synapses({}, inputs, 32);
//     RNN ode_lstm(std::make_shared<MixedMemory>(std::make_shared<NeuralODECell>(32, NeuralODECellOptions{
//         .activation = "linear", .hidden_layers = 1, .hidden_units = 32, .input_pattern = none})));
//
// Weights: kernel [inputs, width], recurrent_kernel [units, width], bias [width], where width is hidden_units, without
// hidden layers units; hidden_l_kernel [hidden_units, hidden_units], rate_kernel [hidden_units, units], and their
// biases. The options of `kernel` hold for the kernels behind it, too. With an input pattern [inputs, width] kernel has
// the weights of the pattern only.
//
// State: "h" [units], at first 0. Lengths and states of sequences: nn/rnn.hpp.
//
// Sources: Chen, Rubanova, Bettencourt, Duvenaud, "Neural ordinary differential equations", NeurIPS 2018; f without
// hidden layers, rk4 and 6 unfolds are those of NODE in liquid_time_constant_networks (Hasani et al., 2021).

#include "elegans/nn/activation.hpp"
#include "elegans/nn/affine_map.hpp"
#include "elegans/nn/ode_solver.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

struct NeuralODECellOptions {
  Activation activation = Activation::tanh;  // φ, of the rate
  std::int64_t hidden_layers = 0;            // at most 64
  std::int64_t hidden_units = 64;
  Activation hidden_activation = Activation::tanh;
  Solver solver = Solver::rk4;
  std::int64_t ode_unfolds = 6;
  bool use_bias = true;
  PatternPtr input_pattern = nullptr;  // [inputs, hidden_units], without hidden layers [inputs, units]
  Initialiser kernel_initialiser = GlorotUniform{};
  Initialiser recurrent_initialiser = GlorotUniform{};
  Initialiser bias_initialiser = Zeros{};
  Regulariser kernel_regulariser = {};
  Regulariser recurrent_regulariser = {};
  Regulariser bias_regulariser = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
};

class NeuralODECell : public Cell {
 public:
  // ConfigError where an option is out of its range, and for the semi-implicit solver.
  explicit NeuralODECell(std::int64_t units, NeuralODECellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  std::int64_t units() const { return units_; }
  const NeuralODECellOptions& options() const { return options_; }

  std::vector<StateOptions> states() const override { return {{.name = "h", .shape = Shape{units_}}}; }
  std::int64_t output_size() const override { return units_; }
  std::optional<std::size_t> output_state() const override { return 0; }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "NeuralODECell"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;
  std::vector<PatternPtr> own_patterns() const override;

 private:
  std::int64_t units_;
  NeuralODECellOptions options_;
  AffineMap first_;
  std::vector<AffineMap> others_;  // hidden layers behind the first, then that of the rate
};

class NeuralODE : public RNN {
 public:
  // ConfigError where an option is out of its range.
  explicit NeuralODE(std::int64_t units, NeuralODECellOptions options = {}, RnnOptions sequence = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const NeuralODECell& neural_ode_cell() const { return static_cast<const NeuralODECell&>(*cell()); }
  std::string type() const override { return "NeuralODE"; }
  // That of the cell and of the sequence in one.
  Json config() const override;
};

}  // namespace elegans::nn
