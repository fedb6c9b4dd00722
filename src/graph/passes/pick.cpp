#include "elegans/graph/passes/pick.hpp"

#include <array>
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
  Picking(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), producers_(graph.producers()) {}

  Graph run() {
    Rewrite rewrite(graph_);
    for (const Node& node : graph_.nodes()) {
      rewrite.to().set_scope(node.scope);
      if (pick_instead(node, rewrite) || add_instead(node, rewrite)) continue;
      const Scan* scan = as_scan(node);
      rewrite.copy(node, scan ? with_body(*scan, Picking(scan->body(), counts_).run()) : nullptr);
    }
    std::size_t removed = 0;
    return remove_dead_code(rewrite.finish(), removed);
  }

 private:
  // select(equal(label, positions), value, 0), label a column of it.
  struct Choice {
    ValueId label, value;
  };

  const Node* maker(ValueId value) const {
    return producers_[value] < 0 ? nullptr : &graph_.nodes()[static_cast<std::size_t>(producers_[value])];
  }
  const Shape& shape_of(ValueId value) const { return graph_.type(value).shape; }

  // Of a node that is one elementwise function.
  static ValueId operand(const Node& node, std::size_t k) { return node.inputs[instruction_of(node)->operands[k]]; }

  bool is_zero(ValueId value) const {
    const Node* node = maker(value);
    const auto* constant = node ? as<ops::Constant>(*node) : nullptr;
    return constant != nullptr && constant->value().elements() == 1 &&
           ops::with_floating(constant->value().dtype(),
                              [&]<class T>(T) { return constant->value().template as<T>()[0] == T(0); });
  }

  static Shape column_of(Shape wide) {
    wide[wide.rank() - 1] = 1;
    return wide;
  }

  // The label of equal(label, positions) of that shape.
  std::optional<ValueId> label_of(ValueId condition, const Shape& wide) const {
    const Node* node = maker(condition);
    if (node == nullptr || !is_binary(*node, kernels::Binary::equal) || !(shape_of(condition) == wide)) return {};
    for (const std::size_t k : {0, 1}) {
      const Node* positions = maker(operand(*node, 1 - k));
      if (positions != nullptr && as<ops::Positions>(*positions) && shape_of(operand(*node, k)) == column_of(wide))
        return operand(*node, k);
    }
    return {};
  }

  std::optional<Choice> choice_of(ValueId value) const {
    const Node* node = maker(value);
    const ops::Instruction* instruction = node ? instruction_of(*node) : nullptr;
    if (instruction == nullptr || instruction->kind != ops::Instruction::Kind::select) return {};
    const Shape& wide = shape_of(value);
    if (wide.rank() == 0 || !is_zero(operand(*node, 2))) return {};
    const std::optional<ValueId> label = label_of(operand(*node, 0), wide);
    return label ? std::optional(Choice{*label, operand(*node, 1)}) : std::nullopt;
  }

  bool pick_instead(const Node& node, Rewrite& rewrite) {
    const auto* reduce = as<ops::Reduce>(node);
    if (reduce == nullptr || reduce->reduced().kind != ops::ReduceOptions::Kind::sum) return false;
    const Shape& wide = shape_of(node.inputs[0]);
    if (reduce->reduced().first + 1 != wide.rank() || reduce->reduced().last != wide.rank()) return false;
    const std::optional<Choice> choice = choice_of(node.inputs[0]);
    if (!choice || !(shape_of(choice->value) == wide)) return false;
    const Value x = rewrite.at(choice->value), label = rewrite.at(choice->label);
    const Value picked = rewrite.to().apply(std::make_shared<ops::Pick>(), std::array{x, label})[0];
    rewrite.become(node.outputs[0], reshape(picked, shape_of(node.outputs[0])));
    ++counts_.picked;
    return true;
  }

  bool add_instead(const Node& node, Rewrite& rewrite) {
    if (!is_addition(node)) return false;
    const Shape& wide = shape_of(node.outputs[0]);
    for (const std::size_t k : {0, 1}) {
      const ValueId chosen = operand(node, k), other = operand(node, 1 - k);
      const std::optional<Choice> choice = choice_of(chosen);
      if (!choice || !(shape_of(chosen) == wide) || !(shape_of(other) == wide)) continue;
      const Shape& value = shape_of(choice->value);
      if (value.elements() != Dim(1) && !(value == column_of(wide))) continue;
      const std::array operands{rewrite.at(other), rewrite.at(choice->label), rewrite.at(choice->value)};
      rewrite.become(node.outputs[0], rewrite.to().apply(std::make_shared<ops::AddAt>(), operands)[0]);
      ++counts_.added;
      return true;
    }
    return false;
  }

  const Graph& graph_;
  Counts& counts_;
  const std::vector<std::int32_t> producers_;
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
