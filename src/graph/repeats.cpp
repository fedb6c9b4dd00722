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
    : graph_(graph), groups_(groups), uses_(uses) {
  for (std::size_t n = 0; n < graph.nodes().size(); ++n)
    if (is_cheap(graph.nodes()[n]) && is_chain(groups.of(n))) repeat(n, is_chain);
}

// Only where every reader can: else the value is written all the same. A sum along a circuit is none, for the chain that
// makes its terms takes it in (graph/passes/circuits.hpp).
void Repeats::repeat(std::size_t node, const std::function<bool(std::size_t group)>& is_chain) {
  const ValueId value = graph_.nodes()[node].outputs[0];
  std::set<std::size_t> others;
  for (const std::size_t reader : uses_.readers[value])
    if (as<ops::ScatterSum>(graph_.nodes()[reader]) == nullptr) others.insert(groups_.of(reader));
  for (const auto& [group, nodes] : repeated_)
    for (const std::size_t reader : uses_.readers[value])
      if (contains(nodes, reader)) others.insert(group);
  others.erase(groups_.of(node));
  if (uses_.is_output[value] || others.empty()) return;

  std::map<std::size_t, std::vector<std::size_t>> plans;
  for (const std::size_t group : others) {
    const bool same_shape =
        graph_.type(graph_.nodes()[groups_.members(group)[0]].outputs[0]).shape == graph_.type(value).shape;
    if (contains(repeated(group), node)) continue;
    if (!is_chain(group) || !same_shape || !plan(value, group, plans[group])) return;
  }
  const auto before = repeated_;
  for (const auto& [group, nodes] : plans) {
    std::vector<std::size_t>& all = repeated_[group];
    for (const std::size_t again : nodes)
      if (!contains(all, again)) all.push_back(again);
    std::sort(all.begin(), all.end());
  }
  for (const auto& [group, nodes] : plans) {
    std::vector<Shape> shapes;
    for (const ValueId input : inputs(group)) shapes.push_back(graph_.type(input).shape);
    if (shapes.size() <= ops::Elementwise::max_inputs &&
        ops::Elementwise::split_axis(shapes, graph_.type(value).shape).has_value())
      continue;
    repeated_ = before;
    return;
  }
  ++count_;
}

bool Repeats::plan(ValueId value, std::size_t group, std::vector<std::size_t>& nodes) const {
  if (uses_.producers[value] < 0) return false;
  const auto node = static_cast<std::size_t>(uses_.producers[value]);
  if (contains(nodes, node)) return true;
  if (!is_cheap(graph_.nodes()[node])) return false;
  for (const ValueId input : graph_.nodes()[node].inputs)
    if (!is_at_hand(input, group, graph_.type(value).shape) && !plan(input, group, nodes)) return false;
  nodes.push_back(node);
  return nodes.size() <= most_repeated;
}

bool Repeats::is_at_hand(ValueId value, std::size_t group, const Shape& result) const {
  if (!(graph_.type(value).shape == result)) return true;  // smaller
  const std::vector<ValueId> read = inputs(group);
  if (std::find(read.begin(), read.end(), value) != read.end()) return true;
  const std::int32_t maker = uses_.producers[value];
  if (maker < 0) return false;
  if (contains(computed(group), static_cast<std::size_t>(maker))) return true;
  const auto* fetched = as<ops::Gather>(graph_.nodes()[static_cast<std::size_t>(maker)]);
  return fetched != nullptr && std::any_of(read.begin(), read.end(), [&](ValueId input) {
           if (uses_.producers[input] < 0) return false;
           const auto* other = as<ops::Gather>(graph_.nodes()[static_cast<std::size_t>(uses_.producers[input])]);
           return other != nullptr && other->axis() == fetched->axis() &&
                  *other->connections() == *fetched->connections();
         });
}

const std::vector<std::size_t>& Repeats::repeated(std::size_t group) const {
  static const std::vector<std::size_t> none;
  const auto found = repeated_.find(group);
  return found == repeated_.end() ? none : found->second;
}

std::vector<std::size_t> Repeats::computed(std::size_t group) const {
  std::vector<std::size_t> nodes = repeated(group);
  const std::vector<std::size_t>& members = groups_.members(group);
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    const std::vector<ValueId>& outputs = graph_.nodes()[*member].outputs;
    const bool needed = std::any_of(outputs.begin(), outputs.end(), [&](ValueId value) {
      return read_outside(value, group) || std::any_of(uses_.readers[value].begin(), uses_.readers[value].end(),
                                                       [&](std::size_t reader) { return contains(nodes, reader); });
    });
    if (needed) nodes.push_back(*member);
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::vector<ValueId> Repeats::inputs(std::size_t group) const {
  std::vector<ValueId> inputs;
  const std::vector<std::size_t> nodes = computed(group);
  for (const std::size_t node : nodes)
    for (const ValueId input : graph_.nodes()[node].inputs) {
      const bool made =
          uses_.producers[input] >= 0 && contains(nodes, static_cast<std::size_t>(uses_.producers[input]));
      if (!made && std::find(inputs.begin(), inputs.end(), input) == inputs.end()) inputs.push_back(input);
    }
  return inputs;
}

bool Repeats::read_outside(ValueId value, std::size_t group) const {
  if (uses_.is_output[value]) return true;
  const auto maker = static_cast<std::size_t>(uses_.producers[value]);
  const auto reads = [&](std::size_t reader, std::size_t by) {
    return by != group && !contains(repeated(by), maker) &&
           (groups_.of(reader) == by || contains(repeated(by), reader));
  };
  for (const std::size_t reader : uses_.readers[value]) {
    if (reads(reader, groups_.of(reader))) return true;
    for (const auto& [by, nodes] : repeated_)
      if (reads(reader, by)) return true;
  }
  return false;
}

}  // namespace elegans::graph
