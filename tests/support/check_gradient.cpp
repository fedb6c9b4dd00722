#include "support/check_gradient.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "elegans/graph/gradient.hpp"

namespace elegans::testing {
namespace {

using graph::Graph;
using graph::Value;

struct Written {
  Graph graph;
  std::size_t outputs = 0;
};

// Σ outputs · cos(a + outputs): every element has a gradient of its own, and second-order terms take part.
Value loss_of(const std::vector<Value>& outputs) {
  Value loss;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Value term = graph::sum(outputs[i] * graph::cos(outputs[i] + 0.37 * static_cast<double>(i + 1)));
    loss = loss ? loss + term : term;
  }
  return loss;
}

Written write(const GradientCase& test, bool with_gradients) {
  Written written;
  Graph& graph = written.graph;
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    const Shape shape = i < test.shapes.size() ? test.shapes[i] : test.inputs[i].shape();
    inputs.push_back(graph.input("x" + std::to_string(i), {Dtype::f64, shape}));
  }
  const std::vector<Value> differentiated = inputs;
  for (std::size_t i = 0; i < test.integers.size(); ++i) {
    const Shape shape = i < test.integer_shapes.size() ? test.integer_shapes[i] : test.integers[i].shape();
    inputs.push_back(graph.input("i" + std::to_string(i), {Dtype::i32, shape}));
  }
  const std::vector<Value> outputs = test.write(inputs);
  const Value loss = loss_of(outputs);
  graph.output("loss", loss);
  for (std::size_t i = 0; i < outputs.size(); ++i) graph.output("y" + std::to_string(i), outputs[i]);
  written.outputs = outputs.size();
  if (with_gradients) {
    const std::vector<Value> gradients = graph::gradients(loss, differentiated);
    for (std::size_t i = 0; i < gradients.size(); ++i) graph.output("g" + std::to_string(i), gradients[i]);
  }
  return written;
}

graph::Executable compiled(Written written, const GradientCase& test) {
  return graph::compile(std::move(written.graph),
                        {.target = test.target, .reserve = test.reserve, .disable = test.disable, .in_place = {}});
}

// What each input of the graph is bound to; "step", where something drops, is always the same.
std::vector<View> views_of(const graph::Executable& executable, const std::vector<Tensor>& inputs,
                           const std::vector<Tensor>& integers) {
  static const Tensor step = Tensor::from({1}, {3}, Dtype::i32);
  std::vector<View> views;
  for (const graph::Port& port : executable.inputs()) {
    const auto number = [&] { return static_cast<std::size_t>(std::stoul(port.name.substr(1))); };
    views.push_back(port.name == "step" ? step : port.name[0] == 'x' ? inputs.at(number()) : integers.at(number()));
  }
  return views;
}

}  // namespace

GradientResult run_case(const GradientCase& test) {
  Written written = write(test, true);
  const std::size_t outputs = written.outputs;
  graph::Executable executable = compiled(std::move(written), test);
  std::vector<Tensor> all = executable(views_of(executable, test.inputs, test.integers));
  GradientResult result;
  for (std::size_t i = 1; i < all.size(); ++i)
    (i <= outputs ? result.outputs : result.gradients).push_back(std::move(all[i]));
  return result;
}

void check_gradient(const GradientCase& test) {
  const GradientResult result = run_case(test);
  graph::Executable forward = compiled(write(test, false), test);
  std::vector<Tensor> inputs = test.inputs;
  const auto loss = [&] { return forward(views_of(forward, inputs, test.integers))[0].values()[0]; };
  constexpr double h = 1e-5;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto x = inputs[i].as<double>();
    const std::vector<double> gradient = result.gradients[i].values();
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double at = x[k];
      x[k] = at + h;
      const double above = loss();
      x[k] = at - h;
      const double below = loss();
      x[k] = at;
      const double difference = (above - below) / (2 * h);
      ASSERT_NEAR(gradient[k], difference, 1e-6 * std::max(1.0, std::abs(difference)))
          << "input " << i << ", element " << k;
    }
  }
}

}  // namespace elegans::testing
