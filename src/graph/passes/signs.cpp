#include "elegans/graph/passes/signs.hpp"

#include <algorithm>
#include <array>

#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/reshape.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using kernels::Binary;
using kernels::Unary;

struct Counts {
  std::size_t before = 0, after = 0;  // negations, no more of them afterwards
};

// One forward walk. What an old value has become is a new one with a sign: is_negative_ says where that is −.
class Signs {
 public:
  Signs(const Graph& from, Counts& counts)
      : from_(from), uses_(from), rewrite_(from), counts_(counts), is_negative_(from.value_count(), 0) {}

  Graph run() {
    for (const Node& node : from_.nodes()) {
      rewrite_.to().set_scope(node.scope);
      if (is_unary(node, Unary::negate)) {
        ++counts_.before;
        become(node, rewrite_.at(node.inputs[0]), !is_negative_[node.inputs[0]]);
      } else if (!take_in(node)) {
        for (const ValueId input : node.inputs) negate(input);
        const Scan* scan = as_scan(node);
        rewrite_.copy(node, scan ? with_body(*scan, Signs(scan->body(), counts_).run()) : nullptr);
      }
    }
    for (const Port& port : from_.outputs()) negate(port.value);
    return rewrite_.finish();
  }

 private:
  void become(const Node& node, Value value, bool is_negative) {
    rewrite_.become(node.outputs[0], value);
    is_negative_[node.outputs[0]] = is_negative ? 1 : 0;
  }
  void compute(const Node& node, const OperationPtr& operation, const std::vector<Value>& inputs, bool is_negative) {
    become(node, rewrite_.to().apply(operation, inputs)[0], is_negative);
  }

  // Computes what has a − so far.
  void negate(ValueId old) {
    if (!is_negative_[old]) return;
    ++counts_.after;
    rewrite_.become(old, rewrite_.to().apply(ops::Elementwise::unary(Unary::negate), std::array{rewrite_.at(old)})[0]);
    is_negative_[old] = 0;
  }

  // Whether an input has a −, and the node could be computed without it.
  bool take_in(const Node& node) {
    if (node.outputs.size() != 1) return false;
    const auto has_minus = [&](ValueId input) { return is_negative_[input] != 0; };
    if (std::none_of(node.inputs.begin(), node.inputs.end(), has_minus)) return false;
    const std::vector<Value> x = rewrite_.at(node.inputs);
    if (is_unary(node, Unary::square) || is_unary(node, Unary::absolute)) {
      compute(node, node.operation, x, false);
    } else if (is_binary(node, Binary::multiply) || is_binary(node, Binary::divide)) {
      const bool is_negative = is_negative_[node.inputs[0]] != is_negative_[node.inputs[1]];
      if (is_negative && !may_go_on(node)) return false;
      compute(node, node.operation, x, is_negative);
    } else if (is_addition(node) || is_binary(node, Binary::subtract)) {
      return take_into_sum(node, x);
    } else if (const auto* reduce = as<ops::Reduce>(node);
               (reduce && reduce->reduced().kind == ops::ReduceOptions::Kind::sum) || as<ops::Reshape>(node)) {
      if (!uses_.has_one_reader(node.inputs[0])) return false;
      compute(node, node.operation, x, true);
    } else {
      return false;
    }
    return true;
  }

  bool take_into_sum(const Node& node, const std::vector<Value>& x) {
    const bool first = is_negative_[node.inputs[0]] != 0;
    const bool second = (is_negative_[node.inputs[1]] != 0) != is_binary(node, Binary::subtract);
    if (first && second && !may_go_on(node)) return false;
    const OperationPtr operation = ops::Elementwise::binary(first == second ? Binary::add : Binary::subtract);
    compute(node, operation, first && !second ? std::vector<Value>{x[1], x[0]} : x, first && second);
    return true;
  }

  // Whether − of the result is as little as − of an input: nothing else would have to compute that, and it is no smaller.
  bool may_go_on(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
      return is_negative_[input] && uses_.has_one_reader(input) &&
             from_.type(input).shape == from_.type(node.outputs[0]).shape;
    });
  }

  const Graph& from_;
  Uses uses_;
  Rewrite rewrite_;
  Counts& counts_;
  std::vector<char> is_negative_;  // by old value
};

}  // namespace

Graph signs(const Graph& graph, PassReport& report) {
  Counts counts;
  Graph result = Signs(graph, counts).run();
  report.note(counts.before - counts.after, "negations taken in by sums and products");
  return result;
}

}  // namespace elegans::graph
