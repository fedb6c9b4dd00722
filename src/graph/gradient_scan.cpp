#include "gradient_scan.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/graph/functions.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

// A value is dear, and kept, where it took this many operations an element. In the outermost loop that holds for
// transcendental functions (ops::transcendental_flop); inside another loop, where keeping multiplies by the steps of
// both, for products and loops only. What is made of twice as many numbers, as sums are, is kept in any loop: whoever
// makes it again makes all its terms.
constexpr double dear_flop_outermost = ops::transcendental_flop / 2;
constexpr double dear_flop_nested = 2 * ops::transcendental_flop;

bool is_dear(const Graph& graph, const Node& node, int nesting) {
  const Extents some{.batch = 8, .time = 8, .segments = 8};
  const std::vector<Type> outputs = graph.types_of(node.outputs);
  double elements = 0;
  for (const Type& type : outputs) elements += static_cast<double>(type.shape.elements(some));
  const std::vector<Type> inputs = graph.types_of(node.inputs);
  const double flop = node.operation->cost(inputs, outputs, some).flop;
  const auto is_of_twice_as_many = [&](const Type& type) {
    const auto summands = static_cast<double>(type.shape.elements(some));
    return summands >= 2 * elements && flop >= summands;
  };
  return flop >= (nesting == 0 ? dear_flop_outermost : dear_flop_nested) * elements ||
         std::any_of(inputs.begin(), inputs.end(), is_of_twice_as_many);
}

// The gradient of one loop, in the making.
class LoopGradient {
 public:
  LoopGradient(Graph& graph, std::size_t index, const std::vector<std::optional<Value>>& cotangents,
               std::vector<char> active, int nesting)
      : graph_(graph),
        index_(index),
        node_(graph.nodes()[index]),
        scan_(*as_scan(node_)),
        counts_(scan_.counts()),
        cotangents_(cotangents),
        active_(std::move(active)),
        nesting_(nesting),
        joint_(scan_.body()),
        forward_nodes_(joint_.nodes().size()) {}

  std::vector<std::optional<Value>> write() {
    spread_activity();
    differentiate_body();
    choose_kept();
    extend_forward();
    return add_backward();
  }

 private:
  // Carried values that come to depend on an active input are active themselves.
  void spread_activity() {
    for (bool changed = true; changed;) {
      changed = false;
      std::vector<char> seeds(joint_.value_count(), 0);
      for (std::size_t i = 0; i < active_.size(); ++i)
        if (active_[i]) seeds[joint_.inputs()[i].value] = 1;
      depends_ = depending(joint_, std::move(seeds));
      for (std::size_t i = 0; i < counts_.carried; ++i)
        if (depends_[scan_.carried_output(i)] && !active_[i]) active_[i] = 1, changed = true;
    }
  }

  // Writes the gradient of one step behind the body: inputs for the cotangents, then the operations.
  void differentiate_body() {
    const Scope scope(joint_, "gradient");
    std::vector<Value> outputs, cotangents, wrt;
    const auto seed = [&](ValueId output, const char* what, std::size_t i) {
      const Value cotangent = joint_.input(fmt::format("cotangent of {} {}", what, i), joint_.type(output));
      outputs.push_back(joint_.value(output));
      cotangents.push_back(cotangent);
      return cotangent.id;
    };
    for (std::size_t i = 0; i < counts_.carried; ++i)
      if (active_[i]) carried_cotangents_.push_back({i, seed(scan_.carried_output(i), "carried", i)});
    for (std::size_t i = 0; i < counts_.stacked; ++i)
      if (cotangents_[counts_.carried + i] && depends_[scan_.stacked_output(i)])
        stacked_cotangents_.push_back({i, seed(scan_.stacked_output(i), "stacked", i)});
    for (std::size_t i = 0; i < counts_.summed; ++i)
      if (cotangents_[counts_.carried + counts_.stacked + i] && depends_[scan_.summed_output(i)])
        summed_cotangents_.push_back({i, seed(scan_.summed_output(i), "summed", i)});

    for (std::size_t i = 0; i < active_.size(); ++i)
      if (active_[i]) wrt.push_back(joint_.value(joint_.inputs()[i].value));
    const auto found = gradients_inside(outputs, cotangents, wrt, nesting_ + 1);
    input_gradients_.resize(active_.size());
    for (std::size_t i = 0, k = 0; i < active_.size(); ++i) {
      if (!active_[i]) continue;
      input_gradients_[i] = found[k++];
      // A carried gradient must exist at every step.
      if (i < counts_.carried && !input_gradients_[i])
        input_gradients_[i] = zeros_like(joint_.value(joint_.inputs()[i].value));
    }
  }

  // Splits the forward values that the gradient reads into kept ones and nodes to compute again. What one node alone
  // would compute on from a kept value is kept in its place, if it is of the same type.
  void choose_kept() {
    std::vector<char> forced(joint_.value_count(), 0);
    do split(forced);
    while (moves_on(forced));
  }

  void split(const std::vector<char>& forced) {
    const std::vector<std::int32_t> producers = joint_.producers();
    std::vector<char> seen(joint_.value_count(), 0);
    std::vector<ValueId> wanted;
    for (std::size_t n = forward_nodes_; n < joint_.nodes().size(); ++n)
      for (const ValueId input : joint_.nodes()[n].inputs) wanted.push_back(input);
    for (const auto& gradient : input_gradients_)
      if (gradient) wanted.push_back(gradient->id);

    kept_.clear();
    again_.assign(forward_nodes_, 0);
    read_.assign(joint_.value_count(), 0);
    while (!wanted.empty()) {
      const ValueId value = wanted.back();
      wanted.pop_back();
      if (seen[value]) continue;
      seen[value] = 1;
      const std::int32_t producer = producers[value];
      if (producer >= static_cast<std::int32_t>(forward_nodes_)) continue;
      if (producer < 0) {
        read_[value] = 1;
        for (std::size_t i = 0; i < counts_.carried; ++i)
          if (joint_.inputs()[i].value == value) kept_.push_back(value);
        continue;
      }
      const Node& node = joint_.nodes()[static_cast<std::size_t>(producer)];
      if (scan_.segment_length() == 0 && (forced[value] || is_dear(joint_, node, nesting_))) {
        kept_.push_back(value);
        continue;
      }
      again_[static_cast<std::size_t>(producer)] = 1;
      wanted.insert(wanted.end(), node.inputs.begin(), node.inputs.end());
    }
    std::sort(kept_.begin(), kept_.end());
  }

  // Marks what is to be kept in the place of a kept value, if anything is.
  bool moves_on(std::vector<char>& forced) const {
    std::vector<std::size_t> reads(joint_.value_count(), 0);
    std::vector<const Node*> reader(joint_.value_count(), nullptr);
    for (std::size_t n = 0; n < joint_.nodes().size(); ++n) {
      const Node& node = joint_.nodes()[n];
      if (n < forward_nodes_ && !again_[n]) continue;
      for (const ValueId input : node.inputs) {
        ++reads[input];
        reader[input] = n < forward_nodes_ ? &node : nullptr;
      }
    }
    for (const auto& gradient : input_gradients_)
      if (gradient) ++reads[gradient->id];
    bool moved = false;
    for (const ValueId value : kept_) {
      const Node* next = reads[value] == 1 ? reader[value] : nullptr;
      if (next == nullptr || next->outputs.size() != 1 || read_[value]) continue;
      if (!(joint_.type(next->outputs[0]) == joint_.type(value))) continue;
      forced[next->outputs[0]] = 1;
      moved = true;
    }
    return moved;
  }

  // Puts the loop that also stacks the kept values in the place of the loop.
  void extend_forward() {
    std::vector<Node> nodes(joint_.nodes().begin(),
                            joint_.nodes().begin() + static_cast<std::ptrdiff_t>(forward_nodes_));
    const Graph& body = scan_.body();
    std::vector<Port> outputs = body.outputs();
    const auto place = static_cast<std::ptrdiff_t>(counts_.carried + counts_.stacked);
    std::vector<Port> kept_ports;
    for (std::size_t i = 0; i < kept_.size(); ++i)
      kept_ports.push_back({fmt::format("stacked {}", counts_.stacked + i), kept_[i]});
    outputs.insert(outputs.begin() + place, kept_ports.begin(), kept_ports.end());
    Graph forward = Graph::from_parts(joint_, std::move(nodes), body.inputs(), std::move(outputs));

    ScanCounts counts = counts_;
    counts.stacked += kept_.size();
    Node node = node_;
    node.operation = with_body(scan_, std::move(forward), counts);
    for (const ValueId value : kept_) {
      Type type = joint_.type(value);
      type.shape = type.shape.inserted(0, scan_.steps());
      kept_stacks_.push_back(graph_.add_value(type));
    }
    node.outputs.insert(node.outputs.begin() + place, kept_stacks_.begin(), kept_stacks_.end());
    graph_.replace_node(index_, std::move(node));
  }

  // Adds the loop that runs the other way, and hands out its results.
  std::vector<std::optional<Value>> add_backward() {
    std::vector<Node> nodes;
    for (std::size_t n = 0; n < joint_.nodes().size(); ++n)
      if (n >= forward_nodes_ || again_[n]) nodes.push_back(joint_.nodes()[n]);

    std::vector<Port> inputs, outputs;
    std::vector<Value> arguments;
    ScanCounts counts;
    const auto add_input = [&](ValueId value, Value argument) {
      inputs.push_back({fmt::format("input {}", inputs.size()), value});
      arguments.push_back(argument);
    };
    // Carried: the gradients of the carried values, from those of the last ones.
    for (const auto& [i, id] : carried_cotangents_) {
      const Value final = graph_.value(graph_.nodes()[index_].outputs[i]);
      add_input(id, cotangents_[i] ? *cotangents_[i] : zeros_like(final));
    }
    counts.carried = inputs.size();
    // Scanned: what was kept, the loop's own scanned inputs, the gradients of stacked outputs.
    for (std::size_t i = 0; i < kept_.size(); ++i) add_input(kept_[i], graph_.value(kept_stacks_[i]));
    for (std::size_t i = 0; i < counts_.scanned; ++i)
      if (read_[scan_.scanned_input(i)])
        add_input(scan_.scanned_input(i), graph_.value(node_.inputs[counts_.carried + i]));
    for (const auto& [i, id] : stacked_cotangents_) add_input(id, *cotangents_[counts_.carried + i]);
    counts.scanned = inputs.size() - counts.carried;
    // Captured: the loop's own captures, the gradients of summed outputs.
    for (std::size_t i = 0; i < counts_.captured; ++i)
      if (read_[scan_.captured_input(i)])
        add_input(scan_.captured_input(i), graph_.value(node_.inputs[counts_.carried + counts_.scanned + i]));
    for (const auto& [i, id] : summed_cotangents_) add_input(id, *cotangents_[counts_.carried + counts_.stacked + i]);
    counts.captured = inputs.size() - counts.carried - counts.scanned;

    std::vector<std::size_t> result_of;  // the input of the loop whose gradient each output is
    const auto add_outputs = [&](std::size_t first, std::size_t last) {
      const std::size_t before = outputs.size();
      for (std::size_t i = first; i < last; ++i) {
        if (!active_[i] || !input_gradients_[i]) continue;
        outputs.push_back({fmt::format("output {}", outputs.size()), input_gradients_[i]->id});
        result_of.push_back(i);
      }
      return outputs.size() - before;
    };
    add_outputs(0, counts_.carried);
    counts.stacked = add_outputs(counts_.carried, counts_.carried + counts_.scanned);
    counts.summed = add_outputs(counts_.carried + counts_.scanned, active_.size());

    const Scope scope(graph_, "gradient");
    Graph backward = Graph::from_parts(joint_, std::move(nodes), std::move(inputs), std::move(outputs));
    const auto scan = std::make_shared<Scan>(std::move(backward), counts, scan_.steps(), !scan_.reverse());
    const std::vector<Value> results = graph_.apply(scan, arguments);
    std::vector<std::optional<Value>> gradients(active_.size());
    for (std::size_t k = 0; k < results.size(); ++k) gradients[result_of[k]] = results[k];
    return gradients;
  }

  struct Cotangent {
    std::size_t index;  // which carried, stacked or summed output
    ValueId value;      // its cotangent, an input of the joint graph
  };

  Graph& graph_;
  const std::size_t index_;
  const Node node_;
  const Scan& scan_;
  const ScanCounts counts_;
  const std::vector<std::optional<Value>>& cotangents_;
  std::vector<char> active_;  // by input of the node
  const int nesting_;
  Graph joint_;  // the body, then its gradient
  const std::size_t forward_nodes_;
  std::vector<char> depends_;
  std::vector<Cotangent> carried_cotangents_, stacked_cotangents_, summed_cotangents_;
  std::vector<std::optional<Value>> input_gradients_;  // by input of the body
  std::vector<ValueId> kept_;                          // values of the body
  std::vector<ValueId> kept_stacks_;                   // their stacks, values of the graph
  std::vector<char> again_;                            // by forward node
  std::vector<char> read_;                             // by value: inputs of the body that the gradient reads
};

}  // namespace

std::vector<std::optional<Value>> gradient_of_scan(Graph& graph, std::size_t index,
                                                   const std::vector<std::optional<Value>>& cotangents,
                                                   const std::vector<char>& active, int nesting) {
  return LoopGradient(graph, index, cotangents, active, nesting).write();
}

}  // namespace elegans::graph
