#include "elegans/graph/passes/fold.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/sources.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using kernels::Binary;

struct Counts {
  std::size_t sums = 0, products = 0, elementwise = 0;
};

// A known number that a term is multiplied with or divided by.
struct Factor {
  ValueId number;
  Binary function;
};

struct Term {
  enum class Kind { known, product, other };
  Kind kind;
  ValueId value;
  bool negative;
  std::vector<Factor> factors;
};

// A sum as it was written, with signs and factors at its terms: two operands, or the number of a term.
struct Tree {
  std::unique_ptr<Tree> left, right;
  std::size_t term = 0;
};

struct Sum {
  Tree tree;
  std::vector<Term> terms;
  std::vector<std::vector<std::size_t>> alike;  // terms that become one
  std::vector<std::size_t> inner;               // nodes that it takes in, itself among them
};

// The function of two values that a node computes and nothing else, or of one.
std::optional<Binary> binary_of(const Node& node) {
  const ops::Instruction* only = instruction_of(node);
  if (!only || only->kind != ops::Instruction::Kind::binary || node.inputs.size() != 2) return std::nullopt;
  return static_cast<Binary>(only->function);
}

class Folding {
 public:
  // `known` says of each value whether it is a known input.
  Folding(const Graph& graph, std::vector<char> known, Counts& counts)
      : graph_(graph), known_(std::move(known)), counts_(counts), uses_(graph) {
    for (const Node& node : graph_.nodes()) {
      const bool from_known = node.inputs.empty() ? as<ops::Constant>(node) != nullptr
                                                  : std::all_of(node.inputs.begin(), node.inputs.end(),
                                                                [&](ValueId v) { return known_[v]; });
      for (const ValueId output : node.outputs)
        known_[output] = from_known && as_scan(node) == nullptr && graph_.type(output).shape.is_constant();
    }
  }

  Graph run() {
    // From the back: a sum is found before the sums inside it.
    std::map<std::size_t, Sum> sums;
    std::vector<char> gone(graph_.nodes().size(), 0);
    for (std::size_t n = graph_.nodes().size(); n-- > 0;) {
      if (gone[n]) continue;
      std::optional<Sum> sum = shorter(n);
      if (!sum) continue;
      for (const std::size_t node : sum->inner) gone[node] = 1;
      sums.emplace(n, std::move(*sum));
    }
    Rewrite rewrite(graph_);
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      const Node& node = graph_.nodes()[n];
      if (const auto sum = sums.find(n); sum != sums.end())
        write(node, sum->second, rewrite);
      else if (const Scan* scan = as_scan(node))
        rewrite.copy(node, with_body(*scan, Folding(scan->body(), known_inside(node, *scan), counts_).run()));
      else if (!gone[n])
        rewrite.copy(node);
    }
    return rewrite.finish();
  }

 private:
  std::vector<char> known_inside(const Node& node, const Scan& scan) const {
    std::vector<char> known(scan.body().value_count(), 0);
    const ScanCounts& counts = scan.counts();
    for (std::size_t i = 0; i < counts.captured; ++i)
      known[scan.captured_input(i)] = known_[node.inputs[counts.carried + counts.scanned + i]];
    return known;
  }

  bool is_known_number(ValueId value) const { return known_[value] && graph_.type(value).shape.elements() == Dim(1); }

  // Which input of a node is scaled to the result by the other one, a known number; none where the node is no such.
  std::optional<std::size_t> scaled_input(const Node& node, std::optional<Binary> function) const {
    if (function != Binary::multiply && function != Binary::divide) return std::nullopt;
    for (std::size_t i = 0; i < (function == Binary::divide ? 1U : 2U); ++i)
      if (is_known_number(node.inputs[1 - i]) &&
          graph_.type(node.inputs[i]).shape == graph_.type(node.outputs[0]).shape)
        return i;
    return std::nullopt;
  }

  bool is_product_with_known(const Node& node) const { return is_product_of_rows(node) && known_[node.inputs[1]]; }

  // Opens the node that makes `value` where it adds, subtracts, negates or scales, else makes a term of the value, with
  // the sign and the factors of `outside`. `root` is the node of the whole sum.
  Tree open(ValueId value, const Term& outside, Sum& sum, std::size_t root) const {
    const Node* node = uses_.maker(value);
    const std::size_t index = node ? static_cast<std::size_t>(uses_.producers[value]) : 0;
    const bool may_open = node && !known_[value] && (index == root || uses_.has_one_reader(value));
    const std::optional<Binary> function = may_open ? binary_of(*node) : std::nullopt;
    Term term = outside;
    const bool is_sum = function == Binary::add || function == Binary::subtract;
    if (is_sum &&
        node->inputs[0] != node->inputs[1]) {  // of one value twice, opening it twice would double the sum each time
      sum.inner.push_back(index);
      Tree tree;
      tree.left = std::make_unique<Tree>(open(node->inputs[0], term, sum, root));
      if (function == Binary::subtract) term.negative = !term.negative;
      tree.right = std::make_unique<Tree>(open(node->inputs[1], term, sum, root));
      return tree;
    }
    if (may_open && is_unary(*node, kernels::Unary::negate)) {
      sum.inner.push_back(index);
      term.negative = !term.negative;
      return open(node->inputs[0], term, sum, root);
    }
    if (const auto scaled = may_open ? scaled_input(*node, function) : std::nullopt) {
      sum.inner.push_back(index);
      term.factors.push_back({node->inputs[1 - *scaled], *function});
      return open(node->inputs[*scaled], term, sum, root);
    }
    term.value = value;
    term.kind = known_[value]                              ? Term::Kind::known
                : may_open && is_product_with_known(*node) ? Term::Kind::product
                                                           : Term::Kind::other;
    sum.terms.push_back(std::move(term));
    return {.left = nullptr, .right = nullptr, .term = sum.terms.size() - 1};
  }

  bool alike(const Term& a, const Term& b) const {
    if (a.kind != b.kind) return false;
    if (a.kind == Term::Kind::known) return true;
    if (a.kind == Term::Kind::other) return a.value == b.value;
    const Node &p = *uses_.maker(a.value), &q = *uses_.maker(b.value);
    return p.inputs[0] == q.inputs[0] && graph_.type(p.inputs[1]) == graph_.type(q.inputs[1]) &&
           p.operation->name() == q.operation->name() && ops::same(*p.operation, *q.operation);
  }

  // The sum that node n is, if it is one that folding makes shorter.
  std::optional<Sum> shorter(std::size_t n) {
    const Node& node = graph_.nodes()[n];
    if (as<ops::Elementwise>(node) == nullptr || !is_floating(graph_.type(node.outputs[0]).dtype)) return std::nullopt;
    Sum sum;
    sum.tree = open(node.outputs[0], Term{Term::Kind::other, node.outputs[0], false, {}}, sum, n);
    if (sum.inner.empty()) return std::nullopt;

    std::size_t before = sum.inner.size(), after = 0, products = 0, products_after = 0;
    for (std::size_t t = 0; t < sum.terms.size(); ++t) {
      const Term& term = sum.terms[t];
      products += term.kind == Term::Kind::product;
      const auto group = std::find_if(sum.alike.begin(), sum.alike.end(),
                                      [&](const auto& terms) { return alike(sum.terms[terms[0]], term); });
      if (group == sum.alike.end())
        sum.alike.push_back({t});
      else
        group->push_back(t);
    }
    after = sum.alike.size() - 1;
    bool all_negative = true;
    for (const auto& terms : sum.alike) {
      const Term& first = sum.terms[terms[0]];
      products_after += first.kind == Term::Kind::product;
      after += first.kind == Term::Kind::other && !stays(sum, terms);
      all_negative = all_negative && stays(sum, terms) && first.negative;
    }
    after += all_negative;
    if (products_after == products && after >= before) return std::nullopt;
    ++counts_.sums;
    counts_.products += products - products_after;
    counts_.elementwise += before - std::min(before, after);
    return sum;
  }

  // Whether the terms are a value that is only added or subtracted.
  static bool stays(const Sum& sum, const std::vector<std::size_t>& terms) {
    const Term& first = sum.terms[terms[0]];
    return first.kind == Term::Kind::other && terms.size() == 1 && first.factors.empty();
  }

  // A value of the new graph, or its negative.
  struct Signed {
    Value value;
    bool negative = false;
  };
  static Signed added(Signed a, Signed b) {
    if (a.negative == b.negative) return {a.value + b.value, a.negative};
    return a.negative ? Signed{b.value - a.value} : Signed{a.value - b.value};
  }

  static Value scaled(Value value, const std::vector<Factor>& factors, Rewrite& rewrite) {
    for (const Factor& factor : factors) {
      const Value number = rewrite.at(factor.number);
      value = binary(factor.function, value, number.shape().rank() == 0 ? number : reshape(number, {}));
    }
    return value;
  }

  // What the terms that become one are multiplied with, all known: matrices, numbers, or themselves.
  Value known_sum(const Sum& sum, const std::vector<std::size_t>& terms, Rewrite& rewrite) const {
    const auto known = [&](const Term& term) {
      if (term.kind == Term::Kind::other) return constant(rewrite.at(term.value), 1);
      return rewrite.at(term.kind == Term::Kind::product ? uses_.maker(term.value)->inputs[1] : term.value);
    };
    std::optional<Signed> all;
    for (const std::size_t t : terms) {
      const Term& term = sum.terms[t];
      const Signed part{scaled(known(term), term.factors, rewrite), term.negative};
      all = all ? added(*all, part) : part;
    }
    return all->negative ? -all->value : all->value;
  }

  // The term, and those that become one with it at the first of them.
  std::optional<Signed> write_term(const Sum& sum, std::size_t t, Rewrite& rewrite) const {
    const auto& terms = *std::find_if(sum.alike.begin(), sum.alike.end(), [&](const auto& group) {
      return std::find(group.begin(), group.end(), t) != group.end();
    });
    if (terms[0] != t) return std::nullopt;
    const Term& term = sum.terms[t];
    if (stays(sum, terms)) return Signed{rewrite.at(term.value), term.negative};
    const Value known = known_sum(sum, terms, rewrite);
    if (term.kind == Term::Kind::known) return Signed{known};
    if (term.kind == Term::Kind::other) return Signed{rewrite.at(term.value) * known};
    const Node& product = *uses_.maker(term.value);
    return Signed{rewrite.to().apply(product.operation, std::array{rewrite.at(product.inputs[0]), known})[0]};
  }

  std::optional<Signed> write_tree(const Sum& sum, const Tree& tree, Rewrite& rewrite) const {
    if (!tree.left) return write_term(sum, tree.term, rewrite);
    const std::optional<Signed> left = write_tree(sum, *tree.left, rewrite);
    const std::optional<Signed> right = write_tree(sum, *tree.right, rewrite);
    return left && right ? added(*left, *right) : left ? left : right;
  }

  void write(const Node& node, const Sum& sum, Rewrite& rewrite) const {
    rewrite.to().set_scope(node.scope);
    const Signed result = *write_tree(sum, sum.tree, rewrite);
    rewrite.become(node.outputs[0], result.negative ? -result.value : result.value);
  }

  const Graph& graph_;
  std::vector<char> known_;
  Counts& counts_;
  Uses uses_;
};

}  // namespace

Graph fold(const Graph& graph, std::span<const std::string> known, PassReport& report) {
  // What nobody reads would count as a reader, and products that became one are not read any more.
  std::size_t removed = 0;
  Counts counts;
  const Graph used = remove_dead_code(graph, removed);
  Graph result = remove_dead_code(Folding(used, input_marks(used, known, "fold"), counts).run(), removed);
  report.note(counts.sums, fmt::format("sums folded: {} products and {} elementwise operations fewer", counts.products,
                                       counts.elementwise));
  return result;
}

}  // namespace elegans::graph
