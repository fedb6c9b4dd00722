#pragma once
// Graphs of operations: what a model is.
//
// A graph is written in topological order: an operation is checked against its inputs as it is added, so a wrong shape
// is an error at the line that wrote it. Values are numbered and single-assignment. The body of a loop is a graph of
// its own whose parent is the graph that holds the loop; using a value of the parent inside the body captures it.
//
//     Graph g;
//     Value x = g.input("x", {Dtype::f32, {Dim::batch(), 3}});
//     Value w = g.input("w", {Dtype::f32, {3, 2}});
//     g.output("y", tanh(matmul(x, w)));                    // functions of graph/functions.hpp
//     Executable run = compile(std::move(g), {});           // graph/executable.hpp

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "elegans/ops/operation.hpp"

namespace elegans::graph {

using ops::OperationPtr;
using ops::Type;

using ValueId = std::uint32_t;

class Graph;

// A value of a graph, to write with. Valid as long as its graph stays where it is.
struct Value {
  Graph* graph = nullptr;
  ValueId id = 0;

  const Type& type() const;
  const Shape& shape() const { return type().shape; }
  Dtype dtype() const { return type().dtype; }
  explicit operator bool() const { return graph != nullptr; }
  friend bool operator==(const Value&, const Value&) = default;
};

// One operation with the values it reads and writes. `scope` says where in the model it was written ("encoder/step").
struct Node {
  OperationPtr operation;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::string scope;
};

// A named input or output.
struct Port {
  std::string name;
  ValueId value;
};

class Graph {
 public:
  Graph() = default;
  // The body of a loop in `parent`, which must outlive the writing of this graph (not its use).
  explicit Graph(Graph* parent) : parent_(parent) {}
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  Graph(const Graph&) = default;
  Graph& operator=(const Graph&) = default;

  // A new input. ConfigError where the name is taken.
  Value input(std::string name, Type type);
  // Makes `value` an output called `name`; a value of a parent is captured first. ConfigError where the name is taken.
  void output(std::string name, Value value);

  // Adds a node and returns its outputs. Inputs from parents are captured. Errors are prefixed with the scope.
  std::vector<Value> apply(OperationPtr operation, std::span<const Value> inputs);
  // The value of this graph that stands for `value` of this graph or of a parent, as a new input where it is captured
  // for the first time.
  Value capture(Value value);
  // What was captured: pairs of a value of the parent and the input of this graph, in the order of the inputs.
  const std::vector<std::pair<ValueId, ValueId>>& captures() const { return captures_; }
  // Puts `node` in place of node `index`; its outputs may be values made by `add_value`. For passes and gradients.
  void replace_node(std::size_t index, Node node);
  ValueId add_value(Type type);
  void add_node(Node node);
  // A graph with the values of `like`, but with these nodes and ports. Values that no node makes stay without use.
  static Graph from_parts(const Graph& like, std::vector<Node> nodes, std::vector<Port> inputs,
                          std::vector<Port> outputs);
  // The writing is over: values of the parent can no longer be captured.
  void detach() {
    parent_ = nullptr;
    captures_.clear();
  }

  Value value(ValueId id) { return {this, id}; }
  const Type& type(ValueId id) const { return types_[id]; }
  std::size_t value_count() const { return types_.size(); }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }
  std::vector<Type> types_of(std::span<const ValueId> ids) const;
  // The node that makes each value, −1 for inputs.
  std::vector<std::int32_t> producers() const;
  Graph* parent() const { return parent_; }
  // The body that is being written inside this graph, or inside that body and so on; this graph where none is. A loop
  // belongs there whatever it reads, for its own body may use any value that exists there.
  Graph& innermost_open();
  int depth() const { return parent_ ? parent_->depth() + 1 : 0; }

  // Nodes written while a Scope lives carry its name; scopes nest with '/'.
  const std::string& scope() const { return scope_; }
  void set_scope(std::string scope) { scope_ = std::move(scope); }

 private:
  std::deque<Type> types_;  // a deque, so that shapes stay where they are while operations are added
  std::vector<Node> nodes_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::vector<std::pair<ValueId, ValueId>> captures_;
  friend class OpenBody;

  Graph* parent_ = nullptr;
  Graph* open_body_ = nullptr;
  std::string scope_;
};

// While it lives, `body` is being written inside its parent.
class OpenBody {
 public:
  explicit OpenBody(Graph& body) : parent_(*body.parent_), outer_(parent_.open_body_) { parent_.open_body_ = &body; }
  ~OpenBody() { parent_.open_body_ = outer_; }
  OpenBody(const OpenBody&) = delete;
  OpenBody& operator=(const OpenBody&) = delete;

 private:
  Graph& parent_;
  Graph* outer_;
};

class Scope {
 public:
  Scope(Graph& graph, const std::string& name);
  ~Scope() { graph_.set_scope(std::move(outer_)); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Graph& graph_;
  std::string outer_;
};

// Throws InternalError unless every node reads only values made before it, every type follows from its operation's
// shape rule and every output exists. Bodies of loops are checked too. The first row of the pipeline, and a check after
// any pass.
void check(const Graph& graph);

// What there is to tell of nodes beyond themselves, those of loops' bodies too.
using NodeNotes = std::map<const Node*, std::string>;

// The graph as text, one node a line: "%5 = matmul(%1, %2) : f32[batch, 16]". A note is a line of its own behind it.
std::string to_string(const Graph& graph, const NodeNotes& notes = {});

}  // namespace elegans::graph
