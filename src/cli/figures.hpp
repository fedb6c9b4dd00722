#pragma once
// Figures of a model, printed.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "elegans/train/history.hpp"

namespace elegans::cli {

// "loss 0.0512, accuracy 0.9730"
std::string to_text(const train::Evaluation& figures);
// {"loss": 0.0512, "accuracy": 0.973}
nlohmann::json to_json(const train::Evaluation& figures);

}  // namespace elegans::cli
