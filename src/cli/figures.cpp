#include "cli/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "elegans/base/text.hpp"

namespace elegans::cli {

std::string to_text(const train::Evaluation& figures, std::string_view loss) {
  std::string text = fmt::format("{} {:.4g}", loss, figures.loss);
  for (const auto& figure : figures.metrics) text += fmt::format(", {} {:.4f}", figure.name, figure.value);
  return text;
}

nlohmann::json to_json(const train::Evaluation& figures) {
  nlohmann::json made{{"loss", figures.loss}};
  for (const auto& figure : figures.metrics)
    made[figure.name] = std::isfinite(figure.value) ? nlohmann::json(figure.value) : nlohmann::json();
  return made;
}

std::string to_text(const nn::ConfusionMatrix& matrix, const std::vector<std::string>& classes) {
  constexpr std::size_t most = 20, widest = 16;
  std::size_t width = std::string_view("precision").size();
  for (const std::string& name : classes) width = std::max(width, printable(name, widest).size());
  if (classes.size() > most) return fmt::format("confusion matrix of {} classes: see --json", classes.size());
  std::string text = "\nconfusion matrix: a row for what it is, a column for what was answered\n";
  const auto cell = [&](const std::string& content) { text += fmt::format(" {:>{}}", content, width); };
  cell("");
  for (const std::string& name : classes) cell(printable(name, widest));
  cell("recall");
  for (std::size_t row = 0; row < classes.size(); ++row) {
    text += '\n';
    cell(printable(classes[row], widest));
    for (std::size_t column = 0; column < classes.size(); ++column) cell(fmt::format("{:g}", matrix.at(row, column)));
    cell(fmt::format("{:.4f}", matrix.recall(row)));
  }
  text += '\n';
  cell("precision");
  for (std::size_t column = 0; column < classes.size(); ++column) cell(fmt::format("{:.4f}", matrix.precision(column)));
  return text;
}

nlohmann::json to_json(const nn::ConfusionMatrix& matrix, const std::vector<std::string>& classes) {
  nlohmann::json counts = nlohmann::json::array();
  for (std::size_t row = 0; row < classes.size(); ++row) {
    nlohmann::json of_row = nlohmann::json::array();
    for (std::size_t column = 0; column < classes.size(); ++column) of_row.push_back(matrix.at(row, column));
    counts.push_back(of_row);
  }
  return {{"classes", classes}, {"counts", counts}};
}

}  // namespace elegans::cli
