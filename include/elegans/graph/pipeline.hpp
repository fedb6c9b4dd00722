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
  bool if_fast = false;  // only where fast activations are asked for
};

std::span<const PassRow> passes();

struct OptimiseOptions {
  std::span<const std::string> disable = {};  // names of passes that are not to run; ELEGANS_DISABLE adds to them
  std::optional<Extents> exactly = {};        // those of all runs, where they are always the same
  // Names of inputs that never change, weights in use: whoever gives them gets what they make of the arithmetic folded
  // (graph/passes/fold.hpp), and numbers that are not the same bits, but as good. Without them nothing is folded.
  std::span<const std::string> known = {};
  bool fast_activations = false;  // graph/passes/fast.hpp
};

// The passes that ELEGANS_DISABLE in the environment names, separated by commas. ConfigError for one that is none.
std::vector<std::string> disabled_by_environment();

// Runs the pipeline. ConfigError for a disabled pass or a known input that is none. With ELEGANS_PRINT_PASSES set, the
// graph is printed to stderr after each pass.
Graph optimise(Graph graph, std::vector<PassReport>& reports, const OptimiseOptions& options = {});

}  // namespace elegans::graph
