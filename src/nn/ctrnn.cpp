#include "elegans/nn/ctrnn.hpp"

#include "nn/cell_layer_config.hpp"

namespace elegans::nn {

CTRNN::CTRNN(std::int64_t units, CTRNNCellOptions cell, CellLayerOptions options)
    : CTRNN(std::make_shared<CTRNNCell>(units, std::move(cell)), options) {}
CTRNN::CTRNN(wiring::Wiring wiring, CTRNNCellOptions cell, CellLayerOptions options)
    : CTRNN(std::make_shared<CTRNNCell>(std::move(wiring), std::move(cell)), options) {}

LayerPtr CTRNN::from_config(const Json& config, const std::string& source_name) {
  const CellLayerConfig parts = split_config(config, source_name, CTRNNCell::config_keys());
  return LayerPtr(new CTRNN(CTRNNCell::from_config(parts.cell, source_name), parts.options));
}

}  // namespace elegans::nn
