#pragma once
// What both kinds of picture say and check.

#include <string>
#include <string_view>

#include "elegans/wiring/draw.hpp"

namespace elegans::wiring {

struct Caption {
  std::string title;   // "AutoNCP: 28 neurons, 8 inputs, 4 outputs"
  std::string counts;  // "56 sensory and 84 recurrent synapses: 101 excitatory, 39 inhibitory"
};

Caption caption_of(const Wiring& wiring, const DrawOptions& options);

// ConfigError where the wiring is not built, or the names are not as many as what they name.
void check_drawable(std::string_view operation, const Wiring& wiring, const DrawOptions& options);

// `text` without control characters and without bytes that are not UTF-8: these become '?'.
std::string readable(std::string_view text);

}  // namespace elegans::wiring
