#pragma once
// The network that settings describe, and circuits inside a network.

#include <cstdint>
#include <optional>

#include "cli/train_settings.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::cli {

// The layers of cells over a sequence, and a dense layer where the readout asks for one or the number of answers
// differs ("auto"). ConfigError where the settings do not go together.
Sequential make_network(const TrainSettings& settings, std::int64_t answers);

// The circuit of a layer, where it has one.
std::optional<wiring::Wiring> wiring_of(const nn::Layer& layer);

}  // namespace elegans::cli
