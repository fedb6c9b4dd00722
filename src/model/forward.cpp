#include "elegans/model/forward.hpp"

#include <algorithm>

namespace elegans::model {
namespace {

using graph::Graph;
using graph::Value;

const std::string& input_name(const Graph& graph, Value value) {
  const auto& inputs = graph.inputs();
  const auto port = std::find_if(inputs.begin(), inputs.end(), [&](const auto& p) { return p.value == value.id; });
  ensure(port != inputs.end(), "a weight is no input of its graph");
  return port->name;
}

// `outputs(context, y)` names what the graph gives.
template <class Outputs>
ForwardGraph write(Sequential& model, const ForwardOptions& options, const Outputs& outputs) {
  ForwardGraph written;
  Graph& graph = written.graph;
  nn::Context context(graph, {.expose_states = options.expose_states, .seed = model.seed()});
  context.timespan = options.timespan;
  const Value x = graph.input("x", {model.dtype(), model.input_shape()});
  if (options.timespans) context.timespans = graph.input("timespans", {model.dtype(), {Dim::batch(), Dim::time()}});
  if (options.lengths) context.lengths = graph.input("lengths", {Dtype::i32, {Dim::batch()}});
  if (options.mask) context.mask = graph.input("mask", {model.dtype(), {Dim::batch(), Dim::time()}});
  outputs(context, model(context, x));
  for (const auto& [weight, value] : context.weights()) {
    written.weights.emplace_back(weight, input_name(graph, value));
  }
  for (const nn::StateSlot& slot : context.states()) written.states.emplace_back(slot.path, slot.type);
  return written;
}

}  // namespace

ForwardGraph write_forward(Sequential& model, const ForwardOptions& options) {
  return write(model, options, [](nn::Context& context, Value y) { context.graph().output("y", y); });
}

std::vector<Tensor> first_states(Sequential& model, kernels::Target target) {
  ForwardGraph written = write(model, {}, [](nn::Context& context, Value) {
    for (const nn::StateSlot& slot : context.states()) context.graph().output("first/" + slot.path, slot.initial);
  });
  if (written.states.empty()) return {};

  graph::Executable executable = graph::compile(std::move(written.graph), {.target = target});
  for (const auto& [weight, name] : written.weights) {
    executable.bind_input(executable.input_index(name), weight->value.data());
  }
  const Tensor x(model.input_shape().at({}), model.dtype());
  executable.bind_input(executable.input_index("x"), x.data());
  std::vector<Tensor> states;
  for (const auto& [path, type] : written.states) states.emplace_back(type.shape.at({}), type.dtype);
  for (std::size_t i = 0; i < states.size(); ++i) {
    executable.bind_output(executable.output_index("first/" + written.states[i].first), states[i].data());
  }
  ensure(executable.run({}).ok(), "first states cannot be computed");
  return states;
}

}  // namespace elegans::model
