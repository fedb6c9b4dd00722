#pragma once
// The cell of liquid time-constant networks (LTC).
//
// A neuron i is a leaky membrane of capacitance cm_i; every synapse s: j → i opens with the potential of its source and
// pulls its target towards erev_s. With σ the logistic function, K = ode_unfolds, δ = Δt / K, and pos = softplus in
// implicit mode, the identity in explicit mode:
//
//     x  ← x ⊙ input_w + input_b                                                  affine | linear: no offset | none
//     s_s = pos(sensory_w_s) σ(sensory_sigma_s (x_j − sensory_mu_s))               sensory synapses, once a step
//     K times, all neurons at once:
//       a_s = pos(w_s) σ(sigma_s (v_j − mu_s))
//       D_i = pos(gleak_i) + ε + Σ a_s + Σ s_s
//       N_i = pos(gleak_i) vleak_i + Σ a_s erev_s + Σ s_s sensory_erev_s
//       v_i ← v_i + δ (N_i − v_i D_i) / (pos(cm_i) + δ D_i)
//     y = v of the motor neurons ⊙ output_w + output_b
//
// which is the implicit Euler step (cm v + δ N) / (cm + δ D), written so that Δt = 0 leaves v exactly as it is. It is
// the semi_implicit solver of nn/ode_solver.hpp for
//
//     cm_i dv_i/dt = N_i − v_i D_i
//
// and stays within the potentials that pull at a neuron for any Δt. The other solvers of that file can be had: they are
// more exact where δ is well below τ_i = cm_i / D_i, and grow without bound where it is above 2 τ_i (rk4: 2.785 τ_i).
//
// Sums run over the synapses that exist, and only these are stored: a weight of a synapse has one number for each,
// ascending by (source, target).
//
// First values, uniform: gleak, w, sensory_w (0.001, 1); vleak (−0.2, 0.2); cm (0.4, 0.6); sigma (3, 8); mu (0.3, 0.8);
// erev is the polarity; maps are 1 and 0. In explicit mode w, sensory_w, cm and gleak are set to at least 0 after every
// optimizer step.
//
// Source: Hasani, Lechner, Amini, Rus, Grosu, "Liquid time-constant networks", AAAI 2021; names and defaults are those
// of ncps.

#include <string>

#include "elegans/nn/cell.hpp"
#include "elegans/nn/ode_solver.hpp"
#include "elegans/nn/synapse_values.hpp"
#include "elegans/ops/connections.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::nn {

// Of inputs and outputs: x ⊙ w + b, x ⊙ w, or x.
enum class Mapping { affine, linear, none };
// "affine", "linear" or "none". ConfigError with the nearest names for another.
std::string_view name(Mapping mapping);
Mapping mapping_named(std::string_view name);

// As in ncps, a cell by itself is explicit, the sequence layer LTC implicit.
struct LTCCellOptions {
  Mapping input_mapping = Mapping::affine;
  Mapping output_mapping = Mapping::affine;
  std::int64_t ode_unfolds = 6;
  Solver solver = Solver::semi_implicit;
  double epsilon = 1e-8;
  bool implicit_param_constraints = false;

  friend bool operator==(const LTCCellOptions&, const LTCCellOptions&) = default;
};

class LTCCell : public Cell {
 public:
  // The wiring is copied; the copy is built for the inputs that the cell sees. ConfigError where an option is out of
  // its range.
  explicit LTCCell(wiring::Wiring wiring, LTCCellOptions options = {});
  // Fully connected.
  explicit LTCCell(std::int64_t units, LTCCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const wiring::Wiring& wiring() const { return wiring_; }
  const LTCCellOptions& options() const { return options_; }

  std::vector<StateOptions> states()
      const override;  // "v" [units]: potentials in the order of ids (motor, command, inter)
  std::int64_t output_size() const override { return wiring_.output_dim(); }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "LTCCell"; }
  Json config() const override;

  // The effective time constants τ_i = pos(cm_i) / (pos(gleak_i) + Σ a_s + Σ s_s) at potentials v [batch, units] and
  // inputs x [batch, inputs] (before the input map): [batch, units]. As graph, and as a direct call.
  Value time_constants(Context& context, Value v, Value x);
  Tensor time_constants(const View& v, const View& x);
  // Every synapse with its weights as they are now; w is the conductance in use, pos(w). ConfigError before build().
  SynapseValues synapses() const;

 protected:
  void on_build(const Shape& input) override;

 private:
  // The weights of one family of synapses.
  struct Family {
    ops::ConnectionsPtr connections;  // null where there is no synapse
    WeightPtr w, mu, sigma, erev;
  };
  // What synapses let through: Σ a and Σ a erev for each target.
  struct Currents {
    Value conductance;
    Value current;
  };
  Family add_family(const std::string& prefix, const wiring::PatternRef& pattern);
  Currents currents(Context& context, const Family& family, Value potential, const Currents& others) const;
  Currents leak_and_sensory(Context& context, Value x) const;
  Value positive(Context& context, const WeightPtr& weight) const;
  Value mapped(Context& context, Value x, const WeightPtr& w, const WeightPtr& b) const;

  wiring::Wiring wiring_;
  LTCCellOptions options_;
  Family sensory_;
  Family recurrent_;
  WeightPtr gleak_, vleak_, cm_;
  WeightPtr input_w_, input_b_, output_w_, output_b_;
};

}  // namespace elegans::nn
