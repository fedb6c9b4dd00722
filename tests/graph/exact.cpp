// Graphs for one extent, written out, and split into what depends on some inputs alone and the rest.

#include "elegans/graph/passes/exact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "elegans/graph/functions.hpp"
#include "elegans/graph/scan.hpp"
#include "elegans/graph/split.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using testing::message_of;
using testing::random_tensor;

// Everything that a loop can have, unfolded twice a step; x [time, batch, 2], h [batch, 2], w [2, 2].
Graph written(ScanOptions options = {}) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch(), 2}}),
              h = graph.input("h", {Dtype::f64, {Dim::batch(), 2}}), w = graph.input("w", {Dtype::f64, {2, 2}});
  const LoopResult steps = scan(
      Dim::time(), std::array{h}, std::array{x},
      [&](const Loop& loop) {
        const LoopResult unfolds = scan(Dim(2), loop.carried, {}, [&](const Loop& inner) {
          return LoopResult{.carried = {tanh(matmul(inner.carried[0], softplus(w)) + loop.scanned[0])},
                            .stacked = {},
                            .summed = {inner.carried[0] * 0.5}};
        });
        return LoopResult{
            .carried = unfolds.carried, .stacked = {unfolds.summed[0]}, .summed = {reduce_sum(unfolds.carried[0], 0)}};
      },
      options);
  graph.output("h", steps.carried[0]);
  graph.output("y", transpose(steps.stacked[0], {1, 0, 2}));
  graph.output("sum", steps.summed[0]);
  return graph;
}

std::vector<std::vector<double>> results(Executable& run, const std::vector<Tensor>& inputs) {
  const std::vector<View> views(inputs.begin(), inputs.end());
  std::vector<std::vector<double>> all;
  for (const Tensor& tensor : run(views)) all.push_back(tensor.values());
  return all;
}

bool has_loop(const Graph& graph) {
  return std::any_of(graph.nodes().begin(), graph.nodes().end(), [](const Node& node) { return as_scan(node); });
}

TEST(Exact, GivesTheSameBitsWithoutLoops) {
  for (const bool reverse : {false, true})
    for (const Extents& extents : {Extents{.batch = 1, .time = 1}, Extents{.batch = 3, .time = 4}}) {
      const std::vector<Tensor> inputs{random_tensor({extents.time, extents.batch, 2}, 1),
                                       random_tensor({extents.batch, 2}, 2), random_tensor({2, 2}, 3)};
      Executable any = compile(written({.reverse = reverse}), {.reserve = extents});
      Executable exact = compile(written({.reverse = reverse}), {.reserve = extents, .exact = true});
      EXPECT_TRUE(has_loop(any.graph()));
      EXPECT_FALSE(has_loop(exact.graph())) << exact.explain();
      EXPECT_EQ(results(exact, inputs), results(any, inputs)) << "time " << extents.time;
    }
}

TEST(Exact, LeavesLongLoopsAndSaysSo) {
  Executable run = compile(written(), {.reserve = {.time = most_steps + 1}, .exact = true});
  EXPECT_THAT(run.explain(), ::testing::HasSubstr("1 loops left: more than 16 steps or 512 nodes"));
  const std::vector<Tensor> inputs{random_tensor({most_steps + 1, 1, 2}, 1), random_tensor({1, 2}, 2),
                                   random_tensor({2, 2}, 3)};
  Executable any = compile(written(), {.reserve = {.time = most_steps + 1}});
  EXPECT_EQ(results(run, inputs), results(any, inputs));
}

TEST(Exact, RefusesOtherExtents) {
  Executable run = compile(written(), {.reserve = {.batch = 2, .time = 3}, .exact = true});
  for (const Extents& other :
       {Extents{.batch = 1, .time = 3}, Extents{.batch = 2, .time = 2}, Extents{.batch = 2, .time = 4}})
    EXPECT_EQ(run.run(other).code, Status::Code::extent_out_of_range);
}

TEST(Exact, IsSkippedWhereExtentsChange) {
  Executable run = compile(written(), {.reserve = {.time = 1}});
  EXPECT_THAT(run.explain(), ::testing::HasSubstr("extents may change from run to run"));
}

TEST(Split, ComputesOnceWhatDependsOnTheNamedInputsAlone) {
  std::vector<PassReport> reports;
  const Extents one{};
  Split split = split_constant(optimise(written(), reports, {.exactly = one}), std::vector<std::string>{"w"});
  check(split.constant);
  check(split.rest);
  ASSERT_EQ(split.constant.inputs().size(), 1u);
  EXPECT_EQ(split.constant.inputs()[0].name, "w");
  for (const Node& node : split.rest.nodes()) {
    EXPECT_NE(node.operation->name(), "softplus");
    EXPECT_NE(node.operation->name(), "pack");
  }

  const std::vector<Tensor> inputs{random_tensor({1, 1, 2}, 1), random_tensor({1, 2}, 2), random_tensor({2, 2}, 3)};
  Executable whole = compile(written(), {.reserve = one, .exact = true});
  Executable constant = compile(std::move(split.constant), {.reserve = one, .exact = true, .is_optimised = true});
  Executable rest = compile(std::move(split.rest), {.reserve = one, .exact = true, .is_optimised = true});
  const std::array<View, 1> weight{inputs[2]};
  const std::vector<Tensor> crossing = constant(weight);
  std::vector<View> given;
  for (const Port& port : rest.inputs()) {
    if (port.name == "x") given.emplace_back(inputs[0]);
    if (port.name == "h") given.emplace_back(inputs[1]);
    if (port.name == "w") given.emplace_back(inputs[2]);
    for (std::size_t i = 0; i < constant.outputs().size(); ++i)
      if (constant.outputs()[i].name == port.name) given.emplace_back(crossing[i]);
  }
  const std::vector<Tensor> got = rest(given);
  const auto expected = results(whole, inputs);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].values(), expected[i]) << i;
}

TEST(Split, KeepsAnInputThatIsReadAsItIs) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2}}), w = graph.input("w", {Dtype::f64, {2}});
  graph.output("y", x * w + exp(w));
  const Split split = split_constant(graph, std::vector<std::string>{"w"});
  std::vector<std::string> names;
  for (const Port& port : split.rest.inputs()) names.push_back(port.name);
  EXPECT_THAT(names, ::testing::ElementsAre("x", "w", "constant 2"));
  EXPECT_EQ(split.constant.outputs().size(), 1u);
}

TEST(Split, NamesTheInputsThereAre) {
  EXPECT_EQ(
      message_of<ConfigError>([] { split_constant(written(), std::vector<std::string>{"v"}); }),
      "split_constant: the name of an input is 'v'; expected an input of the graph. Did you mean 'x', 'h' or 'w'?");
}

}  // namespace
}  // namespace elegans::graph
