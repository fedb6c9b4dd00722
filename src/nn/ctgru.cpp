#include "elegans/nn/ctgru.hpp"

#include "nn/cell_layer_config.hpp"

namespace elegans::nn {

CTGRU::CTGRU(std::int64_t units, CTGRUCellOptions cell, CellLayerOptions options)
    : CTGRU(std::make_shared<CTGRUCell>(units, std::move(cell)), options) {}

LayerPtr CTGRU::from_config(const Json& config, const std::string& source_name) {
  const CellLayerConfig parts = split_config(config, source_name, CTGRUCell::config_keys());
  return LayerPtr(new CTGRU(CTGRUCell::from_config(parts.cell, source_name), parts.options));
}

}  // namespace elegans::nn
