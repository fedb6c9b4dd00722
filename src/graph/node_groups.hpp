#pragma once
// A partition of a graph's nodes into groups, each of which a pass makes one node of.

#include <functional>
#include <optional>
#include <vector>

#include "elegans/graph/graph.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {

class NodeGroups {
 public:
  // One group a node, of its number. `graph` must outlive the groups.
  explicit NodeGroups(const Graph& graph);

  std::size_t of(std::size_t node) const { return group_[node]; }
  // Ascending.
  const std::vector<std::size_t>& members(std::size_t group) const { return members_[group]; }

  // Whether some group outside a and b lies on a way from one of them to the other.
  bool something_between(std::size_t a, std::size_t b) const;
  // Whether a node of `reader` reads what a node of `made` makes.
  bool reads(std::size_t reader, std::size_t made) const;
  // Moves the nodes of b to a.
  void join(std::size_t a, std::size_t b);

  // Whether a node of the group makes the value.
  bool makes(std::size_t group, ValueId value) const;
  // Values that a group, or two of them together, read from outside, in the order of first use.
  std::vector<ValueId> inputs(std::size_t group) const { return inputs(group, group); }
  std::vector<ValueId> inputs(std::size_t a, std::size_t b) const;

  // The groups in an order in which each comes after all that it reads.
  std::vector<std::size_t> ordered() const;

 private:
  std::optional<std::size_t> maker(ValueId value) const;  // the group that makes it

  const Graph& graph_;
  std::vector<std::int32_t> producers_;
  std::vector<std::size_t> group_;
  std::vector<std::vector<std::size_t>> members_;
};

// The graph with one node for each group of several, which `joint` writes; bodies of loops become what `inside` makes of
// them.
Graph write_groups(const Graph& graph, const NodeGroups& groups,
                   const std::function<void(const std::vector<std::size_t>& members, Rewrite& rewrite)>& joint,
                   const std::function<Graph(const Graph& body)>& inside);

}  // namespace elegans::graph
