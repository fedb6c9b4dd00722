#pragma once
// LTC: a liquid time-constant network over a sequence, under the names and with the defaults of ncps.
//
//     LTC layer(wiring::AutoNCP({.units = 28, .output_size = 4}));      x [batch, time, inputs] → [batch, time, 4]
//     LTC layer(20, {.return_sequences = false});                       fully connected, every neuron an output
//
// The equations stand in nn/ltc_cell.hpp, those of the mixed memory in nn/mixed_memory.hpp; Δt, lengths and states in
// nn/rnn.hpp.

#include "elegans/nn/ltc_cell.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

struct LTCOptions {
  bool return_sequences = true;
  bool mixed_memory = false;
  Mapping input_mapping = Mapping::affine;
  Mapping output_mapping = Mapping::affine;
  std::int64_t ode_unfolds = 6;
  Solver solver = Solver::semi_implicit;
  double epsilon = 1e-8;
  bool implicit_param_constraints = true;
  std::int64_t proj_size = 0;  // RnnOptions::projection
  bool go_backwards = false;
  std::int64_t checkpoint_every = 0;

  friend bool operator==(const LTCOptions&, const LTCOptions&) = default;
};

class LTC : public RNN {
 public:
  explicit LTC(wiring::Wiring wiring, LTCOptions options = {});
  // Fully connected.
  explicit LTC(std::int64_t units, LTCOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const LTCOptions& options() const { return options_; }
  // The cell, inside the mixed memory where there is one.
  LTCCell& ltc_cell() const { return *ltc_cell_; }
  Tensor time_constants(const View& v, const View& x) { return ltc_cell_->time_constants(v, x); }
  SynapseValues synapses() const { return ltc_cell_->synapses(); }

  std::string type() const override { return "LTC"; }
  Json config() const override;

 private:
  LTC(std::shared_ptr<LTCCell> cell, LTCOptions options);

  LTCOptions options_;
  std::shared_ptr<LTCCell> ltc_cell_;
};

}  // namespace elegans::nn
