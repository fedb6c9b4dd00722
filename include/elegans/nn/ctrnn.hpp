#pragma once
// The continuous-time recurrent network (CTRNN), as a cell and over a sequence: leaky units that drive each other.
//
//     CTRNN layer(32);                                                   x [batch, time, inputs] → [batch, time, 32]
//     CTRNN layer(wiring::AutoNCP({.units = 28, .output_size = 4}));     → [batch, time, 4]
//     CTRNN layer(32, {.solver = Solver::rk4, .ode_unfolds = 3}, {.return_sequences = false});
//
// With φ = activation, τ the time constant and s the scale,
//
//     dh/dt = −h / τ + s ⊙ φ(x kernel + h recurrent_kernel + bias)
//
// is taken through Δt by a solver of nn/ode_solver.hpp in `ode_unfolds` steps; x is held over the step. The output is h,
// with a wiring h of its motor neurons. The right-hand side is linear in the leaking h, so that the semi-implicit
// solver, the default, takes δ = Δt / ode_unfolds by
//
//     h ← h + δ (s φ(…) − h / τ) / (1 + δ / τ)
//
// and keeps |h| ≤ max(|h|, τ |s|) (φ within ±1) for any Δt. Explicit ones, of which the codes below use Euler, keep it
// as long as δ ≤ τ, and grow without bound beyond δ = 2 τ (rk4: 2.785 τ): a gap of a few units of time suffices.
//
// Weights: kernel [inputs, units], recurrent_kernel [units, units], bias [units], scale [units], at first 1, and where
// time constants are learned tau [units], of which τ is the softplus; it begins where τ is the option `tau`. With a
// wiring both kernels have a number for each of its synapses, of the signs that `polarity` asks for (nn/weight.hpp);
// with an input pattern kernel has the weights of the pattern only.
//
// State: "h" [units], at first 0. Δt, lengths and states of sequences: nn/rnn.hpp.
//
// Sources: Funahashi, Nakamura, "Approximation of dynamical systems by continuous time recurrent neural networks",
// Neural Networks 6, 1993, who have φ inside the product; the form above is that of the codes around NCPs: the CTRNN
// cell of ode-lstms (Lechner, Hasani, "Learning long-term dependencies in irregularly-sampled time series", 2020), where
// 1/τ is called tau, and, for s = 1, that of liquid_time_constant_networks with global_feedback.

#include <optional>

#include "elegans/nn/activation.hpp"
#include "elegans/nn/ode_solver.hpp"
#include "elegans/nn/rnn.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::nn {

struct CTRNNCellOptions {
  Activation activation = Activation::tanh;
  Solver solver = Solver::semi_implicit;
  std::int64_t ode_unfolds = 6;
  double tau = 1;       // in units of Δt
  bool fix_tau = true;  // else learned, one for each unit
  bool use_bias = true;
  bool use_scale = true;
  PatternPtr input_pattern = nullptr;     // [inputs, units]; not with a wiring
  Polarity polarity = Polarity::ignored;  // with a wiring only
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

class CTRNNCell : public Cell {
 public:
  // ConfigError where an option is out of its range or does not go together with the others.
  explicit CTRNNCell(std::int64_t units, CTRNNCellOptions options = {});
  // The wiring is copied; the copy is built for the inputs that the cell sees.
  explicit CTRNNCell(wiring::Wiring wiring, CTRNNCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  std::int64_t units() const { return units_; }
  const std::optional<wiring::Wiring>& wiring() const { return wiring_; }
  const CTRNNCellOptions& options() const { return options_; }
  // τ of every unit, in units of Δt. ConfigError before build().
  std::vector<double> time_constants() const;

  std::vector<StateOptions> states() const override { return {{.name = "h", .shape = Shape{units_}}}; }
  std::int64_t output_size() const override { return wiring_ ? wiring_->output_dim() : units_; }
  std::optional<std::size_t> output_state() const override {
    return wiring_ ? std::nullopt : std::optional<std::size_t>(0);
  }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "CTRNNCell"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;
  // Those of kernels that are stored whole, too.
  std::vector<PatternPtr> own_patterns() const override;

 private:
  CTRNNCell(std::int64_t units, std::optional<wiring::Wiring> wiring, CTRNNCellOptions options);

  std::int64_t units_;
  std::optional<wiring::Wiring> wiring_;
  CTRNNCellOptions options_;
  PatternPtr input_pattern_, recurrent_pattern_;  // of the wiring, or the option's; null where full
  WeightPtr kernel_, recurrent_kernel_, bias_, scale_, tau_;
};

class CTRNN : public RNN {
 public:
  // ConfigError where an option is out of its range.
  explicit CTRNN(std::int64_t units, CTRNNCellOptions options = {}, RnnOptions sequence = {});
  explicit CTRNN(wiring::Wiring wiring, CTRNNCellOptions options = {}, RnnOptions sequence = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const CTRNNCell& ctrnn_cell() const { return static_cast<const CTRNNCell&>(*cell()); }
  std::string type() const override { return "CTRNN"; }
  // That of the cell and of the sequence in one.
  Json config() const override;
};

}  // namespace elegans::nn
