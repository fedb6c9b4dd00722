#include "elegans/graph/passes/pack.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/pack.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "elegans/ops/sampled_product.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "graph/passes/origins.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

// What is summed in several chains: so many columns are the most that kernels of 16 lanes do (kernels/table.hpp), and fewer
// numbers are soon added up.
constexpr std::int64_t most_chained_columns = 64, least_chained_depth = 12;
// A circuit is packed where more than 1 of so many connections exists.
constexpr std::size_t packed_share = 4;

struct Counts {
  std::size_t packed = 0, chained = 0, circuits = 0, sampled = 0, sparse = 0, ordered = 0, changing = 0, large = 0;
};

// By left operand and scope: the columns of all its products there, by which they are summed in several chains. Such products
// may be merged, which is why they must agree; a circuit among them, or a transposed matrix, leaves them one chain. Of a scope
// alone, for what else reads the operand is another matter in a loop with checkpoints, or where gradients are.
using Operand = std::pair<ValueId, std::string>;
std::map<Operand, std::size_t> columns_by_operand(const Graph& graph) {
  struct Products {
    std::int64_t columns = 0;
    bool are_plain = true;  // and of constant sizes
  };
  std::map<Operand, Products> products;
  for (const Node& node : graph.nodes()) {
    const auto* product = as<ops::Matmul>(node);
    if (product ? product->transposed().transpose_a : as<ops::SparseMatmul>(node) == nullptr) continue;
    Products& of_operand = products[{node.inputs[0], node.scope}];
    const bool is_plain = product && !product->transposed().transpose_b;
    of_operand.are_plain = of_operand.are_plain && is_plain && graph.type(node.inputs[1]).shape.is_constant();
    of_operand.columns += graph.type(node.outputs[0]).shape.back().factor();
  }
  std::map<Operand, std::size_t> columns;
  for (const auto& [operand, all] : products)
    if (all.are_plain && all.columns <= most_chained_columns &&
        graph.type(operand.first).shape.back().factor() >= least_chained_depth)
      columns[operand] = static_cast<std::size_t>(all.columns);
  return columns;
}

bool is_full_enough(const ops::Connections& connections) {
  const std::size_t all = connections.inputs() * connections.outputs();
  if (all == 0 || connections.count() * packed_share <= all) return false;
  std::set<std::pair<std::uint32_t, std::uint32_t>> places;
  for (std::size_t s = 0; s < connections.count(); ++s)
    if (!places.emplace(connections.source()[s], connections.target()[s]).second) return false;
  return true;
}

class Packing {
 public:
  // `loop` is the scan whose body `graph` is, null outside loops.
  Packing(const Graph& graph, const Scan* loop, Counts& counts)
      : graph_(graph),
        inside_(loop != nullptr),
        counts_(counts),
        origin_(loop ? origins(*loop) : std::vector<Origin>()),
        columns_(columns_by_operand(graph)) {}

  Graph run() {
    Rewrite rewrite(graph_);
    for (const Node& node : graph_.nodes()) {
      if (const Scan* scan = as_scan(node)) {
        rewrite.copy(node, with_body(*scan, Packing(scan->body(), scan, counts_).run()));
      } else if (const std::optional<ops::PackedBlock> block = block_of(node)) {
        write(node, *block, rewrite);
      } else if (const auto* sampled = as<ops::SampledProduct>(node);
                 sampled && is_full_enough(*sampled->connections())) {
        write_sampled(node, *sampled->connections(), rewrite);
      } else if (const auto* circuit = as<ops::SparseMatmul>(node);
                 circuit && !(inside_ && origin_[node.inputs[1]] != Origin::captured) &&
                 !circuit->connections()->by(circuit->to()).in_order) {
        write_in_order(node, *circuit, rewrite);
      } else {
        rewrite.copy(node);
      }
    }
    return rewrite.finish();
  }

 private:
  // The block that the right operand of a product becomes, if it is to be packed.
  std::optional<ops::PackedBlock> block_of(const Node& node) {
    using Form = ops::PackedBlock::Form;
    const auto* product = as<ops::Matmul>(node);
    const auto* circuit = as<ops::SparseMatmul>(node);
    if ((product == nullptr && circuit == nullptr) || (product && product->transposed().transpose_a))
      return std::nullopt;
    const Shape& x = graph_.type(node.inputs[0]).shape;
    const Shape& w = graph_.type(node.inputs[1]).shape;
    if (x.rank() < 2 || !w.is_constant() || w.elements() == Dim(0)) return std::nullopt;
    const bool has_order = circuit || columns_beside(node) > 0;  // that of matmul is another one
    if (inside_ ? origin_[node.inputs[1]] != Origin::captured
                : !has_order && x.product(0, x.rank() - 1).is_constant()) {
      ++counts_.changing;
      return std::nullopt;
    }
    if (circuit != nullptr) {
      const bool packs = is_full_enough(*circuit->connections());
      ++(packs ? counts_.circuits : counts_.sparse);
      if (!packs) return std::nullopt;
      return ops::PackedBlock{.form = Form::connections, .connections = circuit->connections(), .to = circuit->to()};
    }
    if (!inside_ && w[0].factor() > small_side && w[1].factor() > small_side) {
      ++counts_.large;
      return std::nullopt;
    }
    ++counts_.packed;
    counts_.chained += columns_beside(node) > 0 ? 1 : 0;
    return ops::PackedBlock{.form = product->transposed().transpose_b ? Form::transposed : Form::plain};
  }

  // Of all products of this one's left operand in its scope, 0 where they are summed in one chain.
  std::size_t columns_beside(const Node& product) const {
    const auto columns = columns_.find({product.inputs[0], product.scope});
    return columns == columns_.end() ? 0 : columns->second;
  }

  void write(const Node& node, const ops::PackedBlock& block, Rewrite& rewrite) const {
    const auto width = [&](ValueId value) {
      return static_cast<std::size_t>(graph_.type(value).shape.back().factor());
    };
    const auto layout = std::make_shared<ops::PackedLayout>(
        graph_.type(node.inputs[1]).dtype, std::vector{width(node.inputs[0])}, std::vector{width(node.outputs[0])},
        std::vector{block}, std::vector{columns_beside(node)});
    Graph& to = rewrite.to();
    to.set_scope(node.scope);
    const Value packed = to.apply(std::make_shared<ops::Pack>(layout), std::array{rewrite.at(node.inputs[1])})[0];
    rewrite.become(node.outputs[0], to.apply(std::make_shared<ops::PackedMatmul>(layout),
                                             std::array{rewrite.at(node.inputs[0]), packed})[0]);
  }

  // The sums along connections that stand in their order: weights are brought into it once, in front of loops.
  void write_in_order(const Node& node, const ops::SparseMatmul& circuit, Rewrite& rewrite) {
    const std::vector<std::uint32_t>& order = circuit.connections()->by(circuit.to()).order;
    const auto ordered = std::make_shared<ops::Connections>(circuit.connections()->reordered(order));
    rewrite.to().set_scope(node.scope);
    const Value w = gather(rewrite.at(node.inputs[1]), ops::picking(order.size(), order), ops::End::source);
    rewrite.become(node.outputs[0],
                   rewrite.to().apply(std::make_shared<ops::SparseMatmul>(ordered, circuit.to(), circuit.axis()),
                                      std::array{rewrite.at(node.inputs[0]), w})[0]);
    ++counts_.ordered;
  }

  // The whole product, of which the existing places are taken.
  void write_sampled(const Node& node, const ops::Connections& connections, Rewrite& rewrite) {
    const std::size_t all = connections.inputs() * connections.outputs(), count = connections.count();
    std::vector<std::uint32_t> places(count);
    for (std::size_t s = 0; s < count; ++s)
      places[s] = static_cast<std::uint32_t>(connections.source()[s] * connections.outputs() + connections.target()[s]);
    rewrite.to().set_scope(node.scope);
    const Value whole = matmul(rewrite.at(node.inputs[0]), rewrite.at(node.inputs[1]), {.transpose_a = true});
    const Value taken = gather(reshape(whole, {1, static_cast<std::int64_t>(all)}),
                               ops::picking(all, std::move(places)), ops::End::source);
    rewrite.become(node.outputs[0], reshape(taken, {static_cast<std::int64_t>(count)}));
    ++counts_.sampled;
  }

  const Graph& graph_;
  const bool inside_;
  Counts& counts_;
  const std::vector<Origin> origin_;  // by value of a body
  const std::map<Operand, std::size_t> columns_;
};

}  // namespace

Graph pack(const Graph& graph, PassReport& report) {
  Counts counts;
  Graph result = Packing(graph, nullptr, counts).run();
  report.note(counts.packed, "matrices of products packed");
  report.note(counts.chained, fmt::format("of them may be summed in several chains: at most {} columns of an operand",
                                          most_chained_columns));
  report.note(counts.circuits,
              fmt::format("circuits packed: more than one in {} of their connections exists", packed_share));
  report.note(counts.sampled, "products at the connections of such a circuit computed whole");
  report.note(counts.sparse, "circuits refused: too few of their connections exist");
  report.note(counts.ordered, "circuits in the order of their sums");
  report.note(counts.changing,
              "products refused: their matrix changes at every step, or they have a constant number of rows");
  report.note(counts.large, fmt::format("products refused: no side of their matrix is at most {}", small_side));
  return result;
}

}  // namespace elegans::graph
