#pragma once
// Figures of a model, printed.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/train/history.hpp"

namespace elegans::cli {

// "loss 0.0512, accuracy 0.9730", where `loss` is what the first figure is called.
std::string to_text(const train::Evaluation& figures, std::string_view loss = "loss");
// {"loss": 0.0512, "accuracy": 0.973}; null for what is not defined.
nlohmann::json to_json(const train::Evaluation& figures);

// A table with recall and precision of each class; of many classes a line that says how to see it.
std::string to_text(const nn::ConfusionMatrix& matrix, const std::vector<std::string>& classes);
// {"classes": ["down", "up"], "counts": [[10, 0], [2, 8]]}: a row a class that occurs, a column a class that is answered.
nlohmann::json to_json(const nn::ConfusionMatrix& matrix, const std::vector<std::string>& classes);

}  // namespace elegans::cli
