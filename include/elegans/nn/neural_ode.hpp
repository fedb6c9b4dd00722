#pragma once
// NeuralODE: a neural ordinary differential equation, driven by a sequence.
//
//     NeuralODE layer(32);                                               x [batch, time, inputs] → [batch, time, 32]
//     NeuralODE layer(8, {.hidden_layers = 2, .hidden_units = 32, .solver = Solver::heun, .ode_unfolds = 2});
//
// The equations stand in nn/neural_ode_cell.hpp; Δt, lengths and states in nn/rnn.hpp.

#include "elegans/nn/cell_layer.hpp"
#include "elegans/nn/neural_ode_cell.hpp"

namespace elegans::nn {

class NeuralODE : public CellLayer {
 public:
  // ConfigError where an option is out of its range.
  explicit NeuralODE(std::int64_t units, NeuralODECellOptions cell = {}, CellLayerOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const NeuralODECell& neural_ode_cell() const { return static_cast<const NeuralODECell&>(*inner()); }
  std::string type() const override { return "NeuralODE"; }

 private:
  NeuralODE(CellPtr cell, CellLayerOptions options) : CellLayer(std::move(cell), options) {}
};

}  // namespace elegans::nn
