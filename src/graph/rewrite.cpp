#include "rewrite.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/sparse_matmul.hpp"

namespace elegans::graph {

Rewrite::Rewrite(const Graph& from) : from_(from), map_(from.value_count(), none) {
  for (const Port& port : from.inputs()) map_[port.value] = to_.input(port.name, from.type(port.value)).id;
}

std::vector<Value> Rewrite::at(const std::vector<ValueId>& old) {
  std::vector<Value> values;
  for (const ValueId id : old) values.push_back(at(id));
  return values;
}

void Rewrite::copy(const Node& node, OperationPtr operation) {
  to_.set_scope(node.scope);
  const std::vector<Value> results = to_.apply(operation ? std::move(operation) : node.operation, at(node.inputs));
  for (std::size_t i = 0; i < results.size(); ++i) become(node.outputs[i], results[i]);
}

Graph Rewrite::finish() {
  for (const Port& port : from_.outputs()) to_.output(port.name, at(port.value));
  to_.set_scope("");
  return std::move(to_);
}

std::shared_ptr<Scan> with_body(const Scan& scan, Graph body, const ScanCounts& counts) {
  return Scan(std::move(body), counts, scan.steps(), scan.reverse()).with_segment_length(scan.segment_length());
}

std::vector<std::vector<std::size_t>> readers(const Graph& graph) {
  std::vector<std::vector<std::size_t>> readers(graph.value_count());
  for (std::size_t n = 0; n < graph.nodes().size(); ++n)
    for (const ValueId input : graph.nodes()[n].inputs)
      if (readers[input].empty() || readers[input].back() != n) readers[input].push_back(n);
  return readers;
}

std::string new_name(const std::vector<Port>& ports, std::string_view what) {
  for (std::size_t number = ports.size();; ++number) {
    std::string name = fmt::format("{} {}", what, number);
    if (std::none_of(ports.begin(), ports.end(), [&](const Port& port) { return port.name == name; })) return name;
  }
}

const ops::Instruction* instruction_of(const Node& node) {
  const auto* operation = as<ops::Elementwise>(node);
  return operation && operation->program().size() == 1 ? &operation->program()[0] : nullptr;
}

bool is_unary(const Node& node, kernels::Unary function) {
  const ops::Instruction* only = instruction_of(node);
  return only && only->kind == ops::Instruction::Kind::unary && only->function == static_cast<std::uint8_t>(function);
}

bool is_binary(const Node& node, kernels::Binary function) {
  const ops::Instruction* only = instruction_of(node);
  return only && only->kind == ops::Instruction::Kind::binary && only->function == static_cast<std::uint8_t>(function);
}

bool is_product_of_rows(const Node& node) {
  if (const auto* product = as<ops::Matmul>(node)) return !product->transposed().transpose_a;
  return as<ops::SparseMatmul>(node) != nullptr;
}

std::vector<char> output_marks(const Graph& graph) {
  std::vector<char> marks(graph.value_count(), 0);
  for (const Port& port : graph.outputs()) marks[port.value] = 1;
  return marks;
}

std::vector<char> input_marks(const Graph& graph, std::span<const std::string> names, std::string_view operation) {
  std::vector<char> marks(graph.value_count(), 0);
  for (const std::string& name : names) {
    const auto& inputs = graph.inputs();
    const auto port = std::find_if(inputs.begin(), inputs.end(), [&](const Port& p) { return p.name == name; });
    if (port == inputs.end()) {
      std::vector<std::string> known;
      for (const Port& input : inputs) known.push_back(input.name);
      throw ConfigError({.operation = std::string(operation),
                         .argument = "the name of an input",
                         .actual = quote(name),
                         .required = "an input of the graph",
                         .remedy = suggest(name, known)});
    }
    marks[port->value] = 1;
  }
  return marks;
}

}  // namespace elegans::graph
