#include "elegans/graph/passes/circuits.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>

#include "elegans/ops/circuit_chain.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/scatter_sum.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using ops::CircuitChain;
using ops::ConnectionsPtr;
using ops::FeatureAxis;

struct Counts {
  std::size_t chains = 0, gathers = 0, sums = 0;
};

class Circuits {
 public:
  Circuits(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), uses_(graph) {}

  Graph run() {
    Rewrite rewrite(graph_);
    for (const Node& node : graph_.nodes()) {
      if (!node.outputs.empty() && rewrite.has(node.outputs[0])) continue;  // a sum that a chain took in
      const Scan* scan = as_scan(node);
      if (scan)
        rewrite.copy(node, with_body(*scan, Circuits(scan->body(), counts_).run()));
      else if (!write_chain(node, rewrite))
        rewrite.copy(node);
    }
    return rewrite.finish();
  }

 private:
  template <class Operation>
  const Operation* maker(ValueId value) const {
    const Node* node = uses_.maker(value);
    return node ? as<Operation>(*node) : nullptr;
  }

  // The gather with the batch last that made an operand of `result`'s shape, if it goes along `connections` (along any
  // where null).
  const ops::Gather* gather(ValueId value, ValueId result, const ConnectionsPtr& connections) const {
    const auto* found = maker<ops::Gather>(value);
    if (found == nullptr || found->axis() != FeatureAxis::before_last ||
        !(graph_.type(value).shape == graph_.type(result).shape))
      return nullptr;
    return connections == nullptr || *found->connections() == *connections ? found : nullptr;
  }

  const ops::ScatterSum* sum(std::size_t reader, const ConnectionsPtr& connections) const {
    const auto* found = as<ops::ScatterSum>(graph_.nodes()[reader]);
    if (found == nullptr || found->axis() != FeatureAxis::before_last) return nullptr;
    return connections == nullptr || *found->connections() == *connections ? found : nullptr;
  }

  // The circuit that a chain works along, if it reads from it or is summed along it.
  ConnectionsPtr circuit_of(const Node& node) const {
    for (const ValueId input : node.inputs)
      if (const auto* found = gather(input, node.outputs[0], nullptr)) return found->connections();
    for (const ValueId output : node.outputs)
      for (const std::size_t reader : uses_.readers[output])
        if (const auto* found = sum(reader, nullptr)) return found->connections();
    return nullptr;
  }

  // What a chain hands on, its results as they are and sums of them along the circuit, and the values that these are.
  std::vector<CircuitChain::Output> outputs_of(const Node& node, const ConnectionsPtr& connections,
                                               std::vector<ValueId>& values) const {
    std::vector<CircuitChain::Output> outputs;
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      const ValueId value = node.outputs[k];
      const auto result = static_cast<std::uint16_t>(k);
      bool read_as_it_is = uses_.is_output[value] != 0;
      for (const std::size_t reader : uses_.readers[value]) {
        const auto* found = sum(reader, connections);
        read_as_it_is = read_as_it_is || found == nullptr;
        if (found == nullptr) continue;
        outputs.push_back({.result = result, .sum_by = found->by()});
        values.push_back(graph_.nodes()[reader].outputs[0]);
      }
      if (!read_as_it_is) continue;
      outputs.push_back({.result = result});
      values.push_back(value);
    }
    return outputs;
  }

  bool write_chain(const Node& node, Rewrite& rewrite) {
    const auto chain = std::dynamic_pointer_cast<const ops::Elementwise>(node.operation);
    if (!chain || graph_.type(node.outputs[0]).shape.rank() != 2) return false;
    const ConnectionsPtr connections = circuit_of(node);
    // Ends and connections may be as many by chance: the shapes decide.
    if (!connections || graph_.type(node.outputs[0]).shape[0] != Dim(static_cast<std::int64_t>(connections->count())))
      return false;

    std::vector<ValueId> results;
    const std::vector<CircuitChain::Output> outputs = outputs_of(node, connections, results);
    if (outputs.size() > ops::Elementwise::max_outputs) return false;
    const auto is_sum = [](const CircuitChain::Output& output) { return output.sum_by.has_value(); };
    counts_.sums += static_cast<std::size_t>(std::count_if(outputs.begin(), outputs.end(), is_sum));
    std::vector<ValueId> inputs = node.inputs;
    std::vector<std::optional<ops::End>> fetched_by(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (const auto* found = gather(inputs[i], node.outputs[0], connections)) {
        fetched_by[i] = found->by();
        inputs[i] = uses_.maker(inputs[i])->inputs[0];
        ++counts_.gathers;
      }
    ++counts_.chains;
    rewrite.to().set_scope(node.scope);
    const auto operation = std::make_shared<CircuitChain>(connections, chain, std::move(fetched_by), outputs);
    const std::vector<Value> values = rewrite.to().apply(operation, rewrite.at(inputs));
    for (std::size_t i = 0; i < values.size(); ++i) rewrite.become(results[i], values[i]);
    return true;
  }

  const Graph& graph_;
  Counts& counts_;
  Uses uses_;
};

}  // namespace

Graph circuits(const Graph& graph, PassReport& report) {
  // A gather that nobody reads any more goes.
  std::size_t removed = 0;
  Counts counts;
  Graph result = remove_dead_code(Circuits(remove_dead_code(graph, removed), counts).run(), removed);
  report.note(counts.chains,
              fmt::format("chains took in {} gathers and {} sums along their circuit", counts.gathers, counts.sums));
  return result;
}

}  // namespace elegans::graph
