#include "dead_code.hpp"

#include <algorithm>

#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

std::vector<char> needed_values(const Graph& graph) {
  std::vector<char> needed = output_marks(graph);
  for (std::size_t n = graph.nodes().size(); n-- > 0;) {
    const Node& node = graph.nodes()[n];
    if (std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return needed[v] != 0; }))
      for (const ValueId input : node.inputs) needed[input] = 1;
  }
  return needed;
}

// A loop of which only the needed results are left.
class Trimmed {
 public:
  Trimmed(const Node& node, const std::vector<char>& needed, std::size_t& removed)
      : node_(node), scan_(*as_scan(node)) {
    ScanCounts counts = scan_.counts();
    const Graph& body = scan_.body();
    std::vector<Port> outputs;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const bool stays = i < counts.carried || (counts.running && i >= counts.carried + counts.stacked);
      if (!stays && !needed[node.outputs[i]]) {
        ++removed;
        continue;
      }
      kept_outputs_.push_back(i);
      outputs.push_back(body.outputs()[i]);
    }
    Graph fewer = remove_dead_code(Graph::from_parts(body, body.nodes(), body.inputs(), std::move(outputs)), removed);

    std::vector<char> read(fewer.value_count(), 0);
    for (const Node& inner : fewer.nodes())
      for (const ValueId input : inner.inputs) read[input] = 1;
    for (const Port& port : fewer.outputs()) read[port.value] = 1;
    // A loop keeps something to run over.
    const auto stays = [&](const Port& port) { return read[port.value] != 0; };
    const auto scanned = fewer.inputs().begin() + static_cast<std::ptrdiff_t>(counts.carried);
    if (counts.carried == 0 && counts.scanned > 0 &&
        std::none_of(scanned, scanned + static_cast<std::ptrdiff_t>(counts.scanned), stays))
      read[scanned->value] = 1;
    std::vector<Port> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Port& port = fewer.inputs()[i];
      if (i >= counts.carried && !stays(port)) continue;
      kept_inputs_.push_back(i);
      inputs.push_back(port);
    }
    const auto between = [](const std::vector<std::size_t>& kept, std::size_t first, std::size_t last) {
      return static_cast<std::size_t>(
          std::count_if(kept.begin(), kept.end(), [&](std::size_t i) { return i >= first && i < last; }));
    };
    const ScanCounts before = counts;
    counts.scanned = between(kept_inputs_, before.carried, before.carried + before.scanned);
    counts.captured = between(kept_inputs_, before.carried + before.scanned, before.node_inputs() - before.begun);
    counts.stacked = between(kept_outputs_, before.carried, before.carried + before.stacked);
    counts.summed = between(kept_outputs_, before.carried + before.stacked, node.outputs.size());
    inputs.insert(inputs.end(), fewer.inputs().begin() + static_cast<std::ptrdiff_t>(node.inputs.size()),
                  fewer.inputs().end());
    operation_ = with_body(scan_, Graph::from_parts(fewer, fewer.nodes(), std::move(inputs), fewer.outputs()), counts);
  }

  // Whether it reads less than before, so that what made it may be dead now.
  bool reads_less() const { return kept_inputs_.size() < node_.inputs.size(); }

  void write(Rewrite& rewrite) const {
    std::vector<ValueId> inputs;
    for (const std::size_t i : kept_inputs_) inputs.push_back(node_.inputs[i]);
    rewrite.to().set_scope(node_.scope);
    const std::vector<Value> results = rewrite.to().apply(operation_, rewrite.at(inputs));
    for (std::size_t k = 0; k < results.size(); ++k) rewrite.become(node_.outputs[kept_outputs_[k]], results[k]);
  }

 private:
  const Node& node_;
  const Scan& scan_;
  std::vector<std::size_t> kept_inputs_, kept_outputs_;
  OperationPtr operation_;
};

}  // namespace

Graph remove_dead_code(const Graph& graph, std::size_t& removed) {
  const std::vector<char> needed = needed_values(graph);
  Rewrite rewrite(graph);
  bool again = false;
  for (const Node& node : graph.nodes()) {
    if (std::none_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return needed[v] != 0; })) {
      ++removed;
    } else if (as_scan(node)) {
      const Trimmed loop(node, needed, removed);
      loop.write(rewrite);
      again = again || loop.reads_less();
    } else {
      rewrite.copy(node);
    }
  }
  const Graph result = rewrite.finish();
  return again ? remove_dead_code(result, removed) : result;
}

}  // namespace elegans::graph
