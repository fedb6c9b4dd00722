#pragma once
// Patterns as configuration:
//
//   {"rows": 3, "columns": 2, "synapses": [[0, 0, 1], [1, 0, -1], …]}        source, target, polarity

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "elegans/wiring/pattern.hpp"

namespace elegans::nn {

nlohmann::json to_config(const wiring::Pattern& pattern);
// FormatError, beginning with `source_name`, for a missing or unknown key and for a value out of range.
wiring::PatternRef pattern_from(const nlohmann::json& config, const std::string& source_name);

}  // namespace elegans::nn
