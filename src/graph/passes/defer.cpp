#include "elegans/graph/passes/defer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/reduce.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t sums = 0, others = 0;
};

// What is done to a sum behind its loop: an operation on it, and on a factor where it has one (a value of the body that
// is the same at all steps).
struct Deferred {
  OperationPtr operation;
  std::optional<ValueId> factor;
  std::string scope;
};

// The shape of a product, none where an elementwise chain cannot spread its factors.
std::optional<Shape> shape_of_product(const Shape& a, const Shape& b) {
  const std::array shapes{a, b};
  Shape result = broadcast(a, b, "defer");
  if (!ops::Elementwise::split_axis(shapes, result)) return std::nullopt;
  return result;
}

// The summed outputs of one loop.
class Terms {
 public:
  Terms(const Scan& scan, Graph body, Counts& counts)
      : scan_(scan),
        counts_(counts),
        body_(std::move(body)),
        uses_(body_),
        outputs_(body_.outputs()),
        deferred_(outputs_.size()),
        stays_(body_.value_count(), 0) {
    const ScanCounts& roles = scan.counts();
    for (std::size_t i = 0; i < roles.captured; ++i) stays_[captured(i)] = 1;
    for (const Node& node : body_.nodes()) {
      const bool stays = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId x) { return stays_[x] != 0; });
      for (const ValueId output : node.outputs) stays_[output] = stays ? 1 : 0;
    }
    for (std::size_t o = roles.carried + roles.stacked; o < outputs_.size(); ++o)
      while (const std::optional<ValueId> made_of = defer_last(outputs_[o].value, deferred_[o]))
        outputs_[o].value = *made_of;
    body_ = Graph::from_parts(body_, body_.nodes(), body_.inputs(), outputs_);
  }

  // Writes the loop for `node`, and what is behind it.
  void write(const Node& node, Rewrite& rewrite) {
    rewrite.to().set_scope(node.scope);
    const std::vector<Value> results = rewrite.to().apply(with_body(scan_, body_), rewrite.at(node.inputs));
    std::vector<std::optional<Value>> outside(body_.value_count());
    const ScanCounts& roles = scan_.counts();
    for (std::size_t i = 0; i < roles.captured; ++i)
      outside[captured(i)] = rewrite.at(node.inputs[roles.carried + roles.scanned + i]);
    for (std::size_t o = 0; o < results.size(); ++o) {
      Value value = results[o];
      for (auto last = deferred_[o].rbegin(); last != deferred_[o].rend(); ++last) {
        std::vector<Value> inputs{value};
        if (last->factor) inputs.push_back(bring_out(*last->factor, rewrite.to(), outside));
        rewrite.to().set_scope(last->scope);
        value = rewrite.to().apply(last->operation, inputs)[0];
      }
      rewrite.become(node.outputs[o], value);
    }
  }

 private:
  ValueId captured(std::size_t i) const {
    return body_.inputs()[scan_.counts().carried + scan_.counts().scanned + i].value;
  }

  const Node* maker(ValueId value) const {
    return value < uses_.producers.size() ? uses_.maker(value) : nullptr;  // else one of ours
  }

  // Puts what `term` is made by last behind the loop, and returns what it is made of; none where it has to stay.
  std::optional<ValueId> defer_last(ValueId term, std::vector<Deferred>& behind) {
    const Node* node = maker(term);
    if (node == nullptr || stays_[term] || !uses_.readers[term].empty() || is_another_output(term)) return std::nullopt;
    if (const auto* reduce = as<ops::Reduce>(*node)) {
      const auto [kind, first, last, keep] = reduce->reduced();
      const bool over_batch = last - first == 1 && body_.type(node->inputs[0]).shape[first].uses_batch();
      if (kind != ops::ReduceOptions::Kind::sum || !over_batch) return std::nullopt;
      ++counts_.sums;
      behind.push_back({node->operation, std::nullopt, node->scope});
      return free_input(*node, 0);
    }
    if (is_unary(*node, kernels::Unary::negate)) {
      ++counts_.others;
      behind.push_back({node->operation, std::nullopt, node->scope});
      return free_input(*node, 0);
    }
    return is_binary(*node, kernels::Binary::multiply) ? defer_factor(*node, behind) : std::nullopt;
  }

  std::optional<ValueId> defer_factor(const Node& product, std::vector<Deferred>& behind) {
    for (const std::size_t i : {0, 1}) {
      const ValueId factor = product.inputs[i], other = product.inputs[1 - i];
      if (stays_[factor]) {
        ++counts_.others;
        behind.push_back({product.operation, factor, product.scope});
        return free_input(product, 1 - i);
      }
      const Node* inner = maker(factor);
      if (inner == nullptr || !uses_.has_one_reader(factor) || !is_binary(*inner, kernels::Binary::multiply)) continue;
      for (const std::size_t k : {0, 1}) {
        const ValueId left = inner->inputs[1 - k];
        const auto shape = shape_of_product(body_.type(other).shape, body_.type(left).shape);
        if (!stays_[inner->inputs[k]] || !shape || !shape_of_product(*shape, body_.type(inner->inputs[k]).shape))
          continue;
        ++counts_.others;
        behind.push_back({product.operation, inner->inputs[k], product.scope});
        body_.set_scope(product.scope);
        const std::array factors{body_.value(other), body_.value(left)};
        return body_.apply(product.operation, factors)[0].id;
      }
    }
    return std::nullopt;
  }

  // An input of a node that is left out: it has a reader less.
  ValueId free_input(const Node& node, std::size_t i) {
    const ValueId input = node.inputs[i];
    auto& readers = uses_.readers[input];
    const auto index = static_cast<std::size_t>(&node - body_.nodes().data());
    readers.erase(std::remove(readers.begin(), readers.end(), index), readers.end());
    return input;
  }

  bool is_another_output(ValueId value) const {
    return std::count_if(outputs_.begin(), outputs_.end(), [&](const Port& port) { return port.value == value; }) > 1;
  }

  // The value of `graph`, which holds the loop, that `value` is at all steps.
  Value bring_out(ValueId value, Graph& graph, std::vector<std::optional<Value>>& outside) {
    if (outside[value]) return *outside[value];
    const Node& node = *uses_.maker(value);
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(bring_out(input, graph, outside));
    graph.set_scope(node.scope);
    const std::vector<Value> results = graph.apply(node.operation, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) outside[node.outputs[i]] = results[i];
    return *outside[value];
  }

  const Scan& scan_;
  Counts& counts_;
  Graph body_;
  Uses uses_;
  std::vector<Port> outputs_;
  std::vector<std::vector<Deferred>> deferred_;  // by output: the last of the body first
  std::vector<char> stays_;                      // by value: whether it is the same at all steps
};

Graph defer_all(const Graph& graph, Counts& counts) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    if (const Scan* scan = as_scan(node)) {
      Terms(*scan, defer_all(scan->body(), counts), counts).write(node, rewrite);
    } else {
      rewrite.copy(node);
    }
  }
  return rewrite.finish();
}

}  // namespace

Graph defer(const Graph& graph, PassReport& report) {
  std::size_t removed = 0;
  Counts counts;
  Graph result = remove_dead_code(defer_all(graph, counts), removed);
  report.note(counts.sums, "sums over a batch moved behind their loops");
  report.note(counts.others, "products and negations moved behind their loops");
  return result;
}

}  // namespace elegans::graph
