#include "elegans/graph/passes/outer.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "elegans/ops/matmul.hpp"
#include "elegans/ops/outer_products.hpp"
#include "graph/node_groups.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t joined = 0, joints = 0, refused_between = 0, refused_wide = 0, refused_many = 0;
};

// The operands of products in the order of first use, each once.
struct Operands {
  std::vector<ValueId> left, right;
};

void add(std::vector<ValueId>& values, ValueId value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

class Outer {
 public:
  Outer(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), groups_(graph) {}

  Graph run() {
    const std::vector<std::size_t> rows = join_right();
    join_left(rows);
    return write();
  }

 private:
  // Whether a node is a product with a transposed left operand, and both are narrow enough.
  bool is_product(std::size_t n) {
    const Node& node = graph_.nodes()[n];
    const auto* product = as<ops::Matmul>(node);
    if (product == nullptr || !product->transposed().transpose_a) return false;
    const auto fits = [&](std::size_t input, std::int64_t widest) {
      const Dim width = graph_.type(node.inputs[input]).shape.back();
      return width.is_constant() && width.factor() <= widest;
    };
    if (fits(0, widest_left) && fits(1, widest_right)) return true;
    ++counts_.refused_wide;
    return false;
  }

  Operands operands(std::size_t group) const {
    Operands result;
    for (const std::size_t n : groups_.members(group)) {
      add(result.left, graph_.nodes()[n].inputs[0]);
      add(result.right, graph_.nodes()[n].inputs[1]);
    }
    return result;
  }

  // Joins two groups, which together have so many operands, if one node may take them.
  bool join(std::size_t group, std::size_t other, std::size_t left, std::size_t right) {
    using ops::OuterProducts;
    if (left > OuterProducts::max_terms || right > OuterProducts::max_parts ||
        left * right > OuterProducts::max_blocks) {
      ++counts_.refused_many;
      return false;
    }
    if (groups_.reads(group, other) || groups_.reads(other, group) || groups_.something_between(group, other)) {
      ++counts_.refused_between;
      return false;
    }
    groups_.join(group, other);
    return true;
  }

  // Products of one left operand each; returns their groups.
  std::vector<std::size_t> join_right() {
    std::map<ValueId, std::vector<std::size_t>> open;
    std::vector<std::size_t> rows;
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      if (!is_product(n)) continue;
      std::vector<std::size_t>& with_this = open[graph_.nodes()[n].inputs[0]];
      const auto takes = [&](std::size_t g) { return join(g, n, 1, groups_.members(g).size() + 1); };
      if (std::any_of(with_this.begin(), with_this.end(), takes)) continue;
      with_this.push_back(n);
      rows.push_back(n);
    }
    return rows;
  }

  // Of these, groups of the same right operands.
  void join_left(const std::vector<std::size_t>& rows) {
    std::map<std::vector<ValueId>, std::vector<std::size_t>> open;
    for (const std::size_t row : rows) {
      std::vector<ValueId> right = operands(row).right;
      std::sort(right.begin(), right.end());
      std::vector<std::size_t>& with_these = open[right];
      const auto takes = [&](std::size_t g) { return join(g, row, operands(g).left.size() + 1, right.size()); };
      if (std::none_of(with_these.begin(), with_these.end(), takes)) with_these.push_back(row);
    }
  }

  void write_joint(const std::vector<std::size_t>& members, Rewrite& rewrite) {
    const Operands read = operands(groups_.of(members[0]));
    std::vector<Value> inputs = rewrite.at(read.left);
    for (const ValueId right : read.right) inputs.push_back(rewrite.at(right));
    rewrite.to().set_scope(graph_.nodes()[members[0]].scope);
    const std::vector<Value> results =
        rewrite.to().apply(std::make_shared<ops::OuterProducts>(read.left.size(), read.right.size()), inputs);
    const auto place = [](const std::vector<ValueId>& values, ValueId value) {
      return static_cast<std::size_t>(std::find(values.begin(), values.end(), value) - values.begin());
    };
    for (const std::size_t member : members) {
      const Node& node = graph_.nodes()[member];
      const std::size_t block =
          place(read.left, node.inputs[0]) * read.right.size() + place(read.right, node.inputs[1]);
      rewrite.become(node.outputs[0], results[block]);
    }
    counts_.joined += members.size();
    ++counts_.joints;
  }

  Graph write() {
    return write_groups(
        graph_, groups_, [this](const auto& members, Rewrite& rewrite) { write_joint(members, rewrite); },
        [this](const Graph& body) { return Outer(body, counts_).run(); });
  }

  const Graph& graph_;
  Counts& counts_;
  NodeGroups groups_;
};

}  // namespace

Graph outer(const Graph& graph, PassReport& report) {
  Counts counts;
  Graph result = Outer(graph, counts).run();
  report.note(counts.joined, fmt::format("products of transposed operands merged into {}", counts.joints));
  report.note(counts.refused_wide, fmt::format("left alone: wider than {} or {} columns, or of a width that may change",
                                               widest_left, widest_right));
  report.note(counts.refused_between, "joints refused: one needs the other");
  report.note(
      counts.refused_many,
      fmt::format("joints refused: more than {} left operands, {} right ones or {} products",
                  ops::OuterProducts::max_terms, ops::OuterProducts::max_parts, ops::OuterProducts::max_blocks));
  return result;
}

}  // namespace elegans::graph
