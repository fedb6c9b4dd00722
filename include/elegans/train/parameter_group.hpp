#pragma once
// Weights that are trained otherwise than the others, or not at all, named by patterns of their paths:
//
//     TrainerOptions options{.optimizer = AdamW{.learning_rate = 1e-3},
//                            .groups = {{.weights = {"*/bias"}, .weight_decay = 0},
//                                       {.weights = {"ltc/*"}, .learning_rate = 2e-3}},
//                            .frozen = {"encoder/*"}};
//
// In a pattern * stands for any characters, / among them, and ? for one; all else stands for itself. A weight belongs
// to the first group that names it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elegans::train {

struct ParameterGroup {
  std::vector<std::string> weights;  // patterns
  // In place of the optimizer's. What changes the optimizer's rate η to η' (a schedule, Trainer::set_learning_rate)
  // changes this one by the same factor η'/η.
  std::optional<double> learning_rate = {};
  std::optional<double> weight_decay = {};
};

bool matches(std::string_view pattern, std::string_view path);

}  // namespace elegans::train
