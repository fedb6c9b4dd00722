#pragma once
// What a chain computes again instead of reading it.
//
//     a = x − m;  s = sigmoid(a w)      something between      d = g a s      a is computed again, from x and m
//
// A value that one chain makes and others read is written to memory and read back. Where it is an addition or a product
// or two, of what each reader has anyway and of smaller arrays (rows, columns, numbers, what is fetched along a circuit
// that the reader fetches along already), each reader computes it itself: the same instructions on the same numbers, so
// the same bits.

#include <functional>
#include <map>
#include <vector>

#include "graph/node_groups.hpp"

namespace elegans::graph {

class Repeats {
 public:
  // Of groups that are chains of elementwise nodes of one result shape. All arguments must outlive the repeats.
  Repeats(const Graph& graph, const NodeGroups& groups, const Uses& uses,
          const std::function<bool(std::size_t group)>& is_chain);

  // The nodes that a group computes, ascending: its own that are needed still, and those of others that it repeats.
  const std::vector<std::size_t>& computed(std::size_t group) const { return computed_[group]; }
  // What these read from outside, in the order of first use.
  std::vector<ValueId> inputs(std::size_t group) const { return read_by(computed(group)); }
  // Whether the value is an output of the graph, or read by a group that does not compute it.
  bool read_outside(ValueId value) const { return read_outside_[value] != 0; }
  // Values that readers compute again.
  std::size_t count() const { return count_; }

 private:
  // All nodes of a group and all that it may repeat, ascending.
  std::vector<std::size_t> nodes_of(std::size_t group) const;
  std::vector<ValueId> read_by(const std::vector<std::size_t>& nodes) const;
  // Other groups that read what the node makes.
  std::vector<std::size_t> readers_of(std::size_t node) const;
  bool is_made_by(const std::vector<std::size_t>& nodes, ValueId value) const;
  bool is_at_hand(ValueId value, std::size_t group) const;
  // Adds what `group` would have to repeat for a value that it reads; false where that is too much.
  bool plan(ValueId value, std::size_t group, std::vector<std::size_t>& nodes) const;
  bool is_readable(std::size_t group, const Shape& result) const;
  void repeat(std::size_t node, const std::function<bool(std::size_t group)>& is_chain);
  void settle();

  const Graph& graph_;
  const NodeGroups& groups_;
  const Uses& uses_;
  std::map<std::size_t, std::vector<std::size_t>> repeated_;  // by group, nodes of other groups
  std::vector<std::vector<std::size_t>> computed_;            // by group
  std::vector<char> read_outside_;                            // by value
  std::size_t count_ = 0;
};

}  // namespace elegans::graph
