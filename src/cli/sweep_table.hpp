#pragma once
// What a sweep found: a row a combination, mean ± deviation over its runs.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/spread.hpp"
#include "cli/sweep_plan.hpp"
#include "cli/sweep_results.hpp"
#include "elegans/train/history.hpp"

namespace elegans::cli {

struct SweepRow {
  std::size_t combination = 0;
  std::size_t runs = 0;    // that went to the end
  std::size_t failed = 0;  // of which there are no figures
  std::vector<Spread> figures;
};

struct SweepTable {
  std::string part;                         // that was judged: "test" or "validation"
  std::vector<train::NamedFigure> figures;  // the columns; the first one is what rows are sorted by
  std::vector<SweepRow> rows;               // best first; those with failed runs, or without a number, at the end
};

// The figures in the order of columns: what is sorted by, metrics, the loss. ConfigError with the nearest names where
// `sort_by` is none of them; empty: the first metric.
std::vector<train::NamedFigure> columns_of(std::vector<train::NamedFigure> figures, const std::string& sort_by);

// `results` holds one for each of plan.runs; `figures` are the columns.
SweepTable table_of(const SweepPlan& plan, const std::vector<RunResult>& results,
                    std::vector<train::NamedFigure> figures);

std::string to_text(const SweepPlan& plan, const SweepTable& table);
// [{"settings": {"units": 16}, "runs": 3, "failed": 0, "figures": {"accuracy": {"mean": 0.9, "deviation": 0.01}}}, …]
nlohmann::json to_json(const SweepPlan& plan, const SweepTable& table);

}  // namespace elegans::cli
