// Losses against the golden file that PyTorch made.

#include "elegans/nn/losses.hpp"

#include <gtest/gtest.h>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "support/goldens.hpp"

namespace elegans::nn {
namespace {

using testing::expect_close;
using testing::golden_tensor;
using Json = nlohmann::json;

// Value and gradient where the file's reduction is "sum" or "mean" of weights that are not all 0.
void check_case(const Loss& loss, const Json& golden) {
  const std::string name = golden.at("name");
  const Tensor prediction = golden_tensor(golden.at("inputs").at("predictions"));
  const Tensor target = golden_tensor(golden.at("inputs").at("targets"));
  const Tensor weight = golden_tensor(golden.at("weight"));
  double total = 1;
  if (golden.at("config").at("reduction") == "mean") {
    total = 0;
    for (const double w : weight.values()) total += w;
  }
  graph::Graph g;
  const LossInputs in{.prediction = g.input("p", {Dtype::f64, prediction.shape()}),
                      .target = g.input("t", {target.dtype(), target.shape()}),
                      .weight = g.input("w", {Dtype::f64, weight.shape()}),
                      .normaliser = g.input("n", {Dtype::f64, {}})};
  const Value value = loss(in);
  g.output("value", value);
  g.output("gradient", graph::gradients(value, std::vector{in.prediction})[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  const std::vector<Tensor> results =
      run(std::vector<View>{prediction, target, weight, Tensor::from({}, {total}, Dtype::f64)});
  expect_close(results[0], golden_tensor(golden.at("value")), 1e-10, name);
  expect_close(results[1], golden_tensor(golden.at("gradients").at("predictions")), 1e-8, name);
}

TEST(LossGoldens, AgreeWithPyTorch) {
  const auto file = testing::golden_file("losses.json");
  ELEGANS_SKIP_WITHOUT(file, "losses.json");
  int checked = 0;
  for (const Json& golden : file->at("cases")) {
    if (golden.at("config").at("reduction") == "none") continue;
    // A class that is not counted must be one here; the file also has some out of range.
    if (golden.at("config").contains("ignore_index") && !golden.at("config").at("ignore_index").is_null()) continue;
    const std::string loss = golden.at("loss");
    if (loss == "mean_squared_error")
      check_case(mean_squared_error(), golden);
    else if (loss == "sparse_categorical_crossentropy")
      check_case(categorical_crossentropy(), golden);
    else
      continue;
    ++checked;
  }
  EXPECT_GE(checked, 8);
}

}  // namespace
}  // namespace elegans::nn
