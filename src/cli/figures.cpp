#include "cli/figures.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace elegans::cli {

std::string to_text(const train::Evaluation& figures) {
  std::string text = fmt::format("loss {:.4g}", figures.loss);
  for (const auto& figure : figures.metrics) text += fmt::format(", {} {:.4f}", figure.name, figure.value);
  return text;
}

nlohmann::json to_json(const train::Evaluation& figures) {
  nlohmann::json made{{"loss", figures.loss}};
  for (const auto& figure : figures.metrics) made[figure.name] = figure.value;
  return made;
}

}  // namespace elegans::cli
