#pragma once
// Layers and cells as configuration, and back:
//
//   {"type": "Dense", "name": "head", "config": {"units": 4, "activation": "relu", …}}
//
// A type of one's own is made known once, at the start of every program that loads it:
//
//   register_layer("Scale", [](const Json& config) {
//     return std::make_shared<Scale>(config.at("factor").get<double>());
//   });
//
// Registering is safe from any thread.

#include <functional>
#include <string>
#include <string_view>

#include "elegans/nn/cell.hpp"
#include "elegans/nn/layer.hpp"

namespace elegans::nn {

using LayerFactory = std::function<LayerPtr(const Json& config)>;
using CellFactory = std::function<CellPtr(const Json& config)>;

// ConfigError where the type's name is empty or taken.
void register_layer(const std::string& type, LayerFactory factory);
void register_cell(const std::string& type, CellFactory factory);

// Without weights; those are saved beside it. ConfigError for a module that holds something without a registered name,
// and for a type that is not registered.
Json to_config(const Layer& layer);
Json to_config(const Cell& cell);

// Layers and cells that are not built. `source_name` (a file) begins every message. ConfigError with the nearest names
// for a type that is not known, FormatError for a configuration that its factory refuses.
LayerPtr make_layer(const Json& config, std::string_view source_name = "layer");
CellPtr make_cell(const Json& config, std::string_view source_name = "cell");

}  // namespace elegans::nn
