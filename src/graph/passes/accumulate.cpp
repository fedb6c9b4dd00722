#include "elegans/graph/passes/accumulate.hpp"

#include <optional>
#include <set>

#include "elegans/ops/elementwise.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

// The loop with its sums in another order, the first `count` of which begin with inputs of the node.
OperationPtr begun(const Scan& scan, const std::vector<std::size_t>& order, std::size_t count) {
  ScanCounts counts = scan.counts();
  const Graph& body = scan.body();
  const auto permuted = [&](std::vector<Port> ports, std::size_t first) {
    const std::vector<Port> before = ports;
    for (std::size_t i = 0; i < order.size(); ++i) ports[first + i] = before[first + order[i]];
    return ports;
  };
  counts.begun = count;
  Graph written =
      Graph::from_parts(body, body.nodes(), permuted(body.inputs(), counts.carried + counts.scanned + counts.captured),
                        permuted(body.outputs(), counts.carried + counts.stacked));
  return with_body(scan, std::move(written), counts);
}

// The body of a loop with an input for each of its sums.
class Running {
 public:
  Running(const Scan& scan, const Graph& body)
      : scan_(scan), body_(body), uses_(body), rewrite_(body), first_(scan.counts().carried + scan.counts().stacked) {}

  OperationPtr write() {
    ScanCounts counts = scan_.counts();
    counts.running = counts.summed > 0;
    for (std::size_t i = 0; i < counts.summed; ++i)
      sums_.push_back(rewrite_.to().input(new_name(rewrite_.to().inputs(), "sum"), body_.type(term(i))));
    for (const Node& node : body_.nodes()) copy(node);
    for (std::size_t o = 0; o < body_.outputs().size(); ++o) {
      Value value = rewrite_.at(body_.outputs()[o].value);
      if (o >= first_ && continued_.count(o - first_) == 0)
        value = rewrite_.to().apply(ops::Elementwise::binary(kernels::Binary::add),
                                    std::array{sums_[o - first_], value})[0];
      rewrite_.to().output(body_.outputs()[o].name, value);
    }
    Graph written = std::move(rewrite_.to());
    written.set_scope("");
    return with_body(scan_, std::move(written), counts);
  }
  std::size_t continued() const { return continued_.size(); }

 private:
  ValueId term(std::size_t sum) const { return body_.outputs()[first_ + sum].value; }

  // The sum that is this value, if nothing else is.
  std::optional<std::size_t> only_sum(ValueId value) const {
    std::optional<std::size_t> found;
    for (std::size_t o = 0; o < body_.outputs().size(); ++o) {
      if (body_.outputs()[o].value != value) continue;
      if (found || o < first_) return std::nullopt;
      found = o - first_;
    }
    return uses_.readers[value].empty() ? found : std::nullopt;
  }

  void copy(const Node& node) {
    const Scan* inner = as_scan(node);
    if (inner == nullptr || !inner->counts().running) return rewrite_.copy(node);
    const std::size_t first = inner->counts().carried + inner->counts().stacked;
    std::vector<std::size_t> order, others;
    std::vector<ValueId> results(node.outputs.begin(), node.outputs.begin() + static_cast<std::ptrdiff_t>(first));
    std::vector<Value> inputs = rewrite_.at(node.inputs);
    for (std::size_t i = 0; i < inner->counts().summed; ++i) {
      const std::optional<std::size_t> sum = only_sum(node.outputs[first + i]);
      if (!sum) {
        others.push_back(i);
        continue;
      }
      order.push_back(i);
      inputs.push_back(sums_[*sum]);
      continued_.insert(*sum);
    }
    const std::size_t count = order.size();
    order.insert(order.end(), others.begin(), others.end());
    for (const std::size_t i : order) results.push_back(node.outputs[first + i]);
    rewrite_.to().set_scope(node.scope);
    const std::vector<Value> values = rewrite_.to().apply(begun(*inner, order, count), inputs);
    for (std::size_t i = 0; i < values.size(); ++i) rewrite_.become(results[i], values[i]);
  }

  const Scan& scan_;
  const Graph& body_;
  Uses uses_;
  Rewrite rewrite_;
  std::size_t first_;                // output that is a sum
  std::vector<Value> sums_;          // so far
  std::set<std::size_t> continued_;  // those that loops of the body go on with
};

struct Counts {
  std::size_t sums = 0, continued = 0;
};

Graph accumulate_all(const Graph& graph, Counts& counts) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    const Scan* scan = as_scan(node);
    if (scan == nullptr) {
      rewrite.copy(node);
      continue;
    }
    counts.sums += scan->counts().summed;
    const Graph body = accumulate_all(scan->body(), counts);
    Running running(*scan, body);
    rewrite.copy(node, running.write());
    counts.continued += running.continued();
  }
  return rewrite.finish();
}

}  // namespace

Graph accumulate(const Graph& graph, PassReport& report) {
  Counts counts;
  Graph result = accumulate_all(graph, counts);
  report.note(counts.sums, "sums of loops added up where their terms are made");
  report.note(counts.continued, "of them continued by a loop inside");
  return result;
}

}  // namespace elegans::graph
