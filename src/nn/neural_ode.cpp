#include "elegans/nn/neural_ode.hpp"

#include "nn/cell_layer_config.hpp"

namespace elegans::nn {

NeuralODE::NeuralODE(std::int64_t units, NeuralODECellOptions cell, CellLayerOptions options)
    : NeuralODE(std::make_shared<NeuralODECell>(units, std::move(cell)), options) {}

LayerPtr NeuralODE::from_config(const Json& config, const std::string& source_name) {
  const CellLayerConfig parts = split_config(config, source_name, NeuralODECell::config_keys());
  return LayerPtr(new NeuralODE(NeuralODECell::from_config(parts.cell, source_name), parts.options));
}

}  // namespace elegans::nn
