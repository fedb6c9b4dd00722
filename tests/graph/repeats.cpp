// What chains compute again instead of reading it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/passes/fuse.hpp"
#include "elegans/ops/elementwise.hpp"
#include "support/graphs.hpp"
#include "support/random_tensor.hpp"

namespace elegans::graph {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Write = std::function<Value(Value x, Value m)>;

// f(x, m) is read by a chain, and by another one behind a sum that needs the first. x [batch, 4], m [4].
Graph written(const Write& f, bool is_output = false) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 4}}), m = graph.input("m", {Dtype::f32, {4}});
  const Value a = f(x, m);
  const Value s = sigmoid(a * 0.5);
  const Value row = reduce_sum(s, 0, Keep::yes);
  graph.output("y", row * a - x);
  if (is_output) graph.output("a", a);
  return graph;
}

// Arrays of x's shape that are made.
std::size_t arrays(const Graph& graph) {
  std::size_t count = 0;
  for (const Node& node : graph.nodes())
    for (const ValueId output : node.outputs)
      if (graph.type(output).shape == (Shape{Dim::batch(), 4})) ++count;
  return count;
}

Value difference(Value x, Value m) { return x - m; }
Value scaled_difference(Value x, Value m) { return (x - m) * m; }

TEST(Repeats, SpareAnArrayThatReadersCanCompute) {
  for (const auto& f : {difference, scaled_difference}) {
    PassReport report;
    const Graph fused = fuse(written(f), report);
    EXPECT_EQ(arrays(fused), 2U) << to_string(fused);  // s and y
    EXPECT_THAT(report.notes, Contains(HasSubstr("values are computed again where they are read")));
  }
}

TEST(Repeats, ReadWhatIsLongToComputeOrNeedsMore) {
  const auto long_way = [](Value x, Value m) { return (x - m) * m + m; };
  const auto function = [](Value x, Value m) { return tanh(x - m); };
  const auto quotient = [](Value x, Value m) { return x / m; };
  for (const Write& f : {Write(long_way), Write(function), Write(quotient)}) {
    PassReport report;
    const Graph fused = fuse(written(f), report);
    EXPECT_EQ(arrays(fused), 3U) << to_string(fused);
    EXPECT_THAT(report.notes, Not(Contains(HasSubstr("computed again"))));
  }
  PassReport report;
  EXPECT_EQ(arrays(fuse(written(difference, true), report)), 3U);  // it is written anyhow

  Graph graph;  // the reader would have to read z instead
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 4}}),
              z = graph.input("z", {Dtype::f32, {Dim::batch(), 4}});
  const Value a = x - z;
  graph.output("y", reduce_sum(sigmoid(a), 0, Keep::yes) * a - x);
  EXPECT_EQ(arrays(fuse(graph, report)), 3U);
}

// Every reader computes it, or none: one that cannot has it written for all.
TEST(Repeats, AreForAllReaders) {
  for (const bool can : {true, false}) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 4}}), m = graph.input("m", {Dtype::f32, {4}});
    const Value a = x - m, row = reduce_sum(sigmoid(a), 0, Keep::yes), one = row * a - x;
    const Value second = reduce_sum(one, 0, Keep::yes);
    graph.output("y", can ? second * a - x : second * a);
    PassReport report;
    const Graph fused = fuse(graph, report);
    EXPECT_EQ(arrays(fused), can ? 3U : 4U) << to_string(fused);
  }
}

TEST(Repeats, LeaveAChainWhatItReadsItself) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 4}}), m = graph.input("m", {Dtype::f32, {4}});
  const Value a = x - m, row = reduce_sum(a * x, 0, Keep::yes), later = row * a - x;
  graph.output("y", later);
  PassReport report;
  const Graph fused = fuse(graph, report);
  EXPECT_EQ(arrays(fused), 2U) << to_string(fused);  // a x and y
}

// a and r are computed again for y. Where u is not of x, what makes u could not compute a.
Graph two_steps(bool has_x) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 4}}),
              z = graph.input("z", {Dtype::f32, {Dim::batch(), 4}}), m = graph.input("m", {Dtype::f32, {4}});
  const Value a = x - m, first = reduce_sum(sigmoid(a), 0, Keep::yes);
  const Value u = has_x ? x * first : sigmoid(z + first), second = reduce_sum(sigmoid(u), 0, Keep::yes);
  const Value r = a * u;
  graph.output("y", r * second - x + u);
  return graph;
}

TEST(Repeats, AreNotForWhatOthersComputeThemselves) {
  for (const bool has_x : {true, false}) {
    PassReport report;
    const Graph fused = fuse(two_steps(has_x), report);
    EXPECT_EQ(arrays(fused), has_x ? 3U : 4U) << to_string(fused);  // two terms of sums and y; u where it is a function
    const ValueId m = fused.inputs()[2].value;
    EXPECT_EQ(std::count_if(fused.nodes().begin(), fused.nodes().end(),
                            [&](const Node& node) {
                              return std::find(node.inputs.begin(), node.inputs.end(), m) != node.inputs.end();
                            }),
              2)
        << to_string(fused);  // where a is needed, and not in between
  }
}

TEST(Repeats, ChangeNoBitOfTwoSteps) {
  for (const bool has_x : {true, false}) {
    Executable with = compile(two_steps(has_x), {.reserve = {.batch = 5}}),
               without = compile(two_steps(has_x), {.reserve = {.batch = 5}, .disable = {"fuse"}});
    EXPECT_THAT(with.explain(), HasSubstr("computed again"));
    const Tensor x = testing::random_tensor({5, 4}, 1).to(Dtype::f32),
                 z = testing::random_tensor({5, 4}, 2).to(Dtype::f32),
                 m = testing::random_tensor({4}, 3).to(Dtype::f32);
    EXPECT_EQ(with(std::array<View, 3>{x, z, m})[0].values(), without(std::array<View, 3>{x, z, m})[0].values());
  }
}

TEST(Repeats, ChangeNoBit) {
  for (const auto& f : {difference, scaled_difference}) {
    Executable with = compile(written(f), {.reserve = {.batch = 5}}),
               without = compile(written(f), {.reserve = {.batch = 5}, .disable = {"fuse"}});
    EXPECT_THAT(with.explain(), HasSubstr("computed again"));
    const Tensor x = testing::random_tensor({5, 4}, 1).to(Dtype::f32),
                 m = testing::random_tensor({4}, 2).to(Dtype::f32);
    EXPECT_EQ(with(std::array<View, 2>{x, m})[0].values(), without(std::array<View, 2>{x, m})[0].values());
  }
}

}  // namespace
}  // namespace elegans::graph
