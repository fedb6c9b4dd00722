#pragma once
// The continuous-time GRU (CT-GRU), as a cell and over a sequence: a memory for each of a set of time scales, which
// fades with the time that passes, and gates that choose the scale to read from and the scale to write to.
//
//     CTGRU layer(32);                                                   x [batch, time, inputs] → [batch, time, 32]
//     CTGRU layer(32, {.scales = 5, .tau = 0.5}, {.return_sequences = false});
//
// Unit u remembers ĥ_ui for the scales i = 0 … M − 1 with the time constants τ_i = tau · ratio^i. With h_u = Σ_i ĥ_ui,
//
//     r_ui = softmax_i(−(ln τᴿ_ui − ln τ_i)²)      ln τᴿ = x retrieval_kernel + h retrieval_recurrent_kernel + bias
//     q_u  = φ(x detect_kernel + (Σ_i r_ui ĥ_ui) detect_recurrent_kernel + detect_bias)
//     s_ui = softmax_i(−(ln τˢ_ui − ln τ_i)²)      ln τˢ = x storage_kernel + h storage_recurrent_kernel + bias
//     ĥ_ui ← (1 − s_ui) ĥ_ui + s_ui q_u
//     y_u  = Σ_i ĥ_ui
//
// Time passes by ĥ_ui ← ĥ_ui e^{−Δt/τ_i}, once a step:
//
//     Decay::before_event   at first, for Δt is the time since the step before: what has just been read is fresh
//     Decay::after_event    at last, what has just been read included, as the code of ode-lstms has it: after a gap
//                           that is long for every τ_i the output is 0, whatever x is
//
// The two are one recursion read out on either side of the decay: given the Δt of the following step at every step,
// after_event has the states of before_event, faded by that Δt. All is bounded for any Δt: |ĥ| ≤ max(|ĥ|, 1) and
// |y| ≤ M for φ within ±1. Choose `tau` and `ratio` so that the τ_i span the gaps and the memory that the task needs;
// by default they reach from 1 to 3162 units of Δt, which of a trained model is the median Δt of its data.
//
// Weights: retrieval_ and storage_ kernels [inputs, units · M] and biases [units · M], the M scales of a unit side by
// side, recurrent ones [units, units · M]; detect_kernel [inputs, units], detect_recurrent_kernel [units, units],
// detect_bias [units]. (The paper has one ln τᴿ and one ln τˢ a unit; these columns may differ, as in ode-lstms.) With
// an input pattern every kernel has the weights of the pattern only, for all M columns of a unit.
//
// State: "h_hat" [units · M], the M scales of a unit side by side, at first 0. Sequences: nn/rnn.hpp.
//
// Source: Mozer, Kazakov, Lindsey, "Discrete event, continuous time RNNs", arXiv 1710.04110, 2017; defaults are those of
// ode-lstms and liquid_time_constant_networks.

#include <string_view>

#include "elegans/nn/activation.hpp"
#include "elegans/nn/affine_map.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

enum class Decay { before_event, after_event };

// "before_event", "after_event". ConfigError with the nearest names for another.
std::string_view name(Decay decay);
Decay decay_named(std::string_view name);

struct CTGRUCellOptions {
  std::int64_t scales = 8;            // M, at most 64
  double tau = 1;                     // τ₀, the shortest time constant, in units of Δt
  double ratio = 3.1622776601683795;  // √10, from one to the next; above 1
  Decay decay = Decay::before_event;
  Activation activation = Activation::tanh;
  bool use_bias = true;
  PatternPtr input_pattern = nullptr;  // [inputs, units]
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

class CTGRUCell : public Cell {
 public:
  // ConfigError where an option is out of its range.
  explicit CTGRUCell(std::int64_t units, CTGRUCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  std::int64_t units() const { return units_; }
  const CTGRUCellOptions& options() const { return options_; }
  // τ_i, in units of Δt.
  std::vector<double> time_constants() const;

  std::vector<StateOptions> states() const override;
  std::int64_t output_size() const override { return units_; }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "CTGRUCell"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;
  std::vector<PatternPtr> own_patterns() const override;

 private:
  AffineMap add_map(const std::string& name, std::int64_t inputs, std::int64_t columns_of_a_unit);
  // softmax_i(−(ln τ − ln τ_i)²) for ln τ = map(x, h): [batch, units, M].
  Value weights_of_scales(Context& context, const AffineMap& map, Value x, Value h) const;

  std::int64_t units_;
  CTGRUCellOptions options_;
  AffineMap retrieval_, detect_, storage_;
};

class CTGRU : public RNN {
 public:
  // ConfigError where an option is out of its range.
  explicit CTGRU(std::int64_t units, CTGRUCellOptions options = {}, RnnOptions sequence = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const CTGRUCell& ctgru_cell() const { return static_cast<const CTGRUCell&>(*cell()); }
  std::string type() const override { return "CTGRU"; }
  // That of the cell and of the sequence in one.
  Json config() const override;
};

}  // namespace elegans::nn
