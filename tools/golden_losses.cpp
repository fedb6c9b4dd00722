#include "golden_losses.hpp"

#include <algorithm>
#include <array>

#include "elegans/base/error.hpp"
#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/losses.hpp"

namespace elegans::golden {
namespace {

using graph::Value;
using nlohmann::json;

const json& object_at(const json& golden, const char* key) {
  if (!golden.is_object() || !golden.contains(key) || !golden[key].is_object())
    throw FormatError(std::string("'") + key + "' is missing or no object.");
  return golden[key];
}

nn::Loss loss_of(const json& golden) {
  const std::string name = golden.at("loss").get<std::string>();
  const std::vector<std::string> known = nn::known_losses();
  if (std::find(known.begin(), known.end(), name) == known.end()) throw Missing("loss '" + name + "'");
  json options = json::object();
  for (const auto& [key, value] : object_at(golden, "config").items())
    if (!value.is_null()) options[key] = value;
  if (const json& inputs = object_at(golden, "inputs"); inputs.contains("class_weight"))
    options["class_weight"] = tensor_at(inputs, "class_weight", Dtype::f64).values();
  return nn::loss_named(name, options);
}

// A graph's inputs and their numbers, in the same order.
struct Inputs {
  graph::Graph& graph;
  std::vector<Tensor> tensors = {};

  Value add(const char* name, Tensor tensor) {
    const Value value = graph.input(name, {tensor.dtype(), tensor.shape()});
    tensors.push_back(std::move(tensor));
    return value;
  }
};

}  // namespace

CaseResult run_loss_case(const json& golden, Dtype dtype, kernels::Target target) {
  const nn::Loss loss = loss_of(golden);
  const json& arrays = object_at(golden, "inputs");
  graph::Graph graph;
  Inputs inputs{graph};
  const Value prediction = inputs.add("predictions", tensor_at(arrays, "predictions", dtype));
  const Value targets = inputs.add("targets", tensor_at(arrays, "targets", dtype));
  nn::LossWeights weights;
  for (const auto& [name, weight] : {std::pair{"sample_weight", &weights.sample_weight}, {"mask", &weights.mask}})
    if (arrays.contains(name)) *weight = inputs.add(name, tensor_at(arrays, name, dtype).to(dtype));

  const Value value = loss(prediction, targets, weights);
  const Value cotangent = inputs.add("cotangent", tensor_at(golden, "cotangent", dtype));
  graph.output("value", value);
  const auto found = graph::gradients(std::array{value}, std::array{cotangent}, std::array{prediction});
  graph.output("predictions", found[0].value_or(zeros_like(prediction)));
  graph::CompileOptions options;
  options.target = target;
  graph::Executable executable = graph::compile(std::move(graph), options);
  const std::vector<Tensor> results = executable(std::vector<View>(inputs.tensors.begin(), inputs.tensors.end()));

  CaseResult result;
  const auto expected = [](const json& object, const char* key) { return tensor_at(object, key, Dtype::f64).values(); };
  result.comparisons.push_back(
      {"value", false, largest_error(results[0].values(), expected(golden, "value"), "value")});
  const json& gradients = object_at(golden, "gradients");
  if (!gradients.contains("predictions")) {
    result.not_compared.emplace_back("predictions");
    return result;
  }
  result.comparisons.push_back(
      {"predictions", true, largest_error(results[1].values(), expected(gradients, "predictions"), "predictions")});
  return result;
}

}  // namespace elegans::golden
