#include "elegans/graph/scan.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace elegans::graph {

Scan::Scan(Graph body, ScanCounts counts, Dim steps, bool reverse)
    : body_(std::make_shared<const Graph>(std::move(body))), counts_(counts), steps_(steps), reverse_(reverse) {
  ensure(body_->inputs().size() == counts.body_inputs(), "the body of a loop has other inputs than counted");
  ensure(body_->outputs().size() == counts.carried + counts.stacked + counts.summed,
         "the body of a loop has other outputs than counted");
  ensure(counts.begun <= (counts.running ? counts.summed : 0), "a loop begins more sums than run");
}

std::shared_ptr<Scan> Scan::with_segment_length(std::int64_t steps) const {
  auto scan = std::make_shared<Scan>(*this);
  scan->segment_length_ = steps;
  return scan;
}

std::string Scan::options() const {
  return fmt::format("{} steps{}, {} nodes; carried {}, scanned {}, captured {}, stacked {}, summed {}{}",
                     elegans::to_string(steps_), reverse_ ? " backwards" : "", body_->nodes().size(), counts_.carried,
                     counts_.scanned, counts_.captured, counts_.stacked, counts_.summed,
                     counts_.begun > 0 ? fmt::format(" as it goes, {} from inputs", counts_.begun)
                     : counts_.running ? " as it goes"
                                       : "");
}

std::vector<Type> Scan::infer(std::span<const Type> inputs) const {
  ops::require_inputs(*this, inputs, counts_.node_inputs());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Type wanted = body_->type(body_->inputs()[i].value);
    const bool scanned = i >= counts_.carried && i < counts_.carried + counts_.scanned;
    if (scanned) wanted.shape = wanted.shape.inserted(0, steps_);
    if (inputs[i] != wanted)
      throw ShapeError({.operation = "scan",
                        .argument = fmt::format("{} value {}",
                                                scanned                                     ? "scanned"
                                                : i < counts_.carried                       ? "carried"
                                                : i < counts_.node_inputs() - counts_.begun ? "captured"
                                                                                            : "begun",
                                                i),
                        .actual = ops::to_string(inputs[i]),
                        .required = ops::to_string(wanted),
                        .remedy = ""});
  }
  std::vector<Type> outputs;
  for (std::size_t i = 0; i < counts_.carried; ++i) {
    const Type& type = body_->type(carried_output(i));
    if (type != inputs[i])
      throw ShapeError({.operation = "scan",
                        .argument = fmt::format("carried value {} after a step", i),
                        .actual = ops::to_string(type),
                        .required = fmt::format("{}, as before the step", ops::to_string(inputs[i])),
                        .remedy = "A carried value keeps its dtype and shape."});
    outputs.push_back(type);
  }
  for (std::size_t i = 0; i < counts_.stacked; ++i) {
    Type type = body_->type(stacked_output(i));
    type.shape = type.shape.inserted(0, steps_);
    outputs.push_back(type);
  }
  for (std::size_t i = 0; i < counts_.summed; ++i) {
    const Type& type = body_->type(summed_output(i));
    if (!is_floating(type.dtype))
      throw DtypeError({.operation = "scan",
                        .argument = fmt::format("summed value {}", i),
                        .actual = ops::to_string(type),
                        .required = "f32 or f64",
                        .remedy = ""});
    outputs.push_back(type);
  }
  return outputs;
}

bool Scan::may_overwrite(std::size_t output, std::size_t input, std::span<const Type>) const {
  const std::size_t first_sum = counts_.carried + counts_.stacked, first_begun = counts_.node_inputs() - counts_.begun;
  return input >= first_begun && output >= first_sum && output - first_sum == input - first_begun;
}

ops::Cost Scan::cost(std::span<const Type>, std::span<const Type>, const Extents& at) const {
  ops::Cost cost;
  for (const Node& node : body_->nodes()) {
    const ops::Cost one = node.operation->cost(body_->types_of(node.inputs), body_->types_of(node.outputs), at);
    cost.flop += one.flop;
    cost.bytes += one.bytes;
  }
  const auto steps = static_cast<double>(steps_.value(at));
  return {cost.flop * steps, cost.bytes * steps};
}

namespace {

void find_segment_length(const Graph& graph, std::int64_t& length) {
  for (const Node& node : graph.nodes()) {
    const Scan* scan = as_scan(node);
    if (scan == nullptr) continue;
    find_segment_length(scan->body(), length);
    const std::int64_t own = scan->steps() == Dim::segments() ? scan->segment_length() : 0;
    if (own == 0) continue;
    if (length != 0 && own != length)
      throw ConfigError({.operation = node.scope.empty() ? "scan" : node.scope,
                         .argument = "checkpoint_every",
                         .actual = fmt::format("{}", own),
                         .required = fmt::format("{}, as in the loops before it", length),
                         .remedy = "Give all loops over time of a graph the same one."});
    length = own;
  }
}

}  // namespace

std::int64_t segment_length_of(const Graph& graph) {
  std::int64_t length = 0;
  find_segment_length(graph, length);
  return std::max<std::int64_t>(length, 1);
}

const Scan* as_scan(const Node& node) { return dynamic_cast<const Scan*>(node.operation.get()); }

}  // namespace elegans::graph
