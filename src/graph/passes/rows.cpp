#include "elegans/graph/passes/rows.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "elegans/ops/pick.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/reshape.hpp"
#include "elegans/ops/row_chain.hpp"
#include "elegans/ops/sources.hpp"
#include "graph/node_groups.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using ops::RowForm;
using Kind = ops::RowInstruction::Kind;

struct Counts {
  std::size_t chains = 0, joined = 0, refused_long = 0, refused_inputs = 0, refused_between = 0;
};

// The shapes of what belongs to rows: [..., inner], and without the last axis or with 1 in its place.
struct RowShapes {
  Shape full, each, column;
  explicit RowShapes(const Shape& wide)
      : full(wide), each(wide.removed(wide.rank() - 1)), column(each.inserted(each.rank(), 1)) {}

  bool is_narrow(const Shape& shape) const { return shape == each || shape == column; }
  // The form of an input of that shape, none where it is no part of rows.
  std::optional<RowForm> form(const Type& type) const {
    if (type.dtype == Dtype::i32) return type.shape == each ? std::optional(RowForm::label) : std::nullopt;
    if (type.shape == full) return RowForm::full;
    if (type.shape == each) return RowForm::each;
    switch (ops::Elementwise::access_of(type.shape, full, full.rank() - 1).value_or(ops::Elementwise::Access::full)) {
      case ops::Elementwise::Access::column:
        return RowForm::column;
      case ops::Elementwise::Access::row:
        return RowForm::row;
      case ops::Elementwise::Access::number:
        return RowForm::scalar;
      default:
        break;
    }
    return std::nullopt;
  }
};

class Rows {
 public:
  Rows(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), groups_(graph), uses_(graph) {}

  Graph run() {
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n)
      if (const ops::Reduce* reduce = reduction(n); reduce && !shapes_.count(groups_.of(n))) grow(n);
    return write();
  }

 private:
  const Node& node(std::size_t n) const { return graph_.nodes()[n]; }
  const Shape& shape_of(ValueId value) const { return graph_.type(value).shape; }
  template <class Operation>
  const Operation* as(std::size_t n) const {
    return dynamic_cast<const Operation*>(node(n).operation.get());
  }

  // A reduction along a last axis of constant size, of rows that are no single one.
  const ops::Reduce* reduction(std::size_t n) const {
    const auto* reduce = as<ops::Reduce>(n);
    if (reduce == nullptr) return nullptr;
    const Shape& x = shape_of(node(n).inputs[0]);
    const bool last = reduce->reduced().first + 1 == x.rank() && reduce->reduced().last == x.rank();
    return last && x.rank() >= 2 && x.back().is_constant() && x.back().factor() >= 1 ? reduce : nullptr;
  }

  bool belongs(std::size_t n, const RowShapes& shapes) const {
    const Node& one = node(n);
    const Shape& result = shape_of(one.outputs[0]);
    if (reduction(n)) return shape_of(one.inputs[0]) == shapes.full;
    if (as<ops::OneHot>(n)) return result == shapes.full;
    if (as<ops::Pick>(n) || as<ops::AddAt>(n)) return shape_of(one.inputs[0]) == shapes.full;
    if (as<ops::Reshape>(n)) return shapes.is_narrow(shape_of(one.inputs[0])) && shapes.is_narrow(result);
    const auto* elementwise = as<ops::Elementwise>(n);
    if (elementwise == nullptr || elementwise->program().size() != 1) return false;
    const auto takes = [&](ValueId input, const auto& fits) {
      const std::optional<RowForm> form = shapes.form(graph_.type(input));
      return form && fits(*form);
    };
    const auto all = [&](const auto& fits) {
      return std::all_of(one.inputs.begin(), one.inputs.end(), [&](ValueId input) { return takes(input, fits); });
    };
    if (result == shapes.full) return all([](RowForm form) { return form != RowForm::each && form != RowForm::label; });
    // Numbers alone have a shape of their own: something narrow must be among them.
    if (result == shapes.each)
      return all([](RowForm form) { return form == RowForm::each || form == RowForm::scalar; });
    return result == shapes.column &&
           all([](RowForm form) { return form == RowForm::column || form == RowForm::scalar; });
  }

  void grow(std::size_t n) {
    const Shape& wide = shape_of(node(n).inputs[0]);
    const Dtype dtype = graph_.type(node(n).inputs[0]).dtype;
    if (static_cast<std::size_t>(wide.back().factor()) * size_of(dtype) > ops::RowChain::row_bytes) {
      ++counts_.refused_long;
      return;
    }
    const RowShapes shapes(wide);
    const std::size_t group = groups_.of(n);
    Counts refused;  // of the last round: what was refused before may have come in another way
    for (bool grown = true; grown;) {
      grown = false;
      refused = {};
      const std::vector<std::size_t> members = groups_.members(group);
      for (const std::size_t member : members)
        for (const std::size_t next : neighbours(member)) grown = join(group, next, shapes, refused) || grown;
    }
    counts_.refused_inputs += refused.refused_inputs;
    counts_.refused_between += refused.refused_between;
    const std::vector<std::size_t>& members = groups_.members(group);
    const auto runs = [&](std::size_t member) { return as<ops::Reshape>(member) == nullptr; };
    if (std::count_if(members.begin(), members.end(), runs) > 1) shapes_.emplace(group, shapes);
  }

  std::vector<std::size_t> neighbours(std::size_t n) const {
    std::vector<std::size_t> found;
    for (const ValueId input : node(n).inputs)
      if (uses_.producers[input] >= 0) found.push_back(static_cast<std::size_t>(uses_.producers[input]));
    for (const ValueId output : node(n).outputs)
      found.insert(found.end(), uses_.readers[output].begin(), uses_.readers[output].end());
    return found;
  }

  bool join(std::size_t group, std::size_t n, const RowShapes& shapes, Counts& refused) {
    const std::size_t other = groups_.of(n);
    if (other == group || shapes_.count(other) || !belongs(n, shapes)) return false;
    if (groups_.inputs(group, other).size() > ops::Elementwise::max_inputs) {
      ++refused.refused_inputs;
      return false;
    }
    if (groups_.something_between(group, other)) {
      ++refused.refused_between;
      return false;
    }
    groups_.join(group, other);
    return true;
  }

  bool read_outside(ValueId value, std::size_t group) const {
    return uses_.is_output[value] || std::any_of(uses_.readers[value].begin(), uses_.readers[value].end(),
                                                 [&](std::size_t r) { return groups_.of(r) != group; });
  }

  // Reshapes of a group that are read outside stay behind it, where they cost nothing; so do those that they read.
  std::vector<std::size_t> left_behind(std::size_t group) const {
    const std::vector<std::size_t>& members = groups_.members(group);
    std::vector<std::size_t> left;
    for (auto n = members.rbegin(); n != members.rend(); ++n) {
      const ValueId value = node(*n).outputs[0];
      const bool read_by_one =
          std::any_of(left.begin(), left.end(), [&](std::size_t l) { return node(l).inputs[0] == value; });
      if (as<ops::Reshape>(*n) && (read_by_one || read_outside(value, group))) left.push_back(*n);
    }
    std::reverse(left.begin(), left.end());
    return left;
  }

  void write_chain(std::size_t group, const RowShapes& shapes, Rewrite& rewrite) {
    const std::vector<ValueId> inputs = groups_.inputs(group);
    const std::vector<std::size_t> left = left_behind(group);
    std::map<ValueId, std::uint16_t> number;
    std::vector<RowForm> forms;
    for (const ValueId input : inputs) {
      number.emplace(input, static_cast<std::uint16_t>(forms.size()));
      forms.push_back(*shapes.form(graph_.type(input)));
    }
    std::vector<ops::RowInstruction> program;
    std::vector<ops::RowOutput> outputs;
    std::vector<ValueId> results;
    for (const std::size_t member : groups_.members(group)) {
      const ValueId result = node(member).outputs[0];
      if (as<ops::Reshape>(member)) {
        number[result] = number.at(node(member).inputs[0]);
        continue;
      }
      number[result] = static_cast<std::uint16_t>(inputs.size() + program.size());
      program.push_back(instruction(member, number));
      const bool kept =
          std::any_of(left.begin(), left.end(), [&](std::size_t l) { return node(l).inputs[0] == result; });
      if (!kept && !read_outside(result, group)) continue;
      const Shape& shape = shape_of(result);
      outputs.push_back({.result = number[result],
                         .form = shape == shapes.full   ? RowForm::full
                                 : shape == shapes.each ? RowForm::each
                                                        : RowForm::column});
      results.push_back(result);
    }
    counts_.joined += groups_.members(group).size();
    ++counts_.chains;
    const auto chain = std::make_shared<ops::RowChain>(shapes.full.back().factor(), std::move(forms),
                                                       std::move(program), std::move(outputs));
    const std::vector<Value> values = rewrite.to().apply(chain, rewrite.at(inputs));
    for (std::size_t i = 0; i < values.size(); ++i) rewrite.become(results[i], values[i]);
    for (const std::size_t reshape : left) rewrite.copy(node(reshape));
  }

  ops::RowInstruction instruction(std::size_t n, const std::map<ValueId, std::uint16_t>& number) const {
    const Node& one = node(n);
    ops::RowInstruction instruction;
    if (const auto* elementwise = as<ops::Elementwise>(n)) {
      instruction.of = elementwise->program()[0];
      for (std::size_t k = 0; k < instruction.of.operand_count(); ++k)
        instruction.of.operands[k] = number.at(one.inputs[instruction.of.operands[k]]);
      return instruction;
    }
    const ops::Reduce* reduce = reduction(n);
    instruction.kind = as<ops::OneHot>(n)                                        ? Kind::one_hot
                       : as<ops::Pick>(n)                                        ? Kind::pick
                       : as<ops::AddAt>(n)                                       ? Kind::add_at
                       : reduce->reduced().kind == ops::ReduceOptions::Kind::sum ? Kind::sum
                                                                                 : Kind::max;
    for (std::size_t k = 0; k < one.inputs.size(); ++k) instruction.of.operands[k] = number.at(one.inputs[k]);
    return instruction;
  }

  Graph write() {
    Rewrite rewrite(graph_);
    for (const std::size_t group : groups_.ordered()) {
      const std::vector<std::size_t>& members = groups_.members(group);
      if (members.empty()) continue;
      rewrite.to().set_scope(node(members.back()).scope);
      if (const auto shapes = shapes_.find(group); shapes != shapes_.end()) {
        write_chain(group, shapes->second, rewrite);
        continue;
      }
      for (const std::size_t member : members) {
        const Scan* scan = as_scan(node(member));
        rewrite.copy(node(member), scan ? with_body(*scan, Rows(scan->body(), counts_).run()) : nullptr);
      }
    }
    return rewrite.finish();
  }

  const Graph& graph_;
  Counts& counts_;
  NodeGroups groups_;
  Uses uses_;
  std::map<std::size_t, RowShapes> shapes_;  // of the groups that become chains
};

}  // namespace

Graph rows(const Graph& graph, PassReport& report) {
  // What nobody reads would make chains without results.
  std::size_t removed = 0;
  Counts counts;
  Graph result = Rows(remove_dead_code(graph, removed), counts).run();
  report.note(counts.joined, fmt::format("operations along rows in {} chains", counts.chains));
  report.note(counts.refused_long,
              fmt::format("reductions refused: a row is longer than {} bytes", ops::RowChain::row_bytes));
  report.note(counts.refused_inputs, fmt::format("joints refused: more than {} inputs", ops::Elementwise::max_inputs));
  report.note(counts.refused_between, "joints refused: another operation lies between");
  return result;
}

}  // namespace elegans::graph
