#pragma once
// The options of the sequence layer as configuration: what every recurrent layer shares.

#include <string>
#include <vector>

#include "elegans/base/json.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

// Their keys, beside `others`.
std::vector<std::string> with_sequence_keys(std::vector<std::string> others);
void write_sequence(const RnnOptions& options, Json& config);
// Missing keys have the default.
RnnOptions read_sequence(const JsonObject& object, const std::string& source_name);
// The same of layers whose cell knows Δt itself and whose projection is full: FormatError where a key says otherwise.
RnnOptions read_sequence_with_time(const JsonObject& object, const std::string& source_name);

}  // namespace elegans::nn
