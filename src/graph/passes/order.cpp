#include "elegans/graph/passes/order.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/reshape.hpp"
#include "elegans/ops/scatter_sum.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using ops::Connections;
using ops::ConnectionsPtr;
using ops::FeatureAxis;

// A circuit in levels, and the way there and back: gathers that put arrays with a row a connection into its order.
class Levelled {
 public:
  explicit Levelled(const Connections& circuit)
      : order_(circuit.level_order()),
        circuit_(std::make_shared<Connections>(circuit.reordered(order_))),
        to_(ops::picking(order_.size(), order_)) {}

  const ConnectionsPtr& circuit() const { return circuit_; }
  const ConnectionsPtr& to() const { return to_; }
  // Few graphs go back, and of millions of connections it takes long to make: made when first asked for.
  const ConnectionsPtr& back() {
    if (back_) return back_;
    std::vector<std::uint32_t> back(order_.size());
    for (std::size_t p = 0; p < order_.size(); ++p) back[order_[p]] = static_cast<std::uint32_t>(p);
    return back_ = ops::picking(order_.size(), std::move(back));
  }

 private:
  std::vector<std::uint32_t> order_;
  ConnectionsPtr circuit_, to_, back_;
};

// The circuits of a graph, each levelled once; equal ones are one.
class LevelledCircuits {
 public:
  Levelled* find(const ConnectionsPtr& circuit) {
    for (auto& [known, levels] : known_)
      if (known == circuit || *known == *circuit) return &levels;
    return &known_.emplace_back(circuit, *circuit).second;
  }
  std::size_t size() const { return known_.size(); }

 private:
  std::deque<std::pair<ConnectionsPtr, Levelled>> known_;
};

class Ordering {
 public:
  // `come_in` says of the inputs, as far as it goes, in the order of which circuit they are, null of none.
  Ordering(const Graph& from, LevelledCircuits& circuits, const std::vector<Levelled*>& come_in = {})
      : from_(from), circuits_(circuits), places_(from.value_count()) {
    for (std::size_t i = 0; i < from.inputs().size(); ++i) {
      const Port& port = from.inputs()[i];
      Place& place = places_[port.value];
      place.order = i < come_in.size() ? come_in[i] : nullptr;
      (place.order ? place.ordered : place.straight) = to_.input(port.name, from.type(port.value));
    }
  }

  // `may_leave` says of each output whether it may leave in the order of a circuit; `left_in` tells which did.
  Graph run(const std::vector<char>& may_leave, std::vector<Levelled*>& left_in) {
    for (const Node& node : from_.nodes()) {
      to_.set_scope(node.scope);
      if (const Scan* scan = as_scan(node))
        write_loop(node, *scan);
      else if (!write_ordered(node))
        write_straight(node);
    }
    left_in.assign(from_.outputs().size(), nullptr);
    for (std::size_t o = 0; o < from_.outputs().size(); ++o) {
      const auto& [name, value] = from_.outputs()[o];
      const Place& place = places_[value];
      if (may_leave[o] && !place.straight) left_in[o] = place.order;
      to_.output(name, left_in[o] ? *place.ordered : straight_of(value));
    }
    to_.set_scope("");
    return std::move(to_);
  }

 private:
  // The new value as it was, and in the order of a circuit; one at least, the other as soon as it is asked for.
  struct Place {
    std::optional<Value> straight, ordered;
    Levelled* order = nullptr;
  };

  // Rows of [count], [count, n] or [count, batch] in another order.
  Value picked(Value x, const ConnectionsPtr& by) {
    const FeatureAxis axis = x.shape().rank() == 1 ? FeatureAxis::last : FeatureAxis::before_last;
    return to_.apply(std::make_shared<ops::Gather>(by, ops::End::source, axis), std::array{x})[0];
  }

  Value straight_of(ValueId old) {
    Place& place = places_[old];
    if (!place.straight) place.straight = picked(*place.ordered, place.order->back());
    return *place.straight;
  }
  Value ordered_of(ValueId old, Levelled* order) {
    Place& place = places_[old];
    if (place.order == order && place.ordered) return *place.ordered;
    const Value ordered = picked(straight_of(old), order->to());
    if (!place.order) place.ordered = ordered, place.order = order;
    return ordered;
  }

  void write_straight(const Node& node) {
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(straight_of(input));
    const std::vector<Value> results = to_.apply(node.operation, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) places_[node.outputs[i]].straight = results[i];
  }

  // Arrays with a row a connection may stay in order behind the loop, and what was left by one in the loop that reads it
  // step by step, as the gradient's does.
  void write_loop(const Node& node, const Scan& scan) {
    const Graph& body = scan.body();
    const auto [carried, stacked] = std::pair(scan.counts().carried, scan.counts().stacked);
    std::vector<char> may_leave(body.outputs().size(), 0);
    for (std::size_t o = carried; o < may_leave.size(); ++o) {
      const std::size_t rank = body.type(body.outputs()[o].value).shape.rank();
      may_leave[o] = o < carried + stacked ? rank == 2 : rank <= 2;
    }
    std::vector<Levelled*> come_in(node.inputs.size(), nullptr);
    std::vector<Value> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Place& place = places_[node.inputs[i]];
      const bool is_scanned = i >= carried && i < carried + scan.counts().scanned;
      // Of arrays of rank 3 steps come first, then connections; of others a step would be a connection.
      const bool has_steps = from_.type(node.inputs[i]).shape.rank() == 3;
      if (is_scanned && has_steps && !place.straight) come_in[i] = place.order;
      inputs.push_back(come_in[i] ? *place.ordered : straight_of(node.inputs[i]));
    }
    std::vector<Levelled*> left_in;
    const OperationPtr changed = with_body(scan, Ordering(body, circuits_, come_in).run(may_leave, left_in));
    const std::vector<Value> results = to_.apply(changed, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) {
      Place& place = places_[node.outputs[i]];
      (left_in[i] ? place.ordered : place.straight) = results[i];
      place.order = left_in[i];
    }
  }

  bool become(const Node& node, const OperationPtr& operation, std::span<const Value> inputs, Levelled* order) {
    Place& place = places_[node.outputs[0]];
    (order ? place.ordered : place.straight) = to_.apply(operation, inputs)[0];
    place.order = order;
    return true;
  }

  bool write_ordered(const Node& node) {
    if (const auto* gather = as<ops::Gather>(node); gather && gather->axis() == FeatureAxis::before_last) {
      Levelled* order = circuits_.find(gather->connections());
      return become(node, std::make_shared<ops::Gather>(order->circuit(), gather->by(), gather->axis()),
                    std::array{straight_of(node.inputs[0])}, order);
    }
    if (const auto* sum = as<ops::ScatterSum>(node); sum && sum->axis() == FeatureAxis::before_last) {
      Levelled* order = circuits_.find(sum->connections());
      return become(node, std::make_shared<ops::ScatterSum>(order->circuit(), sum->by(), sum->axis()),
                    std::array{ordered_of(node.inputs[0], order)}, nullptr);
    }
    const auto input = std::find_if(node.inputs.begin(), node.inputs.end(),
                                    [&](ValueId value) { return places_[value].order != nullptr; });
    if (input == node.inputs.end()) return false;
    Levelled* order = places_[*input].order;
    if (const auto* elementwise = as<ops::Elementwise>(node); elementwise && elementwise->program().size() == 1)
      return write_elementwise(node, order);
    const bool keeps_rows = as<ops::Reshape>(node) ? keeps_its_rows(node) : sums_along_batch(node);
    return keeps_rows && become(node, node.operation, std::array{ordered_of(*input, order)}, order);
  }

  // Operands with a row a connection are read in order; others have one row for all.
  bool write_elementwise(const Node& node, Levelled* order) {
    const Shape& result = from_.type(node.outputs[0]).shape;
    const Dim count(static_cast<std::int64_t>(order->circuit()->count()));
    if (result.rank() == 0 || result.rank() > 2 || result[0] != count) return false;
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs) {
      const Shape& shape = from_.type(input).shape;
      const bool has_rows = shape.rank() == result.rank() && shape[0] == count;
      inputs.push_back(has_rows ? ordered_of(input, order) : straight_of(input));
    }
    return become(node, node.operation, inputs, order);
  }

  bool keeps_its_rows(const Node& node) const {
    const Shape &from = from_.type(node.inputs[0]).shape, &to = from_.type(node.outputs[0]).shape;
    return to.rank() >= 1 && to.rank() <= 2 && from.rank() >= 1 && from.rank() <= 2 && from[0] == to[0];
  }

  bool sums_along_batch(const Node& node) const {
    const auto* reduce = as<ops::Reduce>(node);
    return reduce && reduce->reduced().first == 1 && reduce->reduced().last == 2 &&
           from_.type(node.inputs[0]).shape.rank() == 2;
  }

  const Graph& from_;
  LevelledCircuits& circuits_;
  Graph to_;
  std::vector<Place> places_;
};

}  // namespace

Graph order(const Graph& graph, PassReport& report) {
  LevelledCircuits circuits;
  std::vector<Levelled*> left_in;
  std::size_t removed = 0;
  const std::vector<char> stays(graph.outputs().size(), 0);
  Graph result = remove_dead_code(Ordering(graph, circuits).run(stays, left_in), removed);
  report.note(circuits.size(), "circuits in the order of their levels");
  return result;
}

}  // namespace elegans::graph
