#include "graph/repeats.hpp"

#include <algorithm>
#include <set>

#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/scatter_sum.hpp"

namespace elegans::graph {
namespace {

// For one array less that is written and read.
constexpr std::size_t most_repeated = 2;

bool contains(const std::vector<std::size_t>& nodes, std::size_t node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// Whether a node takes less time than reading its result.
bool is_cheap(const Node& node) {
  const ops::Instruction* instruction = instruction_of(node);
  if (instruction == nullptr) return false;
  if (instruction->kind == ops::Instruction::Kind::unary)
    return instruction->function == static_cast<std::uint8_t>(kernels::Unary::negate);
  using kernels::Binary;
  for (const Binary function : {Binary::add, Binary::subtract, Binary::multiply})
    if (is_binary(node, function)) return true;
  return false;
}

}  // namespace

Repeats::Repeats(const Graph& graph, const NodeGroups& groups, const Uses& uses,
                 const std::function<bool(std::size_t group)>& is_chain)
    : graph_(graph), groups_(groups), uses_(uses), computed_(graph.nodes().size()), read_outside_(uses.is_output) {
  for (std::size_t n = 0; n < graph.nodes().size(); ++n)
    if (is_cheap(graph.nodes()[n]) && is_chain(groups.of(n))) repeat(n, is_chain);
  settle();
}

// Only where every reader can: else the value is written all the same.
void Repeats::repeat(std::size_t node, const std::function<bool(std::size_t group)>& is_chain) {
  const ValueId value = graph_.nodes()[node].outputs[0];
  const Shape& shape = graph_.type(value).shape;
  const std::vector<std::size_t> others = readers_of(node);
  if (uses_.is_output[value] || others.empty()) return;
  const auto before = repeated_;
  for (const std::size_t group : others) {
    std::vector<std::size_t> nodes;
    const bool same_shape = graph_.type(graph_.nodes()[groups_.members(group)[0]].outputs[0]).shape == shape;
    const bool can = is_chain(group) && same_shape && plan(value, group, nodes);
    if (can) repeated_[group].insert(repeated_[group].end(), nodes.begin(), nodes.end());
    if (can && is_readable(group, shape)) continue;
    repeated_ = before;
    return;
  }
  ++count_;
}

// A sum along a circuit is none, for the chain that makes its terms takes it in (graph/passes/circuits.hpp).
std::vector<std::size_t> Repeats::readers_of(std::size_t node) const {
  std::set<std::size_t> found;
  for (const std::size_t reader : uses_.readers[graph_.nodes()[node].outputs[0]]) {
    if (as<ops::ScatterSum>(graph_.nodes()[reader]) == nullptr) found.insert(groups_.of(reader));
    for (const auto& [group, nodes] : repeated_)
      if (contains(nodes, reader)) found.insert(group);
  }
  std::erase_if(found, [&](std::size_t group) { return contains(nodes_of(group), node); });
  return {found.begin(), found.end()};
}

bool Repeats::plan(ValueId value, std::size_t group, std::vector<std::size_t>& nodes) const {
  if (uses_.producers[value] < 0) return false;
  const auto node = static_cast<std::size_t>(uses_.producers[value]);
  if (contains(nodes, node)) return true;
  if (!is_cheap(graph_.nodes()[node])) return false;
  for (const ValueId input : graph_.nodes()[node].inputs) {
    const bool smaller = !(graph_.type(input).shape == graph_.type(value).shape);
    if (!smaller && !is_at_hand(input, group) && !plan(input, group, nodes)) return false;
  }
  nodes.push_back(node);
  return nodes.size() <= most_repeated;
}

bool Repeats::is_at_hand(ValueId value, std::size_t group) const {
  const std::vector<std::size_t> nodes = nodes_of(group);
  const std::vector<ValueId> read = read_by(nodes);
  if (std::find(read.begin(), read.end(), value) != read.end() || is_made_by(nodes, value)) return true;
  const auto gather = [&](ValueId made) {
    const std::int32_t maker = uses_.producers[made];
    return maker < 0 ? nullptr : as<ops::Gather>(graph_.nodes()[static_cast<std::size_t>(maker)]);
  };
  const ops::Gather* fetched = gather(value);
  return fetched != nullptr && std::any_of(read.begin(), read.end(), [&](ValueId input) {
           const ops::Gather* other = gather(input);
           return other != nullptr && other->axis() == fetched->axis() &&
                  *other->connections() == *fetched->connections();
         });
}

bool Repeats::is_readable(std::size_t group, const Shape& result) const {
  std::vector<Shape> shapes;
  for (const ValueId input : read_by(nodes_of(group))) shapes.push_back(graph_.type(input).shape);
  return shapes.size() <= ops::Elementwise::max_inputs && ops::Elementwise::split_axis(shapes, result).has_value();
}

// From the last group to the first: what is needed is what is read by what is needed.
void Repeats::settle() {
  const std::vector<std::size_t> order = groups_.ordered();
  for (auto group = order.rbegin(); group != order.rend(); ++group) {
    std::vector<std::size_t>& needed = computed_[*group];
    const std::vector<std::size_t> nodes = nodes_of(*group);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      const std::vector<ValueId>& outputs = graph_.nodes()[*node].outputs;
      const bool is_needed = std::any_of(outputs.begin(), outputs.end(), [&](ValueId value) {
        const std::vector<std::size_t>& readers = uses_.readers[value];
        return (groups_.of(*node) == *group && read_outside(value)) ||
               std::any_of(readers.begin(), readers.end(), [&](std::size_t n) { return contains(needed, n); });
      });
      if (is_needed) needed.push_back(*node);
    }
    std::reverse(needed.begin(), needed.end());
    for (const ValueId input : inputs(*group)) read_outside_[input] = 1;
  }
}

std::vector<std::size_t> Repeats::nodes_of(std::size_t group) const {
  std::vector<std::size_t> nodes = groups_.members(group);
  const auto repeated = repeated_.find(group);
  if (repeated == repeated_.end()) return nodes;
  nodes.insert(nodes.end(), repeated->second.begin(), repeated->second.end());
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

bool Repeats::is_made_by(const std::vector<std::size_t>& nodes, ValueId value) const {
  return uses_.producers[value] >= 0 && contains(nodes, static_cast<std::size_t>(uses_.producers[value]));
}

std::vector<ValueId> Repeats::read_by(const std::vector<std::size_t>& nodes) const {
  std::vector<ValueId> read;
  for (const std::size_t node : nodes)
    for (const ValueId input : graph_.nodes()[node].inputs)
      if (!is_made_by(nodes, input) && std::find(read.begin(), read.end(), input) == read.end()) read.push_back(input);
  return read;
}

}  // namespace elegans::graph
