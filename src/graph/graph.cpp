#include "elegans/graph/graph.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/graph/scan.hpp"

namespace elegans::graph {
namespace {

void require_new_name(const std::vector<Port>& ports, const std::string& name, const char* what) {
  if (std::any_of(ports.begin(), ports.end(), [&](const Port& port) { return port.name == name; }))
    throw ConfigError({.operation = "graph",
                       .argument = fmt::format("the name of an {}", what),
                       .actual = fmt::format("'{}', which is taken", name),
                       .required = "a new name",
                       .remedy = ""});
}

}  // namespace

const Type& Value::type() const {
  if (graph == nullptr)
    throw ConfigError({.operation = "graph",
                       .argument = "a value",
                       .actual = "empty",
                       .required = "a value of a graph",
                       .remedy = "Check an optional value before using it."});
  return graph->type(id);
}

Value Graph::input(std::string name, Type type) {
  require_new_name(inputs_, name, "input");
  const ValueId id = add_value(std::move(type));
  inputs_.push_back({std::move(name), id});
  return {this, id};
}

void Graph::output(std::string name, Value value) {
  require_new_name(outputs_, name, "output");
  outputs_.push_back({std::move(name), capture(value).id});
}

Value Graph::capture(Value value) {
  if (value.graph == this) return value;
  static_cast<void>(value.type());  // refuses an empty one
  if (parent_ == nullptr)
    throw ConfigError({.operation = "graph",
                       .argument = "a value",
                       .actual = "of another graph",
                       .required = "a value of this graph, or of one that it is a loop's body of",
                       .remedy = "Values of different graphs cannot meet in one operation."});
  const Value outer = parent_->capture(value);
  for (const auto& [captured, input] : captures_)
    if (captured == outer.id) return {this, input};
  const Value inner = input(fmt::format("captured {}", captures_.size()), outer.type());
  captures_.emplace_back(outer.id, inner.id);
  return inner;
}

std::vector<Value> Graph::apply(OperationPtr operation, std::span<const Value> inputs) {
  Node node{.operation = std::move(operation), .inputs = {}, .outputs = {}, .scope = scope_};
  for (const Value& value : inputs) node.inputs.push_back(capture(value).id);
  std::vector<Type> types;
  try {
    types = node.operation->infer(types_of(node.inputs));
  } catch (const ShapeError& error) {
    if (scope_.empty()) throw;
    throw ShapeError(scope_ + ": " + error.what());
  } catch (const DtypeError& error) {
    if (scope_.empty()) throw;
    throw DtypeError(scope_ + ": " + error.what());
  }
  std::vector<Value> outputs;
  for (Type& type : types) {
    node.outputs.push_back(add_value(std::move(type)));
    outputs.push_back({this, node.outputs.back()});
  }
  nodes_.push_back(std::move(node));
  return outputs;
}

void Graph::replace_node(std::size_t index, Node node) { nodes_[index] = std::move(node); }

ValueId Graph::add_value(Type type) {
  types_.push_back(std::move(type));
  return static_cast<ValueId>(types_.size() - 1);
}

void Graph::add_node(Node node) { nodes_.push_back(std::move(node)); }

Graph Graph::from_parts(const Graph& like, std::vector<Node> nodes, std::vector<Port> inputs,
                        std::vector<Port> outputs) {
  Graph graph;
  graph.types_ = like.types_;
  graph.nodes_ = std::move(nodes);
  graph.inputs_ = std::move(inputs);
  graph.outputs_ = std::move(outputs);
  return graph;
}

std::vector<Type> Graph::types_of(std::span<const ValueId> ids) const {
  std::vector<Type> types;
  types.reserve(ids.size());
  for (const ValueId id : ids) types.push_back(types_[id]);
  return types;
}

std::vector<std::int32_t> Graph::producers() const {
  std::vector<std::int32_t> producers(types_.size(), -1);
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    for (const ValueId output : nodes_[n].outputs) producers[output] = static_cast<std::int32_t>(n);
  return producers;
}

Graph& Graph::innermost_open() { return open_body_ ? open_body_->innermost_open() : *this; }

Scope::Scope(Graph& graph, const std::string& name) : graph_(graph), outer_(graph.scope()) {
  graph.set_scope(outer_.empty() ? name : outer_ + "/" + name);
}

void check(const Graph& graph) {
  std::vector<char> known(graph.value_count(), 0);
  for (const Port& port : graph.inputs()) known[port.value] = 1;
  for (const Node& node : graph.nodes()) {
    for (const ValueId input : node.inputs) ensure(known[input], "a node reads a value before it is made");
    const std::vector<Type> types = node.operation->infer(graph.types_of(node.inputs));
    ensure(types.size() == node.outputs.size(), "a node has other outputs than its operation");
    for (std::size_t i = 0; i < types.size(); ++i) {
      ensure(types[i] == graph.type(node.outputs[i]), "a value has another type than its operation gives");
      ensure(!known[node.outputs[i]], "a value is made twice");
      known[node.outputs[i]] = 1;
    }
    if (const Scan* scan = as_scan(node)) check(scan->body());
  }
  for (const Port& port : graph.outputs()) ensure(known[port.value], "an output is never made");
}

namespace {

void append(std::string& text, const Graph& graph, const NodeNotes& notes, const std::string& indent) {
  for (const Port& port : graph.inputs())
    text +=
        fmt::format("{}%{} = input '{}' : {}\n", indent, port.value, port.name, ops::to_string(graph.type(port.value)));
  for (const Node& node : graph.nodes()) {
    text += indent;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) text += fmt::format("{}%{}", i ? ", " : "", node.outputs[i]);
    text += fmt::format(" = {}(", node.operation->name());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) text += fmt::format("{}%{}", i ? ", " : "", node.inputs[i]);
    text += ") :";
    for (std::size_t i = 0; i < node.outputs.size(); ++i) text += " " + ops::to_string(graph.type(node.outputs[i]));
    if (const std::string options = node.operation->options(); !options.empty()) text += "   {" + options + "}";
    if (!node.scope.empty()) text += "   # " + node.scope;
    text += '\n';
    if (const auto note = notes.find(&node); note != notes.end())
      text += fmt::format("{}      {}\n", indent, note->second);
    if (const Scan* scan = as_scan(node)) append(text, scan->body(), notes, indent + "    ");
  }
  for (const Port& port : graph.outputs()) text += fmt::format("{}output '{}' = %{}\n", indent, port.name, port.value);
}

}  // namespace

std::string to_string(const Graph& graph, const NodeNotes& notes) {
  std::string text;
  append(text, graph, notes, "");
  return text;
}

}  // namespace elegans::graph
