#include "elegans/graph/split.hpp"

#include <algorithm>

#include "elegans/ops/sources.hpp"
#include "rewrite.hpp"

namespace elegans::graph {
namespace {

// A number made by no input: it stays where it is read.
bool is_number(const Node& node) { return as<ops::Constant>(node) != nullptr; }

// Whether it gives the same whatever extents a run has.
bool is_of_one_size(const Graph& graph, const Node& node) {
  const Scan* scan = as_scan(node);
  const auto is_constant = [&](ValueId output) { return graph.type(output).shape.is_constant(); };
  return std::all_of(node.outputs.begin(), node.outputs.end(), is_constant) && (!scan || scan->steps().is_constant());
}

}  // namespace

Split split_constant(const Graph& graph, std::span<const std::string> names) {
  std::vector<char> known = input_marks(graph, names, "split_constant");  // from the named inputs alone
  std::vector<char> is_input(graph.value_count(), 0);
  for (const Port& port : graph.inputs()) is_input[port.value] = 1;
  std::vector<char> moves(graph.nodes().size(), 0), read_outside = output_marks(graph);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    const auto is_known = [&](ValueId value) { return known[value] != 0; };
    moves[n] = std::all_of(node.inputs.begin(), node.inputs.end(), is_known) && is_of_one_size(graph, node);
    for (const ValueId output : node.outputs) known[output] = moves[n];
  }
  for (std::size_t n = 0; n < graph.nodes().size(); ++n)
    if (!moves[n])
      for (const ValueId input : graph.nodes()[n].inputs) read_outside[input] = 1;

  std::vector<Node> before, after;
  std::vector<Port> crossing, crossed = graph.inputs();
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    if (moves[n]) before.push_back(node);
    if (!moves[n] || (is_number(node) && read_outside[node.outputs[0]])) after.push_back(node);
    if (!moves[n] || is_number(node)) continue;
    for (const ValueId output : node.outputs) {
      if (!read_outside[output]) continue;
      crossed.push_back({new_name(crossed, "constant"), output});
      crossing.push_back(crossed.back());
    }
  }
  std::vector<char> read_inside(graph.value_count(), 0);
  for (const Node& node : before)
    for (const ValueId input : node.inputs) read_inside[input] = 1;
  std::vector<Port> inner;
  for (const Port& port : graph.inputs())
    if (read_inside[port.value]) inner.push_back(port);
  std::erase_if(crossed, [&](const Port& port) {
    return known[port.value] && is_input[port.value] && !read_outside[port.value];
  });
  return {.constant = Graph::from_parts(graph, std::move(before), std::move(inner), std::move(crossing)),
          .rest = Graph::from_parts(graph, std::move(after), std::move(crossed), graph.outputs())};
}

}  // namespace elegans::graph
