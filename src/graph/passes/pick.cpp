#include "elegans/graph/passes/pick.hpp"

#include <array>
#include <map>
#include <optional>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/pick.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/sources.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t picked = 0, added = 0;
};

class Picking {
 public:
  Picking(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), uses_(graph), rewrite_(graph) {}

  Graph run() {
    for (const Node& node : graph_.nodes()) {
      rewrite_.to().set_scope(node.scope);
      if (!pick_instead(node) && !add_instead(node)) rewrite_.copy(node);
    }
    std::size_t removed = 0;
    return remove_dead_code(rewrite_.finish(), removed);
  }

 private:
  // select(c, value, 0) where c is 1 at one place of a row at most: where this label says.
  struct Choice {
    Value label;
    ValueId value;
  };

  const Shape& shape_of(ValueId value) const { return graph_.type(value).shape; }

  // Of a node that is one elementwise function.
  static ValueId operand(const Node& node, std::size_t k) { return node.inputs[instruction_of(node)->operands[k]]; }

  bool is_zero(ValueId value) const {
    const Node* node = uses_.maker(value);
    const auto* constant = node ? as<ops::Constant>(*node) : nullptr;
    return constant != nullptr && constant->value().elements() == 1 &&
           ops::with_floating(constant->value().dtype(),
                              [&]<class T>(T) { return constant->value().template as<T>()[0] == T(0); });
  }

  static Shape column_of(Shape wide) {
    wide[wide.rank() - 1] = 1;
    return wide;
  }

  // The column of labels that `condition`, of that shape, compares with positions; −1 where it is said to be 0.
  std::optional<Value> label_of(ValueId condition, const Shape& wide) {
    if (const auto known = labels_.find(condition); known != labels_.end()) return known->second;
    return labels_[condition] = find_label(condition, wide);
  }
  std::optional<Value> find_label(ValueId condition, const Shape& wide) {
    const Node* node = uses_.maker(condition);
    if (node == nullptr || !(shape_of(condition) == wide)) return {};
    if (is_binary(*node, kernels::Binary::equal)) return compared(*node, column_of(wide));
    if (!is_choice(*node) || !(shape_of(operand(*node, 0)) == column_of(wide))) return {};
    const std::optional<Value> label = label_of(operand(*node, 1), wide);
    return label ? std::optional(select(rewrite_.at(operand(*node, 0)), *label, constant(*label, -1))) : std::nullopt;
  }
  std::optional<Value> compared(const Node& equal, const Shape& column) {
    for (const std::size_t k : {0, 1}) {
      const Node* positions = uses_.maker(operand(equal, 1 - k));
      if (positions != nullptr && as<ops::Positions>(*positions) && shape_of(operand(equal, k)) == column)
        return rewrite_.at(operand(equal, k));
    }
    return {};
  }

  // Whether it is select(c, x, 0).
  bool is_choice(const Node& node) const {
    const ops::Instruction* instruction = instruction_of(node);
    return instruction && instruction->kind == ops::Instruction::Kind::select && is_zero(operand(node, 2));
  }

  std::optional<Choice> choice_of(ValueId value) {
    const Node* node = uses_.maker(value);
    if (node == nullptr || shape_of(value).rank() == 0 || !is_choice(*node)) return {};
    const std::optional<Value> label = label_of(operand(*node, 0), shape_of(value));
    return label ? std::optional(Choice{*label, operand(*node, 1)}) : std::nullopt;
  }

  bool pick_instead(const Node& node) {
    const auto* reduce = as<ops::Reduce>(node);
    if (reduce == nullptr || reduce->reduced().kind != ops::ReduceOptions::Kind::sum) return false;
    const Shape& wide = shape_of(node.inputs[0]);
    if (reduce->reduced().first + 1 != wide.rank() || reduce->reduced().last != wide.rank()) return false;
    const std::optional<Choice> choice = choice_of(node.inputs[0]);
    if (!choice || !(shape_of(choice->value) == wide)) return false;
    const std::array operands{rewrite_.at(choice->value), choice->label};
    const Value picked = rewrite_.to().apply(std::make_shared<ops::Pick>(), operands)[0];
    rewrite_.become(node.outputs[0], reshape(picked, shape_of(node.outputs[0])));
    ++counts_.picked;
    return true;
  }

  bool add_instead(const Node& node) {
    if (!is_addition(node)) return false;
    const Shape& wide = shape_of(node.outputs[0]);
    for (const std::size_t k : {0, 1}) {
      const ValueId chosen = operand(node, k), other = operand(node, 1 - k);
      if (!(shape_of(chosen) == wide) || !(shape_of(other) == wide) || !uses_.has_one_reader(chosen)) continue;
      const std::optional<Choice> choice = choice_of(chosen);
      if (!choice) continue;
      const Shape& value = shape_of(choice->value);
      if (value.elements() != Dim(1) && !(value == column_of(wide))) continue;
      const std::array operands{rewrite_.at(other), choice->label, rewrite_.at(choice->value)};
      rewrite_.become(node.outputs[0], rewrite_.to().apply(std::make_shared<ops::AddAt>(), operands)[0]);
      ++counts_.added;
      return true;
    }
    return false;
  }

  const Graph& graph_;
  Counts& counts_;
  const Uses uses_;
  Rewrite rewrite_;
  std::map<ValueId, std::optional<Value>> labels_;  // by condition
};

}  // namespace

Graph pick(const Graph& graph, PassReport& report) {
  Counts counts;
  Graph result = Picking(graph, counts).run();
  report.note(counts.picked, "sums along rows of what one label chooses pick it");
  report.note(counts.added, "sums with what one label chooses add to that place alone");
  return result;
}

}  // namespace elegans::graph
