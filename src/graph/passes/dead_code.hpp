#pragma once
// Removing what no output needs.

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

// The graph without dead nodes. Loops lose stacked and summed results that nobody reads, and scanned and captured
// inputs that their body no longer reads. Adds what went to `removed`.
Graph remove_dead_code(const Graph& graph, std::size_t& removed);

}  // namespace elegans::graph
