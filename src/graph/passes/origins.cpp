#include "graph/passes/origins.hpp"

#include <algorithm>

namespace elegans::graph {

std::vector<Origin> origins(const Scan& scan) {
  const Graph& body = scan.body();
  std::vector<Origin> origin(body.value_count(), Origin::captured);
  for (std::size_t i = 0; i < scan.counts().carried; ++i) origin[scan.carried_input(i)] = Origin::carried;
  for (std::size_t i = 0; i < scan.counts().scanned; ++i) origin[scan.scanned_input(i)] = Origin::scanned;
  for (const Node& node : body.nodes()) {
    Origin deepest = Origin::captured;
    for (const ValueId input : node.inputs) deepest = std::max(deepest, origin[input]);
    for (const ValueId output : node.outputs) origin[output] = deepest;
  }
  return origin;
}

}  // namespace elegans::graph
