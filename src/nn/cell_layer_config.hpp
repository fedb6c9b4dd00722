#pragma once
// A layer's configuration, which holds its cell's keys and those of the sequence, as the two.

#include <string>
#include <vector>

#include "elegans/nn/cell_layer.hpp"

namespace elegans::nn {

struct CellLayerConfig {
  Json cell;
  CellLayerOptions options;
};

// `cell_keys` are those that the cell reads. FormatError, beginning with `source_name`, for any other, and for options
// of the sequence that are not what they should be.
CellLayerConfig split_config(const Json& config, const std::string& source_name, std::vector<std::string> cell_keys);

}  // namespace elegans::nn
