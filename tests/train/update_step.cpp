// The update as it is compiled: one pass over arrays, clipping, groups, averages, constraints.

#include "train/update_step.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/train/optimizers.hpp"
#include "support/message_of.hpp"
#include "two_weights.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

// The nodes that run: constants are memory.
std::vector<const graph::Node*> running(const graph::Graph& graph) {
  std::vector<const graph::Node*> nodes;
  for (const graph::Node& node : graph.nodes())
    if (node.operation->name() != "constant") nodes.push_back(&node);
  return nodes;
}

struct Traffic {
  Optimizer optimizer;
  double bytes, state;  // a parameter, in f32
};

const std::vector<Traffic>& every_optimizer() {
  static const std::vector<Traffic> all{{SGD{}, 12, 0},
                                        {SGD{.momentum = 0.9, .nesterov = true, .weight_decay = 0.1}, 20, 4},
                                        {Adam{}, 28, 8},
                                        {AdamW{}, 28, 8},
                                        {AMSGrad{.weight_decay = 0.1}, 36, 12},
                                        {Nadam{.weight_decay = 0.1, .decoupled_weight_decay = true}, 28, 8},
                                        {RMSprop{}, 20, 4},
                                        {RMSprop{.momentum = 0.9, .centered = true}, 36, 12},
                                        {Adagrad{}, 20, 4},
                                        {Lion{.weight_decay = 0.1}, 20, 4}};
  return all;
}

TEST(UpdateStep, IsOneChainThatReadsAndWritesEachArrayOnce) {
  for (const Traffic& each : every_optimizer())
    for (const UpdateOptions& options : {UpdateOptions{}, {.clip_norm = 1}, {.clip_value = 1, .ema_decay = 0.9}})
      for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
        SCOPED_TRACE(to_string(each.optimizer));
        TwoWeights two(dtype);
        ASSERT_EQ(two.layout.ranges.size(), 1U);
        const UpdateStep update(two.layout, each.optimizer, options);
        const graph::Graph& graph = update.executable(0).graph();
        const auto nodes = running(graph);
        ASSERT_EQ(nodes.size(), 1U) << graph::to_string(graph);
        EXPECT_NE(dynamic_cast<const ops::Elementwise*>(nodes[0]->operation.get()), nullptr);
        const std::size_t arrays = 2 + each.optimizer.moments.size() + (options.ema_decay ? 1 : 0);
        std::size_t read = 0;
        for (const graph::ValueId input : nodes[0]->inputs) read += graph.type(input).shape.rank() > 0 ? 1 : 0;
        EXPECT_EQ(read, arrays);
        EXPECT_EQ(nodes[0]->outputs.size(), arrays - 1);
      }
}

TEST(UpdateStep, SaysHowManyBytesAParameterItMoves) {
  for (const Traffic& each : every_optimizer())
    for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
      const double width = dtype == Dtype::f32 ? 1 : 2;
      TwoWeights two(dtype);
      const UpdateStep plain(two.layout, each.optimizer, {}), averaging(two.layout, each.optimizer, {.ema_decay = 0.9});
      EXPECT_EQ(plain.bytes_a_parameter().traffic, width * each.bytes) << each.optimizer.name;
      EXPECT_EQ(plain.bytes_a_parameter().state, width * each.state) << each.optimizer.name;
      EXPECT_EQ(averaging.bytes_a_parameter().traffic, width * (each.bytes + 8)) << each.optimizer.name;
      EXPECT_EQ(averaging.bytes_a_parameter().state, width * (each.state + 4)) << each.optimizer.name;
    }
  TwoWeights two(Dtype::f32);
  EXPECT_THAT(UpdateStep(two.layout, Adam{}, {}).explain(),
              AllOf(HasSubstr("update by adam (beta_1 0.9, beta_2 0.999, epsilon 1e-08): 16 parameters, 28 bytes a "
                              "parameter read and written, 8 bytes a parameter of state\n"),
                    HasSubstr("weights from 'dense/kernel' to 'dense/bias'\n"), HasSubstr("elementwise")));
}

// No copy of an array behind the scenes: the arena does not grow with the parameters.
TEST(UpdateStep, WorksInPlace) {
  const auto arena_of = [](const Optimizer& optimizer, std::int64_t units) {
    Sequential model;
    model.add(nn::Dense(units));
    model.build(3);
    const UpdateStep update(layout_of(model), optimizer, {.ema_decay = 0.9});
    return update.executable(0).arena_bytes();
  };
  for (const Traffic& each : every_optimizer()) {
    const std::size_t registers = arena_of(each.optimizer, 1000);
    EXPECT_EQ(arena_of(each.optimizer, 10000), registers) << each.optimizer.name;
    EXPECT_LT(registers, 64U * 1024) << each.optimizer.name;
  }
}

TEST(Clipping, LeavesZeroGradientsAlone) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    TwoWeights two(dtype);
    const std::vector<double> before = two.all();
    UpdateStep update(two.layout, Adam{}, {.clip_norm = 1});
    update.run(1, 1e-3, two.gradients.data());
    EXPECT_EQ(two.all(), before);
  }
}

// Their squares are infinite, they are not.
TEST(Clipping, ShortensGradientsOfAnySize) {
  for (const auto& [dtype, size] : {std::pair{Dtype::f32, 1e30}, {Dtype::f64, 1e200}}) {
    TwoWeights two(dtype);
    const std::vector<double> before = two.weight(1).values();
    two.set_gradient("bias", std::vector<double>{3 * size, 0, -4 * size, 0});
    UpdateStep update(two.layout, SGD{}, {.clip_norm = 1});
    update.run(1, 1, two.gradients.data());
    const std::vector<double> after = two.weight(1).values();
    EXPECT_NEAR(after[0], before[0] - 0.6, 1e-6);
    EXPECT_NEAR(after[2], before[2] + 0.8, 1e-6);
  }
}

TEST(Clipping, OfTheNormIsOverAllGroupsTogether) {
  const std::vector<ParameterGroup> groups{{.weights = {"*/bias"}, .weight_decay = 0}};
  TwoWeights two(Dtype::f64, {}, groups);
  ASSERT_EQ(two.layout.ranges.size(), 2U);
  const std::vector<double> before = two.all();
  two.set_gradients(std::vector<double>{3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0});
  UpdateStep update(two.layout, SGD{}, {.clip_norm = 1, .groups = groups});
  update.run(1, 1, two.gradients.data());
  EXPECT_NEAR(two.all()[0], before[0] - 0.6, 1e-15);
  EXPECT_NEAR(two.all()[12], before[12] - 0.8, 1e-15);
}

TEST(Groups, HaveRatesAndWeightDecayOfTheirOwn) {
  const std::vector<ParameterGroup> groups{{.weights = {"*/bias"}, .learning_rate = 0.2, .weight_decay = 0}};
  TwoWeights two(Dtype::f64, {}, groups);
  copy(Tensor::from({4}, {1, 2, 3, 4}, Dtype::f64), two.weight(1));
  const std::vector<double> kernel = two.weight(0).values();
  two.set_gradients(std::vector<double>(16, 1.0));
  const Optimizer optimizer = SGD{.learning_rate = 0.1, .weight_decay = 0.5, .decoupled_weight_decay = true};
  UpdateStep update(two.layout, optimizer, {.groups = groups});
  // The schedule halves the rate of all: 0.05 and 0.1.
  update.run(1, 0.05, two.gradients.data());
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_NEAR(two.weight(0).values()[i], kernel[i] * (1 - 0.05 * 0.5) - 0.05, 1e-15);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(two.weight(1).values()[i], static_cast<double>(i) + 0.9, 1e-15);
}

TEST(Groups, TheFirstThatNamesAWeightHasIt) {
  TwoWeights two(Dtype::f32, {}, {{.weights = {"*/kern?l"}}, {.weights = {"*"}}});
  ASSERT_EQ(two.layout.entries.size(), 2U);
  EXPECT_EQ(two.layout.entries[0].weight->path, "dense/kernel");
  EXPECT_EQ(two.layout.entries[0].group, 1U);
  EXPECT_EQ(two.layout.entries[1].group, 2U);
}

TEST(Groups, PatternsMustNameWeights) {
  EXPECT_EQ(message_of<ConfigError>([] {
              TwoWeights(Dtype::f32, {}, {{.weights = {"*"}}, {.weights = {"dense/bia"}}});
            }),
            "Trainer: a pattern of groups[1].weights is 'dense/bia'; expected a pattern that names a weight of the "
            "model. Did you mean 'dense/bias'?");
  EXPECT_EQ(message_of<ConfigError>([] {
              TwoWeights(Dtype::f32, {}, {{.weights = {"*"}}, {.weights = {"*/bias"}, .weight_decay = 0}});
            }),
            "Trainer: groups[1] is without weights; expected one weight or more. What its patterns name is frozen, or "
            "belongs to a group before it: the first one counts.");
  EXPECT_EQ(message_of<ConfigError>([] { TwoWeights(Dtype::f32, {}, {}, {"lstm/*"}); }),
            "Trainer: a pattern of frozen is 'lstm/*'; expected a pattern that names a weight of the model. Known are "
            "'dense/kernel' or 'dense/bias'.");
  EXPECT_EQ(message_of<ConfigError>([] { TwoWeights(Dtype::f32, {}, {}, {"dense/*"}); }),
            "Trainer: the model is without trainable weights; expected one or more. Freeze fewer of them.");
}

TEST(Averages, FollowTheWeights) {
  TwoWeights two(Dtype::f64);
  UpdateStep update(two.layout, SGD{}, {.ema_decay = 0.75});
  Draw draw(1);
  std::vector<double> average;
  for (std::uint64_t t = 1; t <= 20; ++t) {
    std::vector<double> g(16);
    for (double& x : g) x = draw();
    two.set_gradients(g);
    update.run(t, 0.3, two.gradients.data());
    const std::vector<double> weights = two.all();
    if (t == 1) average = weights;
    for (std::size_t i = 0; i < 16; ++i) average[i] = 0.75 * average[i] + 0.25 * weights[i];
    update.swap_averages();
    for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(two.all()[i], average[i], 1e-15) << "step " << t;
    if (t == 1) {
      EXPECT_EQ(two.all(), weights) << "the first average is the weight itself";
    }
    update.swap_averages();
    EXPECT_EQ(two.all(), weights);
  }
}

TEST(Averages, BeforeTheFirstUpdateAreTheWeights) {
  TwoWeights two(Dtype::f32);
  const std::vector<double> before = two.all();
  UpdateStep update(two.layout, SGD{}, {.ema_decay = 0.75});
  update.swap_averages();
  EXPECT_EQ(two.all(), before);
}

TEST(Constraints, HoldAfterEveryStepInTheSameChain) {
  TwoWeights two(Dtype::f32, nn::non_negative());
  ASSERT_EQ(two.layout.ranges.size(), 2U) << "bias, then the kernel by itself";
  two.set_gradients(std::vector<double>(16, 1.0));
  copy(Tensor::from({3, 4}, {-1, 0.05, 0.5, 2, -1, 0.05, 0.5, 2, -1, 0.05, 0.5, 2}), two.weight(0));
  UpdateStep update(two.layout, SGD{.learning_rate = 0.25}, {.ema_decay = 0.5});
  EXPECT_EQ(running(update.executable(1).graph()).size(), 1U);
  update.run(1, 0.25, two.gradients.data());
  const std::vector<double> expected{0, 0, 0.25, 1.75, 0, 0, 0.25, 1.75, 0, 0, 0.25, 1.75};
  EXPECT_EQ(two.weight(0).values(), expected);
  EXPECT_EQ(two.weight(1).values(), std::vector<double>(4, -0.25)) << "the bias has no constraint";
  update.swap_averages();
  EXPECT_EQ(two.weight(0).values(), expected) << "averages are of weights that hold";
  EXPECT_THAT(update.explain(), HasSubstr("constrained by non_negative"));
}

// One visit of the gradients, whatever their number: they are read once, and a number is kept of some hundred.
TEST(Clipping, ByTheNormReadsTheGradientsOnce) {
  for (const std::int64_t units : {1, 4, 100, 1000, 1009}) {
    Sequential model;
    model.add(nn::Dense(units));
    model.build(64);
    const ParameterLayout layout = layout_of(model);
    const double plain = UpdateStep(layout, Adam{}, {}).bytes_a_parameter().traffic;
    const double clipped = UpdateStep(layout, Adam{}, {.clip_norm = 1}).bytes_a_parameter().traffic;
    EXPECT_GE(clipped - plain, 4) << units;
    EXPECT_LE(clipped - plain, 4 + 8.0 / 16) << units;
  }
}

TEST(Patterns, StandForPaths) {
  for (const auto& [pattern, path, expected] : {std::tuple{"*/bias", "dense/bias", true},
                                                {"*/bias", "cfc/cell/ff1/bias", true},
                                                {"*/bias", "bias", false},
                                                {"dense/*", "dense/kernel", true},
                                                {"dense/*", "dense_1/kernel", false},
                                                {"*", "", true},
                                                {"", "", true},
                                                {"", "a", false},
                                                {"?", "ab", false},
                                                {"a?c", "abc", true},
                                                {"*a*b*", "xxaxxbxx", true},
                                                {"*a*b", "xxaxxbx", false},
                                                {"**/k", "a/k", true},
                                                {"dense/kernel", "dense/kernel", true}})
    EXPECT_EQ(matches(pattern, path), expected) << pattern << " " << path;
}

// A pattern of many stars must not take exponential time.
TEST(Patterns, OfManyStarsEnd) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  EXPECT_FALSE(matches(stars + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace elegans::train
