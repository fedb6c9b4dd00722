#include "elegans/graph/passes/layout.hpp"

#include <algorithm>
#include <optional>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/reshape.hpp"
#include "elegans/ops/sampled_product.hpp"
#include "elegans/ops/scatter_sum.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "elegans/ops/strided_copy.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

using ops::FeatureAxis;

struct Counts {
  std::size_t loops = 0, left = 0, back = 0;
};

bool works_along_connections(const Graph& body) {
  return std::any_of(body.nodes().begin(), body.nodes().end(), [](const Node& node) {
    if (const Scan* scan = as_scan(node)) return works_along_connections(scan->body());
    return as<ops::Gather>(node) || as<ops::ScatterSum>(node) || as<ops::SparseMatmul>(node) ||
           as<ops::SampledProduct>(node);
  });
}

bool has_batch(const Shape& shape) {
  return std::any_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.uses_batch(); });
}

// Whether a turned loop holds a value of this shape turned.
bool turns(const Shape& shape) {
  const std::size_t rank = shape.rank();
  return rank >= 2 && shape[rank - 2].uses_batch() && !shape[rank - 1].uses_batch();
}

Shape turned(Shape shape) {
  std::swap(shape[shape.rank() - 2], shape[shape.rank() - 1]);
  return shape;
}

Value transpose_last_two(Value x) {
  std::vector<std::size_t> axes(x.shape().rank());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = i;
  std::swap(axes[axes.size() - 2], axes[axes.size() - 1]);
  return transpose(x, std::move(axes));
}

// Copies one graph: the outermost one straight, bodies of turned loops turned.
class Turning {
 public:
  Turning(const Graph& from, bool is_turned, Counts& counts)
      : from_(from), is_turned_(is_turned), counts_(counts), places_(from.value_count()) {
    for (const Port& port : from.inputs()) {
      Type type = from.type(port.value);
      const bool turn = is_turned && turns(type.shape);
      if (turn) type.shape = turned(type.shape);
      (turn ? places_[port.value].turned : places_[port.value].straight) = to_.input(port.name, type);
    }
  }

  Graph run() {
    for (const Node& node : from_.nodes()) {
      to_.set_scope(node.scope);
      if (const Scan* scan = as_scan(node))
        write_loop(node, *scan);
      else if (!is_turned_ || !write_turned(node))
        write_straight(node);
    }
    for (const Port& port : from_.outputs())
      to_.output(port.name,
                 is_turned_ && turns(from_.type(port.value).shape) ? turned_of(port.value) : straight_of(port.value));
    to_.set_scope("");
    return std::move(to_);
  }

 private:
  // The new value, as it was or with its last two axes exchanged, each as soon as it is asked for.
  struct Place {
    std::optional<Value> straight, turned;
  };

  Value straight_of(ValueId old) {
    Place& place = places_[old];
    if (!place.straight) {
      place.straight = transpose_last_two(*place.turned);
      counts_.back += is_turned_ ? 1 : 0;
    }
    return *place.straight;
  }
  Value turned_of(ValueId old) {
    Place& place = places_[old];
    if (!place.turned) place.turned = transpose_last_two(*place.straight);
    return *place.turned;
  }
  const Shape& shape_of(ValueId old) const { return from_.type(old).shape; }

  void write_straight(const Node& node) {
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(straight_of(input));
    const std::vector<Value> results = to_.apply(node.operation, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) places_[node.outputs[i]].straight = results[i];
  }

  void write_loop(const Node& node, const Scan& scan) {
    const bool turn = is_turned_ || works_along_connections(scan.body());
    (turn ? counts_.loops : counts_.left) += 1;
    const Graph& body = scan.body();
    const OperationPtr changed = with_body(scan, Turning(body, turn, counts_).run());
    const auto turns_at = [&](ValueId inside) { return turn && turns(body.type(inside).shape); };
    std::vector<Value> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      inputs.push_back(turns_at(body.inputs()[i].value) ? turned_of(node.inputs[i]) : straight_of(node.inputs[i]));
    const std::vector<Value> results = to_.apply(changed, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) {
      Place& place = places_[node.outputs[i]];
      (turns_at(body.outputs()[i].value) ? place.turned : place.straight) = results[i];
    }
  }

  // Writes the batch-last form of a node, if there is one.
  bool write_turned(const Node& node) {
    // Stacks of inner loops pass through; other operations take [batch, n].
    const auto is_stack = [&](ValueId value) { return shape_of(value).rank() > 2; };
    const bool reads_turned =
        std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) { return turns(shape_of(input)); });
    if (is_stack(node.outputs[0]) || std::any_of(node.inputs.begin(), node.inputs.end(), is_stack) ||
        (!reads_turned && !turns(shape_of(node.outputs[0]))))
      return false;
    if (const auto* elementwise = as<ops::Elementwise>(node))
      return elementwise->program().size() == 1 && write_elementwise(node);
    if (const auto* gather = as<ops::Gather>(node))
      return apply(node, std::make_shared<ops::Gather>(gather->connections(), gather->by(), FeatureAxis::before_last));
    if (const auto* sum = as<ops::ScatterSum>(node))
      return apply(node, std::make_shared<ops::ScatterSum>(sum->connections(), sum->by(), FeatureAxis::before_last));
    if (const auto* product = as<ops::SparseMatmul>(node))
      return apply(
          node, std::make_shared<ops::SparseMatmul>(product->connections(), product->to(), FeatureAxis::before_last));
    if (const auto* product = as<ops::SampledProduct>(node))
      return apply(node, std::make_shared<ops::SampledProduct>(product->connections(), FeatureAxis::before_last));
    if (const auto* product = as<ops::Matmul>(node)) return write_matmul(node, product->transposed());
    if (const auto* reduce = as<ops::Reduce>(node)) return write_reduce(node, reduce->reduced());
    if (as<ops::BroadcastTo>(node)) return write_broadcast(node);
    if (as<ops::Reshape>(node)) return write_reshape(node);
    return write_moves(node);
  }

  // The operand of a batch-last operation whose result is turned: numbers per feature become a column.
  std::optional<Value> operand(ValueId old, const Shape& result) {
    const Shape& shape = shape_of(old);
    if (turns(shape)) return turned_of(old);
    if (has_batch(shape) || shape.rank() > 2) return std::nullopt;
    const Value value = straight_of(old);
    if (shape.rank() == 0 || shape.elements() == Dim(1)) return value;
    if (shape.back() != result[1] || shape.elements() != result[1]) return std::nullopt;
    return reshape(value, Shape{result[1], Dim(1)});
  }

  bool become(const Node& node, Value value) {
    Place& place = places_[node.outputs[0]];
    (turns(shape_of(node.outputs[0])) ? place.turned : place.straight) = value;
    return true;
  }

  // `operation` of turned values, and others as they are.
  bool apply(const Node& node, const OperationPtr& operation) {
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs)
      inputs.push_back(turns(shape_of(input)) ? turned_of(input) : straight_of(input));
    return become(node, to_.apply(operation, inputs)[0]);
  }

  bool write_elementwise(const Node& node) {
    const Shape& result = shape_of(node.outputs[0]);
    if (!turns(result)) return false;
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs) {
      const std::optional<Value> value = operand(input, result);
      if (!value) return false;
      inputs.push_back(*value);
    }
    return become(node, to_.apply(node.operation, inputs)[0]);
  }

  bool write_matmul(const Node& node, const ops::MatmulOptions& transposed) {
    const ValueId a = node.inputs[0], b = node.inputs[1];
    if (transposed.transpose_a) {
      if (!turns(shape_of(a)) || !turns(shape_of(b))) return false;
      return become(node, matmul(turned_of(a), turned_of(b), {.transpose_b = true}));
    }
    if (!turns(shape_of(a)) || has_batch(shape_of(b))) return false;
    return become(node, matmul(straight_of(b), turned_of(a), {.transpose_a = !transposed.transpose_b}));
  }

  bool write_reduce(const Node& node, ops::ReduceOptions options) {
    if (!turns(shape_of(node.inputs[0]))) return false;
    if (options.last - options.first == 1) {
      options.first = 1 - options.first;
      options.last = options.first + 1;
    }
    const Shape& result = shape_of(node.outputs[0]);
    const Value reduced = to_.apply(std::make_shared<ops::Reduce>(options), std::array{turned_of(node.inputs[0])})[0];
    return become(node, turns(result) || reduced.shape() == result ? reduced : reshape(reduced, result));
  }

  bool write_broadcast(const Node& node) {
    const Shape& result = shape_of(node.outputs[0]);
    const std::optional<Value> value = turns(result) ? operand(node.inputs[0], result) : std::nullopt;
    return value && become(node, broadcast_to(*value, turned(result)));
  }

  // [batch] and [batch, 1] are the same numbers either way.
  bool write_reshape(const Node& node) {
    const Shape &from = shape_of(node.inputs[0]), &to = shape_of(node.outputs[0]);
    const auto is_line = [](const Shape& shape) {
      return (shape.rank() == 1 && shape[0].uses_batch()) || (turns(shape) && shape[1] == Dim(1));
    };
    if (!is_line(from) || !is_line(to)) return false;
    const Value value = turns(from) ? turned_of(node.inputs[0]) : straight_of(node.inputs[0]);
    return become(node, reshape(value, turns(to) ? turned(to) : to));
  }

  // Moves along the features.
  bool write_moves(const Node& node) {
    if (!std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) { return turns(shape_of(input)); }))
      return false;
    if (as<ops::StopGradient>(node)) return apply(node, node.operation);
    if (const auto* slice = as<ops::Slice>(node); slice && slice->range().axis == 1) {
      const auto& [axis, start, stop] = slice->range();
      return apply(node, std::make_shared<ops::Slice>(ops::SliceOptions{.axis = 0, .start = start, .stop = stop}));
    }
    if (const auto* pad = as<ops::Pad>(node); pad && pad->padding().axis == 1) {
      ops::PadOptions padding = pad->padding();
      padding.axis = 0;
      return apply(node, std::make_shared<ops::Pad>(padding));
    }
    if (const auto* concat = as<ops::Concat>(node); concat && concat->axis() == 1)
      return apply(node, std::make_shared<ops::Concat>(0));
    return false;
  }

  const Graph& from_;
  const bool is_turned_;
  Counts& counts_;
  Graph to_;
  std::vector<Place> places_;
};

}  // namespace

Graph layout(const Graph& graph, PassReport& report) {
  Counts counts;
  std::size_t removed = 0;
  Graph result = remove_dead_code(Turning(graph, false, counts).run(), removed);
  report.note(counts.loops, "loops along connections hold the batch innermost");
  report.note(counts.left, "loops left as they are: they work along no connections");
  report.note(counts.back, "values inside them transposed back, for operations without a batch-last form");
  return result;
}

}  // namespace elegans::graph
