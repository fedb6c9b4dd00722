// Continuous-time cells and solvers against numbers that were made from their equations by another program, with
// automatic differentiation (ode_cells.json, from make_ode_cells.py beside it).

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/rnn.hpp"
#include "support/goldens.hpp"

namespace elegans::nn {
namespace {

using testing::golden_tensor;

struct Kind {
  const char* name;
  Dtype dtype;
  kernels::Target target;
};

// Bounds of the project's golden files in f64; in f32 each of some hundred operations on numbers around 1 may round by
// 6e-8, and gradients sum a few hundred of them.
struct Bounds {
  double value, gradient;
};
Bounds bounds_of(Dtype dtype) { return dtype == Dtype::f64 ? Bounds{1e-10, 1e-8} : Bounds{2e-5, 2e-4}; }

// A weight of the file: those of the mixed memory are called memory_….
std::string name_in_file(const Weight& weight, bool mixed) {
  const bool of_memory = mixed && weight.path.find("/cell/cell/") == std::string::npos;
  return (of_memory ? "memory_" : "") + weight.options.name;
}

// The numbers of `whole` that the weight stores.
Tensor stored(const Weight& weight, const Tensor& whole) {
  const PatternPtr& pattern = weight.options.pattern;
  if (!pattern) return whole;
  const std::vector<double> all = whole.values();
  std::vector<double> existing;
  for (std::size_t k = 0; k < pattern->targets().size(); ++k)
    existing.push_back(
        all[static_cast<std::size_t>(pattern->sources()[k] * pattern->columns() + pattern->targets()[k])]);
  return Tensor::from(weight.stored_shape(), existing, whole.dtype());
}

// Values by name: outputs, "loss", and "gradient of …".
std::map<std::string, Tensor> run(const nlohmann::json& golden, const Kind& kind, RNN& layer,
                                  const std::map<std::string, Tensor>& weights) {
  graph::Graph graph;
  Context context(graph, {.mode = Mode::training});
  std::map<std::string, Tensor> given;
  const auto input = [&](const std::string& name, Tensor tensor) {
    if (tensor.dtype() != Dtype::i32) tensor = tensor.to(kind.dtype);
    given[name] = tensor;
    return graph.input(name, {tensor.dtype(), tensor.shape()});
  };
  const nlohmann::json& inputs = golden.at("inputs");
  const Value x = input("x", golden_tensor(inputs.at("x"))), dt = input("dt", golden_tensor(inputs.at("dt")));
  context.timespans = dt;
  if (inputs.contains("lengths")) context.lengths = input("lengths", golden_tensor(inputs.at("lengths")));
  std::vector<std::string> names{"y"};
  std::vector<Value> outputs{layer(context, x)};
  for (const StateSlot& slot : context.states()) {
    names.push_back(slot.path.substr(slot.path.rfind('/') + 1));
    outputs.push_back(slot.final);
  }
  std::vector<Value> cotangents;
  for (std::size_t i = 0; i < names.size(); ++i) {
    cotangents.push_back(input("cotangent/" + names[i], golden_tensor(golden.at("cotangent").at(names[i]))));
    graph.output(names[i], outputs[i]);
  }
  std::vector<Value> wrt{x, dt};
  std::vector<std::string> wrt_names{"x", "dt"};
  for (const auto& [weight, value] : context.weights()) {
    given["weight/" + weight->path] = weights.at(weight->path);
    wrt.push_back(value);
    wrt_names.push_back(weight->path);
  }
  const auto gradients = graph::gradients(outputs, cotangents, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    graph.output("gradient of " + wrt_names[i], gradients[i].value_or(zeros_like(wrt[i])));
  graph::Executable executable = graph::compile(std::move(graph), {.target = kind.target});
  std::vector<View> views;
  for (const graph::Port& port : executable.inputs()) views.push_back(given.at(port.name));
  std::vector<Tensor> results = executable(views);
  std::map<std::string, Tensor> made;
  for (std::size_t i = 0; i < results.size(); ++i) made[executable.outputs()[i].name] = results[i].to(Dtype::f64);
  return made;
}

class OdeGoldens : public ::testing::TestWithParam<Kind> {};

TEST_P(OdeGoldens, ValuesAndGradients) {
  const auto file = std::string(ELEGANS_SOURCE_DIR) + "/tests/nn/ode_cells.json";
  const nlohmann::json cases = nlohmann::json::parse(std::ifstream(file)).at("cases");
  ASSERT_EQ(cases.size(), 19U);
  const Bounds bounds = bounds_of(GetParam().dtype);
  for (const nlohmann::json& golden : cases) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const auto layer = std::dynamic_pointer_cast<RNN>(
        make_layer({{"type", golden.at("layer")}, {"name", "layer"}, {"config", golden.at("config")}}, file));
    ASSERT_TRUE(layer);
    layer->set_numbers(GetParam().dtype, 1);
    layer->build(golden_tensor(golden.at("inputs").at("x")).shape());
    const bool mixed = golden.at("config").contains("cell");
    std::map<std::string, Tensor> weights;
    for (const WeightPtr& weight : layer->weights())
      weights[weight->path] =
          stored(*weight, golden_tensor(golden.at("weights").at(name_in_file(*weight, mixed)))).to(GetParam().dtype);
    EXPECT_EQ(weights.size(), golden.at("weights").size());

    const auto results = run(golden, GetParam(), *layer, weights);
    for (const auto& [name, expected] : golden.at("outputs").items())
      testing::expect_close(results.at(name), golden_tensor(expected), bounds.value, name);
    for (const char* name : {"x", "dt"})
      testing::expect_close(results.at(std::string("gradient of ") + name),
                            golden_tensor(golden.at("gradients").at(name)), bounds.gradient, name);
    for (const WeightPtr& weight : layer->weights())
      testing::expect_close(results.at("gradient of " + weight->path),
                            stored(*weight, golden_tensor(golden.at("gradients").at(name_in_file(*weight, mixed)))),
                            bounds.gradient, weight->path);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, OdeGoldens,
                         ::testing::Values(Kind{"f64_scalar", Dtype::f64, kernels::Target::scalar},
                                           Kind{"f64_best", Dtype::f64, kernels::Target::best},
                                           Kind{"f32_scalar", Dtype::f32, kernels::Target::scalar},
                                           Kind{"f32_best", Dtype::f32, kernels::Target::best}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace elegans::nn
