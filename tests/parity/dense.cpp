// Dense layers against the golden file that PyTorch made.

#include "elegans/nn/dense.hpp"

#include <gtest/gtest.h>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "support/goldens.hpp"

namespace elegans::nn {
namespace {

using testing::expect_close;
using testing::golden_tensor;

void check_case(const Json& golden) {
  const Json& config = golden.at("config");
  Dense layer({.units = config.at("units"),
               .activation = config.at("activation").get<std::string>(),
               .use_bias = config.at("use_bias")});
  layer.set_numbers(Dtype::f64, 0);
  const Tensor x = golden_tensor(golden.at("inputs").at("x"));
  layer.build(x.shape());
  for (const WeightPtr& weight : layer.weights())
    weight->value = golden_tensor(golden.at("weights").at(weight->options.name));

  graph::Graph g;
  Context context(g);
  const Value in = g.input("x", {Dtype::f64, x.shape()});
  const Value y = layer(context, in);
  std::vector<Value> wrt{in};
  std::vector<std::string> names{"x"};
  std::vector<View> views{x};
  for (const auto& [weight, value] : context.weights()) {
    wrt.push_back(value);
    names.push_back(weight->options.name);
    views.push_back(weight->value);
  }
  g.output("y", y + 0.0);
  const Value loss = sum(y * constant(g, golden_tensor(golden.at("cotangent").at("y"))));
  const std::vector<Value> gradients = graph::gradients(loss, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) g.output(names[i], gradients[i]);
  graph::Executable run = graph::compile(std::move(g), {});
  const std::vector<Tensor> results = run(views);
  const std::string name = golden.at("name");
  expect_close(results[0], golden_tensor(golden.at("outputs").at("y")), 1e-10, name);
  for (std::size_t i = 0; i < names.size(); ++i)
    expect_close(results[i + 1], golden_tensor(golden.at("gradients").at(names[i])), 1e-8, name + " " + names[i]);
}

TEST(DenseGoldens, AgreeWithPyTorch) {
  const auto file = testing::golden_file("layers.json");
  ELEGANS_SKIP_WITHOUT(file, "layers.json");
  int checked = 0;
  for (const Json& golden : file->at("cases")) {
    if (golden.at("layer") != "Dense" || golden.at("config").at("activation") == "softmax") continue;
    check_case(golden);
    ++checked;
  }
  EXPECT_GE(checked, 4);
}

}  // namespace
}  // namespace elegans::nn
