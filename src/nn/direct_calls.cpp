#include "nn/direct_calls.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace elegans::nn {

bool operator==(const CallTypes& types, std::span<const View> views) {
  return std::equal(
      types.types.begin(), types.types.end(), views.begin(), views.end(),
      [](const ops::Type& type, const View& view) { return type.dtype == view.dtype && type.shape == view.shape; });
}

void DirectCalls::Call::check_output(std::size_t index, const View& view) const {
  const ops::Type& type = executable_.output_type(index);
  if (!(view.shape == type.shape))
    throw ShapeError({path_, fmt::format("output {}", index), to_string(view.shape), to_string(type.shape),
                      "Outputs are never resized."});
  if (view.dtype != type.dtype)
    throw DtypeError({path_, fmt::format("output {}", index), std::string(to_string(view.dtype)),
                      std::string(to_string(type.dtype)), ""});
}

std::vector<Tensor> DirectCalls::Call::operator()(std::span<const View> inputs) {
  std::vector<Tensor> results;
  std::vector<View> views;
  for (std::size_t i = 0; i < executable_.outputs().size(); ++i) {
    results.emplace_back(executable_.output_type(i).shape, executable_.output_type(i).dtype);
    views.push_back(results.back());
  }
  (*this)(inputs, views);
  return results;
}

void DirectCalls::Call::operator()(std::span<const View> inputs, std::span<const View> outputs) {
  if (outputs.size() != executable_.outputs().size())
    throw ShapeError({path_, "the number of outputs", fmt::format("{}", outputs.size()),
                      fmt::format("{}", executable_.outputs().size()), ""});
  for (std::size_t i = 0; i < inputs.size(); ++i) executable_.bind_input(i, inputs[i].data);
  // A weight's tensor may have been replaced since the last call.
  for (const auto& [index, weight] : weights_) executable_.bind_input(index, weight->value.data());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check_output(i, outputs[i]);
    executable_.bind_output(i, outputs[i].data);
  }
  if (const Status status = executable_.run(Extents{}); !status)
    throw Error(fmt::format("{}: {} (in {}, item {}).", path_, describe(status.code),
                            executable_.node_name(status.node), status.item));
}

DirectCalls::Call& DirectCalls::build(const std::string& path, std::span<const View> inputs, const WriteGraph& write) {
  graph::Graph graph;
  Context context(graph);
  CallTypes types;
  std::vector<Value> values;
  for (const View& view : inputs) {
    types.types.push_back({view.dtype, view.shape});
    values.push_back(graph.input(fmt::format("input {}", values.size()), types.types.back()));
  }
  const std::vector<Value> outputs = write(context, values);
  for (std::size_t i = 0; i < outputs.size(); ++i) graph.output(fmt::format("output {}", i), outputs[i]);

  std::vector<std::string> names;
  for (const auto& [weight, value] : context.weights()) names.push_back("weight/" + weight->path);
  Call call(path, graph::compile(std::move(graph), {}));
  for (std::size_t i = 0; i < names.size(); ++i)
    call.weights_.emplace_back(call.executable_.input_index(names[i]), context.weights()[i].first);
  return calls_.insert(std::move(types), std::move(call));
}

}  // namespace elegans::nn
