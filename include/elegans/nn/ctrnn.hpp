#pragma once
// CTRNN: a continuous-time recurrent network over a sequence.
//
//     CTRNN layer(32);                                                   x [batch, time, inputs] → [batch, time, 32]
//     CTRNN layer(wiring::AutoNCP({.units = 28, .output_size = 4}));     → [batch, time, 4]
//     CTRNN layer(32, {.solver = Solver::rk4, .ode_unfolds = 3}, {.return_sequences = false});
//
// The equations stand in nn/ctrnn_cell.hpp, those of the mixed memory in nn/mixed_memory.hpp; Δt, lengths and states in
// nn/rnn.hpp.

#include "elegans/nn/cell_layer.hpp"
#include "elegans/nn/ctrnn_cell.hpp"

namespace elegans::nn {

class CTRNN : public CellLayer {
 public:
  // ConfigError where an option is out of its range.
  explicit CTRNN(std::int64_t units, CTRNNCellOptions cell = {}, CellLayerOptions options = {});
  explicit CTRNN(wiring::Wiring wiring, CTRNNCellOptions cell = {}, CellLayerOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const CTRNNCell& ctrnn_cell() const { return static_cast<const CTRNNCell&>(*inner()); }
  std::string type() const override { return "CTRNN"; }

 private:
  CTRNN(CellPtr cell, CellLayerOptions options) : CellLayer(std::move(cell), options) {}
};

}  // namespace elegans::nn
