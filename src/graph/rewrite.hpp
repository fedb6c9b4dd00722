#pragma once
// Copying a graph node by node into a new one, changing what a pass wants changed.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/graph/graph.hpp"
#include "elegans/graph/scan.hpp"
#include "elegans/ops/chain_program.hpp"

namespace elegans::graph {

class Rewrite {
 public:
  // Starts with the inputs of `from`.
  explicit Rewrite(const Graph& from);

  Graph& to() { return to_; }
  // The new value of an old one, which must have been made.
  Value at(ValueId old) { return to_.value(map_[old]); }
  bool has(ValueId old) const { return map_[old] != none; }
  std::vector<Value> at(const std::vector<ValueId>& old);
  // Says which new value an old one has become.
  void become(ValueId old, Value value) { map_[old] = value.id; }
  // Copies the node, with another operation where one is given.
  void copy(const Node& node, OperationPtr operation = nullptr);
  // Adds the outputs and gives the graph away.
  Graph finish();

 private:
  static constexpr ValueId none = static_cast<ValueId>(-1);
  const Graph& from_;
  Graph to_;
  std::vector<ValueId> map_;
};

// The operation of a node, or null where it is another one.
template <class Operation>
const Operation* as(const Node& node) {
  return dynamic_cast<const Operation*>(node.operation.get());
}

// The scan with another body, whose ports are counted, or the same ones.
std::shared_ptr<Scan> with_body(const Scan& scan, Graph body, const ScanCounts& counts);
inline std::shared_ptr<Scan> with_body(const Scan& scan, Graph body) {
  return with_body(scan, std::move(body), scan.counts());
}

// For every value the nodes that read it; outputs of the graph are not counted.
std::vector<std::vector<std::size_t>> readers(const Graph& graph);

// A name that no port has: `what` with a number.
std::string new_name(const std::vector<Port>& ports, std::string_view what);

// By value: whether it is an output of the graph.
std::vector<char> output_marks(const Graph& graph);

// By value: whether it is an input of one of these names. ConfigError from `operation` where a name is no input.
std::vector<char> input_marks(const Graph& graph, std::span<const std::string> names, std::string_view operation);

// Who makes and who reads each value of a graph.
struct Uses {
  explicit Uses(const Graph& of)
      : graph(of), producers(of.producers()), readers(graph::readers(of)), is_output(output_marks(of)) {}
  // The node that makes the value, null where it is an input.
  const Node* maker(ValueId value) const {
    return producers[value] < 0 ? nullptr : &graph.nodes()[static_cast<std::size_t>(producers[value])];
  }
  // Whether one node alone reads the value.
  bool has_one_reader(ValueId value) const { return !is_output[value] && readers[value].size() == 1; }

  const Graph& graph;
  std::vector<std::int32_t> producers;  // the number of the node that makes it, -1 of an input
  std::vector<std::vector<std::size_t>> readers;
  std::vector<char> is_output;
};

// The instruction of a node that is one elementwise function and no chain; null of others.
const ops::Instruction* instruction_of(const Node& node);

// Whether the node is that function of one value or of two, and nothing else.
bool is_unary(const Node& node, kernels::Unary function);
bool is_binary(const Node& node, kernels::Binary function);
// Whether the node multiplies each row of its first input with the second one, a matrix or the weights of a circuit.
bool is_product_of_rows(const Node& node);
inline bool is_addition(const Node& node) { return is_binary(node, kernels::Binary::add); }

}  // namespace elegans::graph
