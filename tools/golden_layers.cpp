#include "golden_layers.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "elegans/base/json.hpp"
#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/activation_layer.hpp"
#include "elegans/nn/bidirectional.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/simple_rnn.hpp"

namespace elegans::golden {
namespace {

using graph::Value;
using nlohmann::json;

// The layer of a case

nn::LayerPtr activation_of(const json& config) { return nn::ActivationLayer::from_config(config, "config"); }

nn::LayerPtr dense_of(const json& config) {
  const JsonObject object(config, "config", {"units", "use_bias", "activation"});
  return std::make_shared<nn::Dense>(nn::DenseOptions{.units = object.integer("units", {.at_least = 1}),
                                                      .activation = object.text("activation"),
                                                      .use_bias = object.boolean("use_bias")});
}

// A recurrent layer; `cell_keys` are the options of its cell.
template <class Layer>
nn::LayerPtr recurrent_of(const json& config, std::vector<std::string> cell_keys) {
  std::vector<std::string> keys = cell_keys;
  keys.insert(keys.end(), {"units", "return_sequences", "go_backwards", "bidirectional"});
  const JsonObject object(config, "config", std::move(keys));
  json own = config;
  own.erase("bidirectional");
  const auto layer = std::dynamic_pointer_cast<nn::RNN>(Layer::from_config(own, "config"));
  if (!object.boolean("bidirectional")) return layer;
  return std::make_shared<nn::Bidirectional>(layer);
}

using MakeLayer = nn::LayerPtr (*)(const json& config);
const std::map<std::string, MakeLayer> known_layers{
    {"Activation", activation_of},
    {"Dense", dense_of},
    {"LSTM",
     [](const json& config) {
       return recurrent_of<nn::LSTM>(config, {"activation", "recurrent_activation", "use_bias"});
     }},
    {"GRU",
     [](const json& config) {
       return recurrent_of<nn::GRU>(config, {"activation", "recurrent_activation", "use_bias", "reset_after"});
     }},
    {"SimpleRNN", [](const json& config) {
       return recurrent_of<nn::SimpleRNN>(config, {"activation", "use_bias"});
     }}};

nn::LayerPtr layer_of(const json& golden) {
  const std::string type = golden.at("layer").get<std::string>();
  const auto found = known_layers.find(type);
  if (found == known_layers.end()) throw Missing(fmt::format("layer '{}'", type));
  return found->second(golden.at("config"));
}

// Names of the file for what has a path in the layer: "lstm/cell/kernel" is "kernel", "bidirectional/forward/h" is
// "forward_h".
std::string name_of(const std::string& path, const nn::Layer& layer) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (const auto* both = dynamic_cast<const nn::Bidirectional*>(&layer))
    return (path.starts_with(both->forward()->path() + "/") ? "forward_" : "backward_") + name;
  return name;
}

// The recurrent layers of a case: none, one, or those of both directions.
std::vector<std::shared_ptr<nn::RNN>> recurrent_parts(const nn::LayerPtr& layer) {
  if (auto recurrent = std::dynamic_pointer_cast<nn::RNN>(layer)) return {recurrent};
  if (const auto both = std::dynamic_pointer_cast<nn::Bidirectional>(layer)) return {both->forward(), both->backward()};
  return {};
}

// Running

struct CaseGraph {
  graph::Graph graph;
  std::map<std::string, Tensor> inputs;
  std::vector<std::pair<std::string, Value>> wrt;      // by name of the file
  std::vector<std::pair<std::string, Value>> outputs;  // likewise
};

// The shape with batch, and the time of a recurrent layer, left open as a model has them.
Shape opened(Shape shape, bool sequence) {
  shape[0] = Dim::batch();
  if (sequence) shape[1] = Dim::time();
  return shape;
}

Value add_input(CaseGraph& run, const std::string& name, const Shape& shape, Tensor value) {
  const Value input = run.graph.input(name, {value.dtype(), shape});
  if (is_floating(value.dtype())) run.wrt.emplace_back(name, input);
  run.inputs[name] = std::move(value);
  return input;
}

// First states, under the names of the states with a 0 behind them; returns the names.
std::vector<std::string> provide_states(CaseGraph& run, nn::Context& context, const nn::LayerPtr& layer,
                                        const json& inputs, Dtype dtype) {
  std::vector<std::string> names;
  for (const auto& part : recurrent_parts(layer))
    for (const nn::StateOptions& state : part->cell()->states()) {
      const std::string path = part->path() + "/" + state.name, name = name_of(path, *layer) + "0";
      names.push_back(name);
      if (!inputs.contains(name)) continue;
      Tensor value = tensor_at(inputs, name.c_str(), dtype);
      context.provide_state(path, add_input(run, name, opened(value.shape(), false), std::move(value)));
    }
  return names;
}

void write_case(CaseGraph& run, const nn::LayerPtr& layer, const json& golden, Tensor x, Dtype dtype) {
  const bool training = golden.at("training").get<bool>();
  nn::Context context(run.graph, {.mode = training ? nn::Mode::training : nn::Mode::inference});
  const json& inputs = golden.at("inputs");
  const bool recurrent = !recurrent_parts(layer).empty();
  const Value in = add_input(run, "x", opened(x.shape(), recurrent), std::move(x));
  std::vector<std::string> known{"x"};
  if (recurrent) {
    const std::vector<std::string> states = provide_states(run, context, layer, inputs, dtype);
    known.insert(known.end(), states.begin(), states.end());
    known.emplace_back("lengths");
    if (inputs.contains("lengths"))
      context.lengths = add_input(run, "lengths", Shape{Dim::batch()}, tensor_at(inputs, "lengths", dtype));
  }
  const JsonObject checked(inputs, "inputs", known);

  run.outputs.emplace_back("y", (*layer)(context, in));
  for (const nn::StateSlot& slot : context.states()) run.outputs.emplace_back(name_of(slot.path, *layer), slot.final);
  for (const auto& [weight, value] : context.weights()) {
    run.wrt.emplace_back(name_of(weight->path, *layer), value);
    run.inputs["weight/" + weight->path] = weight->value;
  }
  std::vector<Value> outputs, cotangents, wrt;
  for (const auto& [name, value] : run.outputs) {
    run.graph.output(name, value + 0.0);  // one that is an input, too
    outputs.push_back(value);
    Tensor cotangent = tensor_at(golden.at("cotangent"), name.c_str(), dtype);
    cotangents.push_back(run.graph.input("cotangent/" + name, value.type()));
    run.inputs["cotangent/" + name] = std::move(cotangent);
  }
  for (const auto& [name, value] : run.wrt) wrt.push_back(value);
  const auto gradients = graph::gradients(outputs, cotangents, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    run.graph.output("gradient/" + run.wrt[i].first, gradients[i].value_or(zeros_like(wrt[i])));
}

std::map<std::string, std::vector<double>> results_of(CaseGraph& run, const Tensor& x, kernels::Target target) {
  const Shape& shape = x.shape();
  graph::CompileOptions options;
  options.target = target;
  options.reserve = {.batch = shape[0].factor(), .time = shape.rank() > 1 ? shape[1].factor() : 1};
  graph::Executable executable = graph::compile(std::move(run.graph), options);
  std::vector<View> views;
  for (const graph::Port& port : executable.inputs()) views.push_back(run.inputs.at(port.name));
  const std::vector<Tensor> outputs = executable(views);
  std::map<std::string, std::vector<double>> results;
  for (std::size_t i = 0; i < outputs.size(); ++i) results[executable.outputs()[i].name] = outputs[i].values();
  return results;
}

CaseResult compare(const std::map<std::string, std::vector<double>>& results, const CaseGraph& run,
                   const json& golden) {
  CaseResult result;
  // Every output is rounded, by a part of its own size: the error of their sum is one of the sizes summed.
  double loss = 0, sizes_summed = 0;
  for (const auto& [name, value] : run.outputs) {
    const std::vector<double>& actual = results.at(name);
    const std::vector<double> expected = tensor_at(golden.at("outputs"), name.c_str(), Dtype::f64).values();
    result.comparisons.push_back({name, false, largest_error(actual, expected, name)});
    const std::vector<double> cotangent = run.inputs.at("cotangent/" + name).values();
    for (std::size_t i = 0; i < actual.size(); ++i) {
      loss += actual[i] * cotangent[i];
      sizes_summed += std::abs(actual[i] * cotangent[i]);
    }
  }
  const double error = std::abs(loss - golden.at("loss").get<double>()) / std::max(1.0, sizes_summed);
  result.comparisons.push_back({"loss", false, std::isfinite(error) ? error : std::numeric_limits<double>::infinity()});
  for (const auto& [name, value] : run.wrt) {
    if (!golden.at("gradients").contains(name)) {
      result.not_compared.push_back(name);
      continue;
    }
    const std::vector<double> expected = tensor_at(golden.at("gradients"), name.c_str(), Dtype::f64).values();
    result.comparisons.push_back({name, true, largest_error(results.at("gradient/" + name), expected, name)});
  }
  return result;
}

void take_weights(const nn::Layer& layer, const json& weights, Dtype dtype) {
  std::vector<std::string> names;
  for (const nn::WeightPtr& weight : layer.weights()) names.push_back(name_of(weight->path, layer));
  const JsonObject checked(weights, "weights", names);
  for (const nn::WeightPtr& weight : layer.weights()) {
    const std::string name = name_of(weight->path, layer);
    Tensor value = tensor_at(weights, name.c_str(), dtype);
    if (value.shape() != weight->stored_shape())
      throw ShapeError({"weights", fmt::format("'{}'", name), to_string(value.shape()),
                        to_string(weight->stored_shape()) + ", as the layer has it", ""});
    weight->value = std::move(value);
  }
}

// What the file says came out must be what comes out, no more and no less.
void check_names(const json& given, const char* what, const CaseGraph& run) {
  std::vector<std::string> names;
  for (const auto& [name, value] : run.outputs) names.push_back(name);
  const JsonObject checked(given, what, names);
}

}  // namespace

CaseResult run_layer_case(const json& golden, Dtype dtype, kernels::Target target) {
  if (!golden.is_object()) throw FormatError("the case is no object.");
  const nn::LayerPtr layer = layer_of(golden);
  const Tensor x = tensor_at(golden.at("inputs"), "x", dtype);
  layer->set_numbers(dtype, 0);
  layer->build(x.shape());
  take_weights(*layer, golden.at("weights"), dtype);
  CaseGraph run;
  write_case(run, layer, golden, x, dtype);
  check_names(golden.at("outputs"), "outputs", run);
  check_names(golden.at("cotangent"), "cotangent", run);
  return compare(results_of(run, x, target), run, golden);
}

}  // namespace elegans::golden
