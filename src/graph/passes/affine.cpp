#include "elegans/graph/passes/affine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/pack.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "elegans/ops/reshape.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using Layout = ops::PackedLayout;

// One addend of a sum: a part of the packed product at node `product`, or a bias.
struct Term {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t product = none;
  std::size_t part = 0;
  ValueId bias = 0;
};

// The addition that ends a sum, those inside it, and what they add up, from first to last.
struct Sum {
  std::size_t node;
  std::vector<std::size_t> inner = {};
  std::vector<Term> terms = {};
};

struct Counts {
  std::size_t sums = 0, products = 0, refused_parts = 0, refused_late = 0, refused_many = 0;
};

class Affine {
 public:
  Affine(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), uses_(graph) {}

  Graph run() {
    find_sums();
    std::multimap<std::size_t, std::vector<Sum>> at;  // the node in front of which a product takes the place of sums
    for (auto& [products, sums] : alike_) {
      if (!is_possible(products, sums)) continue;
      for (const Sum& sum : sums) gone_.insert(sum.node);
      counts_.sums += sums.size();
      ++counts_.products;
      at.emplace(place_of(sums), std::move(sums));
    }
    Rewrite rewrite(graph_);
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      for (auto [sums, end] = at.equal_range(n); sums != end; ++sums) write(sums->second, rewrite);
      if (gone_.count(n)) continue;
      const Scan* scan = as_scan(graph_.nodes()[n]);
      rewrite.copy(graph_.nodes()[n], scan ? with_body(*scan, Affine(scan->body(), counts_).run()) : nullptr);
    }
    return rewrite.finish();
  }

 private:
  // By the products of their terms: sums that could be the parts of one product.
  using Key = std::vector<std::size_t>;

  // The part of a packed product that the value is, in any shape and for this reader alone.
  std::optional<Term> product_of(ValueId value) const {
    for (;;) {
      const std::int32_t maker = uses_.producers[value];
      if (maker < 0 || !uses_.has_one_reader(value)) return std::nullopt;
      const auto n = static_cast<std::size_t>(maker);
      const Node& node = graph_.nodes()[n];
      if (as<ops::Reshape>(node)) {
        value = node.inputs[0];
        continue;
      }
      if (as<ops::PackedMatmul>(node) == nullptr || uses_.producers[node.inputs.back()] < 0) return std::nullopt;
      if (as<ops::Pack>(pack_of(node)) == nullptr) return std::nullopt;
      const auto part = std::find(node.outputs.begin(), node.outputs.end(), value) - node.outputs.begin();
      return Term{.product = n, .part = static_cast<std::size_t>(part)};
    }
  }
  const Node& pack_of(const Node& product) const { return *uses_.maker(product.inputs.back()); }

  // The terms of the sum that node n adds up, if it is one: each addition adds a term to what came before it. Products of
  // several terms come first, for their terms are added up before.
  bool collect(std::size_t n, Sum& sum) const {
    const Node& node = graph_.nodes()[n];
    if (!is_addition(node)) return false;
    const Shape& shape = graph_.type(node.outputs[0]).shape;
    if (shape.rank() < 2) return false;
    std::optional<Term> term[2];
    for (const std::size_t i : {0, 1}) term[i] = term_of(node.inputs[i], shape);
    for (const std::size_t i : {0, 1}) {
      const std::optional<std::size_t> before = sum_before(node.inputs[1 - i], shape);
      if (!term[i] || term[1 - i] || !before) continue;
      sum.inner.push_back(*before);
      if (!collect(sum.inner.back(), sum)) return false;
      sum.terms.push_back(*term[i]);
      return added_late(*term[i]);
    }
    if (!term[0] || !term[1]) return false;
    // The first two may be added in either order.
    const bool turned = term[0]->product == Term::none || (term[1]->product != Term::none && !added_late(*term[1]));
    sum.terms = {*term[turned], *term[!turned]};
    return sum.terms[0].product != Term::none && added_late(sum.terms[1]);
  }

  // The node that makes a value of that shape for this reader alone, behind reshapes of its rows.
  std::optional<std::size_t> sum_before(ValueId value, const Shape& shape) const {
    if (!(graph_.type(value).shape == shape)) return std::nullopt;
    for (;;) {
      const std::int32_t maker = uses_.producers[value];
      if (maker < 0 || !uses_.has_one_reader(value)) return std::nullopt;
      const auto n = static_cast<std::size_t>(maker);
      const Node& node = graph_.nodes()[n];
      if (as<ops::Reshape>(node) == nullptr) return n;
      value = node.inputs[0];
      if (graph_.type(value).shape.rank() == 0 || !(graph_.type(value).shape.back() == shape.back()))
        return std::nullopt;
    }
  }

  std::optional<Term> term_of(ValueId value, const Shape& sum) const {
    const Shape& shape = graph_.type(value).shape;
    if (shape.rank() == 1 && shape[0] == sum.back()) return Term{.bias = value};
    const std::optional<Term> term = shape == sum ? product_of(value) : std::nullopt;
    // Several rows may have become one.
    const bool is_row =
        term && Dim(static_cast<std::int64_t>(layout_of(term->product).width()[term->part])) == sum.back();
    return is_row ? term : std::nullopt;
  }
  // Whether a term may be added to what came before it.
  bool added_late(const Term& term) const { return term.product == Term::none || layout_of(term.product).terms() == 1; }

  const Layout& layout_of(std::size_t product) const {
    return *as<ops::PackedMatmul>(graph_.nodes()[product])->layout();
  }

  void find_sums() {
    // From the back: a sum is found before the sums inside it.
    std::vector<char> is_inside(graph_.nodes().size(), 0);
    for (std::size_t n = graph_.nodes().size(); n-- > 0;) {
      Sum sum{.node = n};
      if (is_inside[n] || !collect(n, sum)) continue;
      for (const std::size_t inner : sum.inner) is_inside[inner] = 1;
      Key products;
      for (const Term& term : sum.terms) products.push_back(term.product);
      alike_[products].push_back(std::move(sum));
    }
  }

  // Whether the sums are all that is made of their products, all they add is there where they are written, and a product
  // can take so many.
  bool is_possible(const Key& products, const std::vector<Sum>& sums) {
    std::size_t terms = 0;
    bool is_whole = true, is_there = true;
    for (const std::size_t product : products) {
      terms += product == Term::none ? 1 : layout_of(product).terms();
      if (product != Term::none)
        is_whole = is_whole && layout_of(product).parts() == sums.size() &&
                   std::count(products.begin(), products.end(), product) == 1;
    }
    for (const Sum& sum : sums) is_there = is_there && place_of(sums) <= sum.node;
    const bool fits =
        terms <= Layout::max_terms && sums.size() <= Layout::max_parts && terms * sums.size() <= Layout::max_blocks;
    counts_.refused_parts += is_whole ? 0 : 1;
    counts_.refused_late += is_whole && !is_there ? 1 : 0;
    counts_.refused_many += is_whole && is_there && !fits ? 1 : 0;
    return is_whole && is_there && fits;
  }

  // The first node in front of which all is there that they add up.
  std::size_t place_of(const std::vector<Sum>& sums) const {
    std::size_t place = 0;
    for (const Sum& sum : sums)
      for (const Term& term : sum.terms) {
        const std::int32_t maker =
            term.product == Term::none ? uses_.producers[term.bias] : static_cast<std::int32_t>(term.product);
        place = std::max(place, static_cast<std::size_t>(maker + 1));
      }
    return place;
  }

  void write(const std::vector<Sum>& sums, Rewrite& rewrite) const {
    Graph& to = rewrite.to();
    const Node& first = graph_.nodes()[sums[0].node];
    to.set_scope(first.scope);
    const Type& type = graph_.type(first.outputs[0]);
    const auto row = [&](std::size_t width) {
      Shape shape = type.shape;
      shape[shape.rank() - 1] = static_cast<std::int64_t>(width);
      return shape;
    };
    std::vector<std::size_t> depth, width, beside;
    std::vector<ops::PackedBlock> blocks;
    std::vector<Value> lefts, matrices;
    for (const Sum& sum : sums)
      width.push_back(static_cast<std::size_t>(graph_.type(graph_.nodes()[sum.node].outputs[0]).shape.back().factor()));
    for (std::size_t t = 0; t < sums[0].terms.size(); ++t) {
      const std::size_t product = sums[0].terms[t].product;
      if (product == Term::none) {
        depth.push_back(1);
        beside.push_back(0);
        for (const Sum& sum : sums) {
          blocks.push_back({.form = ops::PackedBlock::Form::row});
          matrices.push_back(rewrite.at(sum.terms[t].bias));
        }
        continue;
      }
      const Node& node = graph_.nodes()[product];
      const Layout& layout = layout_of(product);
      std::size_t left = 0;
      for (std::size_t i = 0; i < layout.terms(); ++i) {
        depth.push_back(layout.depth()[i]);
        beside.push_back(layout.beside()[i]);
        // A term may be a bias already, which has no operand.
        if (layout.block(i, 0).form != ops::PackedBlock::Form::row)
          lefts.push_back(reshape(rewrite.at(node.inputs[left++]), row(depth.back())));
        for (const Sum& sum : sums) {
          const std::size_t part = sum.terms[t].part;
          blocks.push_back(layout.block(i, part));
          matrices.push_back(rewrite.at(pack_of(node).inputs[i * layout.parts() + part]));
        }
      }
    }
    const auto layout =
        std::make_shared<Layout>(type.dtype, std::move(depth), std::move(width), std::move(blocks), std::move(beside));
    lefts.push_back(to.apply(std::make_shared<ops::Pack>(layout), matrices)[0]);
    const std::vector<Value> results = to.apply(std::make_shared<ops::PackedMatmul>(layout), lefts);
    for (std::size_t j = 0; j < sums.size(); ++j) {
      const ValueId sum = graph_.nodes()[sums[j].node].outputs[0];
      rewrite.become(
          sum, reshape(results[j], graph_.type(sum).shape));  // sums of one product may be cut into rows in other ways
    }
  }

  const Graph& graph_;
  Counts& counts_;
  Uses uses_;
  std::map<Key, std::vector<Sum>> alike_;
  std::set<std::size_t> gone_;  // additions that end a sum
};

}  // namespace

Graph affine(const Graph& graph, PassReport& report) {
  std::size_t removed = 0;
  Counts counts;
  // What nobody reads would count as a reader.
  Graph result = remove_dead_code(Affine(remove_dead_code(graph, removed), counts).run(), removed);
  report.note(counts.sums, fmt::format("sums of products and biases made {} products", counts.products));
  report.note(counts.refused_parts, "refused: parts of a product are read otherwise, or twice");
  report.note(counts.refused_late, "refused: a bias is computed behind the products");
  report.note(counts.refused_many, fmt::format("refused: more than {} terms, {} parts or {} blocks", Layout::max_terms,
                                               Layout::max_parts, Layout::max_blocks));
  return result;
}

}  // namespace elegans::graph
