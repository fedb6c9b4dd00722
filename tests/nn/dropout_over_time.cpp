// Dropout inside a cell's step: drawn anew at every step of a sequence, and repeatable.

#include <gtest/gtest.h>

#include <array>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {
namespace {

constexpr std::int64_t batch = 3, time = 6, features = 20;
constexpr double rate = 0.5;

// Passes its input on, and drops from it while training.
class DroppingCell final : public Cell {
 public:
  std::vector<StateOptions> states() const override { return {{.name = "unused", .shape = Shape{1}}}; }
  std::int64_t output_size() const override { return features; }
  std::string type() const override { return "DroppingCell"; }
  Json config() const override { return Json::object(); }

  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value) override {
    return {.output = x * context.dropout_mask(path(), x.shape(), rate, x.dtype()), .state = state};
  }

 protected:
  void on_build(const Shape&) override {}
};

// Output and gradient of the sum of outputs for x = 1 everywhere: both are the mask, [batch, time, features].
std::array<std::vector<double>, 2> run(std::int64_t checkpoint_every) {
  RNN layer(std::make_shared<DroppingCell>(), {.checkpoint_every = checkpoint_every});
  layer.set_numbers(Dtype::f64, 0);
  graph::Graph g;
  Context context(g, {.mode = Mode::training, .seed = 1});
  const Value x = g.input("x", {Dtype::f64, {Dim::batch(), Dim::time(), features}});
  const Value y = layer(context, x);
  const auto gradient = graph::gradients(std::array{y}, std::array{full(y, y.shape(), 1)}, std::array{x});
  g.output("y", y);
  g.output("gradient", *gradient[0]);
  graph::Executable executable = graph::compile(std::move(g), {.reserve = {.batch = batch, .time = time}});
  Tensor ones = Tensor::from(Shape{batch, time, features}, std::vector<double>(batch * time * features, 1), Dtype::f64);
  Tensor step(Shape{1}, Dtype::i32);
  step.as<std::int32_t>()[0] = 4;
  std::vector<View> views;
  for (const graph::Port& port : executable.inputs()) views.push_back(port.name == "x" ? View(ones) : View(step));
  const std::vector<Tensor> results = executable(views);
  return {results[0].values(), results[1].values()};
}

TEST(DropoutOverTime, DrawsAnewAtEveryStep) {
  const std::vector<double> mask = run(0)[0];
  const auto at = [&](std::int64_t b, std::int64_t t) {
    const auto begin = mask.begin() + (b * time + t) * features;
    return std::vector<double>(begin, begin + features);
  };
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t t = 1; t < time; ++t)
      for (std::int64_t before = 0; before < t; ++before) EXPECT_NE(at(b, t), at(b, before)) << b << t << before;
  for (const double value : mask) EXPECT_TRUE(value == 0 || value == 1 / (1 - rate)) << value;
}

TEST(DropoutOverTime, TheGradientSeesTheSameMask) {
  const auto [mask, gradient] = run(0);
  EXPECT_EQ(gradient, mask);
}

TEST(DropoutOverTime, CheckpointsDrawTheSameAgain) {
  const auto all = run(0), checkpointed = run(4);
  EXPECT_EQ(checkpointed[0], all[0]);
  EXPECT_EQ(checkpointed[1], all[1]);
}

}  // namespace
}  // namespace elegans::nn
