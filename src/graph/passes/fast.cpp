#include "elegans/graph/passes/fast.hpp"

#include "elegans/ops/elementwise.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using kernels::Unary;

// The operation with fast functions, or null where nothing changes.
OperationPtr made_fast(const ops::Elementwise& operation, std::size_t& count) {
  std::vector<ops::Instruction> program = operation.program();
  bool changed = false;
  for (ops::Instruction& instruction : program) {
    if (instruction.kind != ops::Instruction::Kind::unary) continue;
    const Unary exact = static_cast<Unary>(instruction.function);
    if (exact != Unary::tanh && exact != Unary::sigmoid) continue;
    instruction.function = static_cast<std::uint8_t>(exact == Unary::tanh ? Unary::fast_tanh : Unary::fast_sigmoid);
    changed = true;
    ++count;
  }
  return changed ? ops::Elementwise::chain(operation.inputs(), std::move(program), operation.results()) : nullptr;
}

Graph fast_all(const Graph& graph, std::size_t& count) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    OperationPtr changed;
    if (const Scan* scan = as_scan(node)) changed = with_body(*scan, fast_all(scan->body(), count));
    const auto* elementwise = as<ops::Elementwise>(node);
    if (elementwise && graph.type(node.outputs[0]).dtype == Dtype::f32) changed = made_fast(*elementwise, count);
    rewrite.copy(node, changed);
  }
  return rewrite.finish();
}

}  // namespace

Graph fast(const Graph& graph, PassReport& report) {
  std::size_t count = 0;
  Graph result = fast_all(graph, count);
  report.note(count, "activations within 2^-15 of their value");
  return result;
}

}  // namespace elegans::graph
