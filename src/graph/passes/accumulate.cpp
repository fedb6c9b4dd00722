#include "elegans/graph/passes/accumulate.hpp"

#include "elegans/ops/elementwise.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

OperationPtr running(const Scan& scan, const Graph& body) {
  ScanCounts counts = scan.counts();
  const std::size_t first = counts.carried + counts.stacked;
  counts.running = counts.summed > 0;
  Rewrite rewrite(body);
  std::vector<Value> sums;
  for (std::size_t i = 0; i < counts.summed; ++i)
    sums.push_back(
        rewrite.to().input(new_name(rewrite.to().inputs(), "sum"), body.type(body.outputs()[first + i].value)));
  for (const Node& node : body.nodes()) rewrite.copy(node);
  for (std::size_t o = 0; o < body.outputs().size(); ++o) {
    Value value = rewrite.at(body.outputs()[o].value);
    if (o >= first)
      value = rewrite.to().apply(ops::Elementwise::binary(kernels::Binary::add), std::array{sums[o - first], value})[0];
    rewrite.to().output(body.outputs()[o].name, value);
  }
  Graph written = std::move(rewrite.to());
  written.set_scope("");
  return std::make_shared<Scan>(std::move(written), counts, scan.steps(), scan.reverse())
      ->with_segment_length(scan.segment_length());
}

Graph accumulate_all(const Graph& graph, std::size_t& count) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    const Scan* scan = as_scan(node);
    if (scan) count += scan->counts().summed;
    rewrite.copy(node, scan ? running(*scan, accumulate_all(scan->body(), count)) : nullptr);
  }
  return rewrite.finish();
}

}  // namespace

Graph accumulate(const Graph& graph, PassReport& report) {
  std::size_t count = 0;
  Graph result = accumulate_all(graph, count);
  report.note(count, "sums of loops added up where their terms are made");
  return result;
}

}  // namespace elegans::graph
