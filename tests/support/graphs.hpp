#pragma once
// What tests ask of the structure of a graph.

#include <stdexcept>
#include <string>
#include <vector>

#include "elegans/graph/scan.hpp"

namespace elegans::testing {

// The operations, in the order of the nodes.
inline std::vector<std::string> names(const graph::Graph& graph) {
  std::vector<std::string> names;
  for (const graph::Node& node : graph.nodes()) names.emplace_back(node.operation->name());
  return names;
}

// The body of the first loop.
inline const graph::Graph& body_of(const graph::Graph& graph) {
  for (const graph::Node& node : graph.nodes())
    if (const graph::Scan* scan = graph::as_scan(node)) return scan->body();
  throw std::logic_error("the graph has no loop");
}

}  // namespace elegans::testing
