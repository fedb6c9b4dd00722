#include "elegans/graph/passes/merge.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "elegans/ops/pack.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "graph/node_groups.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using Layout = ops::PackedLayout;

struct Counts {
  std::size_t summed = 0, sums = 0, joined = 0, joints = 0, refused_between = 0, refused_many = 0, refused_chains = 0;
};

// A packed product whose matrix is packed beside it, null where a node is none.
struct Product {
  const Layout* layout = nullptr;
  const Node* node = nullptr;
  const Node* pack = nullptr;
  std::size_t lefts() const { return layout->terms(); }
};

Product product_of(const Graph& graph, const std::vector<std::int32_t>& producers, const Node& node) {
  const auto* product = as<ops::PackedMatmul>(node);
  const std::int32_t maker = product ? producers[node.inputs.back()] : -1;
  if (maker < 0) return {};
  const Node& pack = graph.nodes()[static_cast<std::size_t>(maker)];
  if (as<ops::Pack>(pack) == nullptr) return {};
  return {product->layout().get(), &node, &pack};
}

bool fits(std::size_t terms, std::size_t parts) {
  return terms <= Layout::max_terms && parts <= Layout::max_parts && terms * parts <= Layout::max_blocks;
}

std::vector<Value> write_product(Graph& to, const std::shared_ptr<const Layout>& layout, std::vector<Value> lefts,
                                 const std::vector<Value>& matrices) {
  lefts.push_back(to.apply(std::make_shared<ops::Pack>(layout), matrices)[0]);
  return to.apply(std::make_shared<ops::PackedMatmul>(layout), lefts);
}

// Sums of products as products of several terms.
class Sums {
 public:
  Sums(const Graph& graph, Counts& counts)
      : graph_(graph), counts_(counts), uses_(graph), gone_(graph.nodes().size(), 0) {}

  Graph run() {
    // From the back: a sum is found before the sums inside it.
    std::map<std::size_t, std::vector<ValueId>> sums;
    for (std::size_t n = graph_.nodes().size(); n-- > 0;) {
      if (gone_[n] || !is_sum(n)) continue;
      std::vector<ValueId> terms;
      std::vector<std::size_t> inner;
      if (!collect(n, terms, inner)) continue;
      if (!fits(terms.size(), 1)) {
        ++counts_.refused_many;
        continue;
      }
      for (const std::size_t node : inner) gone_[node] = 1;
      for (const ValueId term : terms) gone_[static_cast<std::size_t>(uses_.producers[term])] = 1;
      counts_.summed += terms.size();
      ++counts_.sums;
      sums.emplace(n, std::move(terms));
    }
    Rewrite rewrite(graph_);
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      if (const auto sum = sums.find(n); sum != sums.end())
        write(n, sum->second, rewrite);
      else if (!gone_[n])
        rewrite.copy(graph_.nodes()[n]);
    }
    return rewrite.finish();
  }

 private:
  // Whether node n adds two values of the shape of their sum.
  bool is_sum(std::size_t n) const {
    const Node& node = graph_.nodes()[n];
    return is_addition(node) && node.inputs[0] != node.inputs[1];
  }

  // The products that sum n adds up, in the order of additions, if it adds nothing else: a product to a product, or to
  // a sum of products that nothing else reads.
  bool collect(std::size_t n, std::vector<ValueId>& terms, std::vector<std::size_t>& inner) const {
    const Node& node = graph_.nodes()[n];
    const Shape& shape = graph_.type(node.outputs[0]).shape;
    std::vector<ValueId> products, sums;
    for (const ValueId input : node.inputs) {
      const std::int32_t maker = uses_.producers[input];
      if (term_of(input, shape).node)
        products.push_back(input);
      else if (maker >= 0 && uses_.has_one_reader(input) && is_sum(static_cast<std::size_t>(maker)) &&
               graph_.type(input).shape == shape)
        sums.push_back(input);
    }
    if (products.size() == 1 && sums.size() == 1) {
      inner.push_back(static_cast<std::size_t>(uses_.producers[sums[0]]));
      if (!collect(inner.back(), terms, inner)) return false;
    } else if (products.size() != 2) {
      return false;
    }
    // Two products may be added in either order: that of their operands makes sums over the same ones alike.
    std::sort(products.begin(), products.end(), [&](ValueId a, ValueId b) { return left_of(a) < left_of(b); });
    terms.insert(terms.end(), products.begin(), products.end());
    return true;
  }

  // The product of one term and one result, of the shape of the sum, that only the sum reads, if the value is one.
  Product term_of(ValueId value, const Shape& sum) const {
    if (uses_.producers[value] < 0 || !uses_.has_one_reader(value) || !(graph_.type(value).shape == sum)) return {};
    const Product product =
        product_of(graph_, uses_.producers, graph_.nodes()[static_cast<std::size_t>(uses_.producers[value])]);
    return product.node && product.layout->parts() == 1 && product.layout->terms() == 1 ? product : Product{};
  }
  ValueId left_of(ValueId product) const { return uses_.maker(product)->inputs[0]; }

  void write(std::size_t n, const std::vector<ValueId>& terms, Rewrite& rewrite) const {
    const Node& node = graph_.nodes()[n];
    std::vector<std::size_t> depth, beside;
    std::vector<ops::PackedBlock> blocks;
    std::vector<Value> lefts, matrices;
    const Layout* any = nullptr;
    for (const ValueId term : terms) {
      const Product product = term_of(term, graph_.type(node.outputs[0]).shape);
      any = product.layout;
      depth.push_back(any->depth()[0]);
      beside.push_back(any->beside()[0]);
      blocks.push_back(any->block(0, 0));
      lefts.push_back(rewrite.at(product.node->inputs[0]));
      matrices.push_back(rewrite.at(product.pack->inputs[0]));
    }
    rewrite.to().set_scope(node.scope);
    const auto layout =
        std::make_shared<Layout>(any->dtype(), std::move(depth), any->width(), std::move(blocks), std::move(beside));
    rewrite.become(node.outputs[0], write_product(rewrite.to(), layout, std::move(lefts), matrices)[0]);
  }

  const Graph& graph_;
  Counts& counts_;
  Uses uses_;
  std::vector<char> gone_;  // nodes that become part of a sum
};

// Products of the same left operands as one product of several parts.
class Parts {
 public:
  Parts(const Graph& graph, Counts& counts)
      : graph_(graph), counts_(counts), groups_(graph), producers_(graph.producers()) {}

  Graph run() {
    std::map<std::vector<ValueId>, std::vector<std::size_t>> open;  // by left operands: groups that could take more
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      const Product product = product_at(n);
      if (product.node == nullptr) continue;
      std::vector<ValueId> lefts = product.node->inputs;
      lefts.pop_back();
      std::vector<std::size_t>& with_these = open[lefts];
      const auto taken = std::find_if(with_these.begin(), with_these.end(), [&](std::size_t g) { return join(g, n); });
      if (taken == with_these.end()) with_these.push_back(n);
    }
    return write();
  }

 private:
  Product product_at(std::size_t n) const { return product_of(graph_, producers_, graph_.nodes()[n]); }

  bool join(std::size_t group, std::size_t n) {
    std::size_t parts = product_at(n).layout->parts();
    for (const std::size_t member : groups_.members(group)) parts += product_at(member).layout->parts();
    if (!fits(product_at(n).lefts(), parts)) {
      ++counts_.refused_many;
      return false;
    }
    if (!sums_alike(group, n)) {
      ++counts_.refused_chains;
      return false;
    }
    if (groups_.something_between(group, n)) {
      ++counts_.refused_between;
      return false;
    }
    groups_.join(group, n);
    ++counts_.joined;
    return true;
  }

  // Whether terms are summed in the same chains, which must still be theirs with so many columns.
  bool sums_alike(std::size_t group, std::size_t n) const {
    const Layout& layout = *product_at(n).layout;
    std::size_t columns = layout.form().n;
    for (const std::size_t member : groups_.members(group)) {
      const Layout& other = *product_at(member).layout;
      if (other.beside() != layout.beside()) return false;
      columns += other.form().n;
    }
    return std::all_of(layout.beside().begin(), layout.beside().end(),
                       [columns](std::size_t beside) { return beside == 0 || columns <= beside; });
  }

  void write_merged(const std::vector<std::size_t>& members, Rewrite& rewrite) {
    const Product first = product_at(members[0]);
    std::vector<std::size_t> width;
    std::vector<ops::PackedBlock> blocks;
    std::vector<Value> matrices;
    for (std::size_t i = 0; i < first.lefts(); ++i)
      for (const std::size_t member : members) {
        const Product product = product_at(member);
        for (std::size_t j = 0; j < product.layout->parts(); ++j) {
          if (i == 0) width.push_back(product.layout->width()[j]);
          blocks.push_back(product.layout->block(i, j));
          matrices.push_back(rewrite.at(product.pack->inputs[i * product.layout->parts() + j]));
        }
      }
    std::vector<ValueId> lefts = first.node->inputs;
    lefts.pop_back();
    const auto layout = std::make_shared<Layout>(first.layout->dtype(), first.layout->depth(), std::move(width),
                                                 std::move(blocks), first.layout->beside());
    rewrite.to().set_scope(first.node->scope);
    const std::vector<Value> results = write_product(rewrite.to(), layout, rewrite.at(lefts), matrices);
    std::size_t at = 0;
    for (const std::size_t member : members)
      for (const ValueId output : graph_.nodes()[member].outputs) rewrite.become(output, results[at++]);
    ++counts_.joints;
  }

  Graph write() {
    return write_groups(
        graph_, groups_, [this](const auto& members, Rewrite& rewrite) { write_merged(members, rewrite); },
        [this](const Graph& body) { return Parts(body, counts_).run(); });
  }

  const Graph& graph_;
  Counts& counts_;
  NodeGroups groups_;
  std::vector<std::int32_t> producers_;
};

Graph merge_sums(const Graph& graph, Counts& counts) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    const Scan* scan = as_scan(node);
    rewrite.copy(node, scan ? with_body(*scan, merge_sums(scan->body(), counts)) : nullptr);
  }
  return Sums(rewrite.finish(), counts).run();
}

}  // namespace

Graph merge(const Graph& graph, PassReport& report) {
  // What nobody reads would count as a reader.
  std::size_t removed = 0;
  Counts counts;
  const Graph summed = remove_dead_code(merge_sums(remove_dead_code(graph, removed), counts), removed);
  Graph result = remove_dead_code(Parts(summed, counts).run(), removed);
  report.note(counts.summed, fmt::format("products merged into {} sums", counts.sums));
  report.note(counts.joined + counts.joints,
              fmt::format("products of the same operands merged into {}", counts.joints));
  report.note(counts.refused_between, "joints refused: another operation lies between");
  report.note(counts.refused_chains, "joints refused: terms are summed in other chains");
  report.note(counts.refused_many, fmt::format("joints refused: more than {} terms, {} parts or {} blocks",
                                               Layout::max_terms, Layout::max_parts, Layout::max_blocks));
  return result;
}

}  // namespace elegans::graph
