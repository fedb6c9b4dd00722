#include "elegans/graph/passes/defer.hpp"

#include "elegans/ops/reduce.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t deferred = 0;
};

// The sum along a batch that makes a summed output of a loop and is read by nothing else, if it is one.
const Node* deferrable(const Graph& body, std::size_t output) {
  const ValueId value = body.outputs()[output].value;
  const std::int32_t maker = body.producers()[value];
  if (maker < 0) return nullptr;
  const Node& node = body.nodes()[static_cast<std::size_t>(maker)];
  const auto* reduce = as<ops::Reduce>(node);
  if (reduce == nullptr || reduce->reduced().kind != ops::ReduceOptions::Kind::sum) return nullptr;
  const Shape& x = body.type(node.inputs[0]).shape;
  const auto [kind, first, last, keep] = reduce->reduced();
  if (last - first != 1 || !x[first].uses_batch()) return nullptr;
  for (const Node& reader : body.nodes())
    for (const ValueId input : reader.inputs)
      if (input == value) return nullptr;
  for (std::size_t o = 0; o < body.outputs().size(); ++o)
    if (o != output && body.outputs()[o].value == value) return nullptr;
  return &node;
}

Graph defer_all(const Graph& graph, Counts& counts) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    const Scan* scan = as_scan(node);
    if (scan == nullptr) {
      rewrite.copy(node);
      continue;
    }
    const Graph body = defer_all(scan->body(), counts);
    std::vector<Port> outputs = body.outputs();
    std::vector<OperationPtr> behind(outputs.size());
    for (std::size_t o = scan->counts().carried + scan->counts().stacked; o < outputs.size(); ++o)
      if (const Node* sum = deferrable(body, o)) {
        outputs[o].value = sum->inputs[0];
        behind[o] = sum->operation;
        ++counts.deferred;
      }
    rewrite.to().set_scope(node.scope);
    const OperationPtr changed =
        with_body(*scan, Graph::from_parts(body, body.nodes(), body.inputs(), std::move(outputs)));
    const std::vector<Value> results = rewrite.to().apply(changed, rewrite.at(node.inputs));
    for (std::size_t o = 0; o < results.size(); ++o)
      rewrite.become(node.outputs[o],
                     behind[o] ? rewrite.to().apply(behind[o], std::span(&results[o], 1))[0] : results[o]);
  }
  return rewrite.finish();
}

}  // namespace

Graph defer(const Graph& graph, PassReport& report) {
  std::size_t removed = 0;
  Counts counts;
  Graph result = remove_dead_code(defer_all(graph, counts), removed);
  report.note(counts.deferred, "sums over a batch moved behind their loops");
  return result;
}

}  // namespace elegans::graph
