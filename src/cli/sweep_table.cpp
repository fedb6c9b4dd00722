#include "cli/sweep_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/aligned.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::cli {
namespace {

std::vector<double> numbers_of(const std::vector<const RunResult*>& runs, const std::string& figure) {
  std::vector<double> numbers;
  for (const RunResult* run : runs)
    for (const auto& one : run->figures)
      if (one.name == figure) numbers.push_back(one.value);
  return numbers;
}

// Whether a row stands above another.
bool is_better(const SweepRow& a, const SweepRow& b, nn::Better better) {
  const auto rank = [](const SweepRow& row) {
    return row.runs == 0 ? 3 : row.failed > 0 ? 2 : std::isnan(row.figures[0].mean) ? 1 : 0;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  const double x = a.figures[0].mean, y = b.figures[0].mean;
  if (std::isnan(x) || std::isnan(y)) return false;
  return better == nn::Better::lower ? x < y : x > y;
}

std::string text_of(const Spread& spread, std::size_t runs) {
  if (runs == 0) return "";
  if (std::isnan(spread.mean)) return "-";
  const std::string mean = fmt::format("{:.4g}", spread.mean);
  return runs > 1 ? fmt::format("{} ± {:.2g}", mean, spread.deviation) : mean;
}

}  // namespace

std::vector<train::NamedFigure> columns_of(std::vector<train::NamedFigure> figures, const std::string& sort_by) {
  const auto is_loss = [](const train::NamedFigure& figure) { return figure.name == "loss"; };
  std::stable_partition(figures.begin(), figures.end(), [&](const auto& figure) { return !is_loss(figure); });
  if (sort_by.empty()) return figures;
  const auto chosen =
      std::find_if(figures.begin(), figures.end(), [&](const auto& figure) { return figure.name == sort_by; });
  if (chosen == figures.end()) {
    std::vector<std::string> known;
    for (const auto& figure : figures) known.push_back(figure.name);
    throw ConfigError(Complaint{"sweep", "--sort-by", quote(sort_by), "a figure of the runs", suggest(sort_by, known)});
  }
  std::rotate(figures.begin(), chosen, chosen + 1);
  return figures;
}

SweepTable table_of(const SweepPlan& plan, const std::vector<RunResult>& results,
                    std::vector<train::NamedFigure> figures) {
  SweepTable table{.part = {}, .figures = std::move(figures), .rows = {}};
  for (std::size_t c = 0; c < plan.combinations.size(); ++c) {
    SweepRow row{.combination = c, .figures = {}};
    std::vector<const RunResult*> ended;
    for (std::size_t r = 0; r < plan.runs.size(); ++r) {
      if (plan.runs[r].combination != c) continue;
      if (results[r].error.empty()) {
        ended.push_back(&results[r]);
        table.part = results[r].part;
      } else {
        ++row.failed;
      }
    }
    row.runs = ended.size();
    for (const auto& figure : table.figures) row.figures.push_back(spread_of(numbers_of(ended, figure.name)));
    table.rows.push_back(std::move(row));
  }
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [&](const SweepRow& a, const SweepRow& b) { return is_better(a, b, table.figures[0].better); });
  return table;
}

std::string to_text(const SweepPlan& plan, const SweepTable& table) {
  const bool any_failed =
      std::any_of(table.rows.begin(), table.rows.end(), [](const auto& row) { return row.failed > 0; });
  std::vector<std::vector<std::string>> rows(1, plan.keys);
  rows[0].emplace_back("runs");
  if (any_failed) rows[0].emplace_back("failed");
  for (const auto& figure : table.figures) rows[0].push_back(figure.name);
  for (const SweepRow& row : table.rows) {
    std::vector<std::string>& cells = rows.emplace_back();
    const nlohmann::json& swept = plan.combinations[row.combination].swept;
    for (const std::string& key : plan.keys) cells.push_back(swept.contains(key) ? value_text(swept.at(key)) : "");
    cells.push_back(fmt::format("{}", row.runs));
    if (any_failed) cells.push_back(row.failed > 0 ? fmt::format("{}", row.failed) : "");
    for (const Spread& figure : row.figures) cells.push_back(text_of(figure, row.runs));
  }
  return aligned(rows, plan.keys.size());
}

nlohmann::json to_json(const SweepPlan& plan, const SweepTable& table) {
  const auto number = [](double x) { return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json(); };
  nlohmann::json made = nlohmann::json::array();
  for (const SweepRow& row : table.rows) {
    nlohmann::json figures = nlohmann::json::object();
    for (std::size_t i = 0; i < table.figures.size(); ++i)
      figures[table.figures[i].name] = {{"mean", number(row.figures[i].mean)},
                                        {"deviation", number(row.figures[i].deviation)}};
    made.push_back({{"settings", plan.combinations[row.combination].swept},
                    {"runs", row.runs},
                    {"failed", row.failed},
                    {"figures", figures}});
  }
  return made;
}

}  // namespace elegans::cli
