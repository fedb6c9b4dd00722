#include "graph/node_groups.hpp"

#include <algorithm>
#include <numeric>

namespace elegans::graph {

NodeGroups::NodeGroups(const Graph& graph)
    : graph_(graph), producers_(graph.producers()), group_(graph.nodes().size()), members_(graph.nodes().size()) {
  std::iota(group_.begin(), group_.end(), std::size_t{0});
  for (std::size_t n = 0; n < members_.size(); ++n) members_[n] = {n};
}

std::optional<std::size_t> NodeGroups::maker(ValueId value) const {
  if (producers_[value] < 0) return std::nullopt;
  return group_[static_cast<std::size_t>(producers_[value])];
}

bool NodeGroups::something_between(std::size_t a, std::size_t b) const {
  std::vector<char> seen(members_.size(), 0);
  std::vector<std::size_t> open;
  const auto visit = [&](std::size_t group, bool from_pair) {
    for (const std::size_t node : members_[group])
      for (const ValueId input : graph_.nodes()[node].inputs) {
        const std::optional<std::size_t> next = maker(input);
        if (!next) continue;
        if (*next == a || *next == b) {
          if (!from_pair) return true;
        } else if (!seen[*next]) {
          seen[*next] = 1;
          open.push_back(*next);
        }
      }
    return false;
  };
  visit(a, true);
  visit(b, true);
  while (!open.empty()) {
    const std::size_t group = open.back();
    open.pop_back();
    if (visit(group, false)) return true;
  }
  return false;
}

bool NodeGroups::reads(std::size_t reader, std::size_t made) const {
  const std::vector<ValueId> read = inputs(reader);
  return std::any_of(read.begin(), read.end(), [&](ValueId value) { return makes(made, value); });
}

void NodeGroups::join(std::size_t a, std::size_t b) {
  for (const std::size_t node : members_[b]) group_[node] = a;
  members_[a].insert(members_[a].end(), members_[b].begin(), members_[b].end());
  std::sort(members_[a].begin(), members_[a].end());
  members_[b].clear();
}

bool NodeGroups::makes(std::size_t group, ValueId value) const { return maker(value) == group; }

std::vector<ValueId> NodeGroups::inputs(std::size_t a, std::size_t b) const {
  std::vector<ValueId> inputs;
  const auto add = [&](std::size_t group) {
    for (const std::size_t node : members_[group])
      for (const ValueId input : graph_.nodes()[node].inputs)
        if (!makes(a, input) && !makes(b, input) && std::find(inputs.begin(), inputs.end(), input) == inputs.end())
          inputs.push_back(input);
  };
  add(a);
  if (b != a) add(b);
  return inputs;
}

std::vector<std::size_t> NodeGroups::ordered() const {
  std::vector<char> state(members_.size(), 0);
  std::vector<std::size_t> order;
  std::vector<std::pair<std::size_t, bool>> stack;
  for (std::size_t n = 0; n < group_.size(); ++n) {
    stack.push_back({group_[n], false});
    while (!stack.empty()) {
      const auto [group, done] = stack.back();
      stack.pop_back();
      if (done) {
        order.push_back(group);
        continue;
      }
      if (state[group]) continue;
      state[group] = 1;
      stack.push_back({group, true});
      for (const ValueId input : inputs(group))
        if (const std::optional<std::size_t> next = maker(input); next && !state[*next])
          stack.push_back({*next, false});
    }
  }
  return order;
}

Graph write_groups(const Graph& graph, const NodeGroups& groups,
                   const std::function<void(const std::vector<std::size_t>& members, Rewrite& rewrite)>& joint,
                   const std::function<Graph(const Graph& body)>& inside) {
  Rewrite rewrite(graph);
  for (const std::size_t group : groups.ordered()) {
    const std::vector<std::size_t>& members = groups.members(group);
    if (members.size() > 1) {
      joint(members, rewrite);
      continue;
    }
    const Node& node = graph.nodes()[members[0]];
    const Scan* scan = as_scan(node);
    rewrite.copy(node, scan ? with_body(*scan, inside(scan->body())) : nullptr);
  }
  return rewrite.finish();
}

}  // namespace elegans::graph
