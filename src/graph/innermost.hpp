#pragma once
// Where nodes go that are written with values of several graphs: bodies of loops read values from around them.

#include <span>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

// The graph that a node with these inputs, one or more, belongs to: the innermost of theirs. ConfigError for an empty value.
inline Graph& innermost(std::span<const Value> inputs) {
  ensure(!inputs.empty(), "an operation without inputs needs a graph");
  Graph* graph = inputs[0].graph;
  for (const Value& value : inputs) {
    static_cast<void>(value.type());  // refuses an empty one
    if (value.graph->depth() > graph->depth()) graph = value.graph;
  }
  return *graph;
}

}  // namespace elegans::graph
