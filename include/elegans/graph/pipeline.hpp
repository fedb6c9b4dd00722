#pragma once
// The pipeline: the passes that compile() runs, in order, as a table.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "elegans/graph/executable.hpp"

namespace elegans::graph {

// A pass makes a graph from a graph and writes into the report what it did, what it refused and why.
struct PassRow {
  std::string_view name;
  Graph (*run)(const Graph& graph, PassReport& report) = nullptr;
  // Instead, of a pass for graphs that always run for the same extents.
  Graph (*run_at)(const Graph& graph, const Extents& extents, PassReport& report) = nullptr;
  // Instead, of a pass for graphs some of whose inputs never change.
  Graph (*run_knowing)(const Graph& graph, std::span<const std::string> known, PassReport& report) = nullptr;
};

std::span<const PassRow> passes();

// Runs the pipeline but for passes named in `disable` (ConfigError for a name that is none) and in ELEGANS_DISABLE.
// With ELEGANS_PRINT_PASSES set, the graph is printed to stderr after each.
// `exactly` are the extents of all runs, where they are always the same. `known` are names of inputs that never change,
// weights in use (ConfigError for a name that is none): whoever gives them gets what they make of the arithmetic folded
// (graph/passes/fold.hpp), and numbers that are not the same bits, but as good. Without them nothing is folded.
Graph optimise(Graph graph, std::span<const std::string> disable, std::vector<PassReport>& reports,
               const std::optional<Extents>& exactly = {}, std::span<const std::string> known = {});

}  // namespace elegans::graph
