#pragma once
// What a neuron is for.

#include <cstdint>
#include <string_view>

namespace elegans::wiring {

// sensory: an input feature, outside the units. inter, command: in between. motor: an output; these are the first ids.
enum class NeuronType : std::uint8_t { sensory, inter, command, motor };

// "sensory", "inter", "command" or "motor".
std::string_view name(NeuronType type);

}  // namespace elegans::wiring
