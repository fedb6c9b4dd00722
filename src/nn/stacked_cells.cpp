#include "elegans/nn/stacked_cells.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/json.hpp"
#include "elegans/nn/registry.hpp"

namespace elegans::nn {

StackedCells::StackedCells(std::vector<CellPtr> cells) : cells_(std::move(cells)) {
  if (cells_.empty()) throw ConfigError({"StackedCells", "cells", "empty", "one cell or more", ""});
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (!cells_[i]) throw ConfigError({"StackedCells", fmt::format("cell {}", i), "null", "a cell", ""});
    const auto before = cells_.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(cells_.begin(), before, cells_[i]) != before)
      throw ConfigError({"StackedCells", fmt::format("cell {}", i), "one that is there already", "each cell once",
                         "Make a second cell of the same options."});
    add_part(fmt::format("cell_{}", i), cells_[i]);
  }
}

std::vector<StateOptions> StackedCells::states() const {
  std::vector<StateOptions> all;
  for (std::size_t i = 0; i < cells_.size(); ++i)
    for (StateOptions state : cells_[i]->states()) {
      state.name = fmt::format("cell_{}_{}", i, state.name);
      all.push_back(std::move(state));
    }
  return all;
}

std::optional<std::size_t> StackedCells::output_state() const {
  const std::optional<std::size_t> own = cells_.back()->output_state();
  if (!own) return std::nullopt;
  std::size_t before = 0;
  for (std::size_t i = 0; i + 1 < cells_.size(); ++i) before += cells_[i]->states().size();
  return before + *own;
}

void StackedCells::on_build(const Shape& input) {
  Shape reads = input;
  for (const CellPtr& cell : cells_) {
    cell->build(reads);
    reads[1] = cell->output_size();
  }
}

CellOutput StackedCells::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  CellOutput all{.output = x, .state = {}};
  auto first = state.begin();
  for (const CellPtr& cell : cells_) {
    const auto last = first + static_cast<std::ptrdiff_t>(cell->states().size());
    const CellOutput step = (*cell)(context, all.output, {first, last}, dt);
    all.output = step.output;
    all.state.insert(all.state.end(), step.state.begin(), step.state.end());
    first = last;
  }
  return all;
}

Json StackedCells::config() const {
  Json cells = Json::array();
  for (const CellPtr& cell : cells_) cells.push_back(to_config(*cell));
  return {{"cells", std::move(cells)}};
}

CellPtr StackedCells::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"cells"});
  if (!object.at("cells").is_array()) throw object.error("cells", "a list of cells");
  std::vector<CellPtr> cells;
  for (const Json& cell : object.at("cells"))
    cells.push_back(make_cell(cell, fmt::format("{}: cell {}", source_name, cells.size())));
  return std::make_shared<StackedCells>(std::move(cells));
}

}  // namespace elegans::nn
