// The pass simplify: which nodes go, and that the rest computes the same.

#include "elegans/graph/passes/simplify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/scan.hpp"
#include "support/graphs.hpp"
#include "support/random_tensor.hpp"

namespace elegans::graph {
namespace {

using testing::body_of;
using testing::names;

TEST(Simplify, ComputesConstantsAndDropsNeutralAndDeadNodes) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2, 3}});
  const Value two = constant(x, 1.0) + constant(x, 1.0);
  const Value y = (x * 1.0 + 0.0) * broadcast_to(two, {2, 3});
  (void)tanh(y);
  graph.output("y", y);
  PassReport report;
  const Graph simple = simplify(graph, report);
  EXPECT_THAT(names(simple), ::testing::ElementsAre("constant", "multiply"));
  EXPECT_THAT(report.notes, ::testing::Contains(::testing::HasSubstr("dead")));
}

// A choice that is always the same is none, and an array of one number is that number, whatever made it.
TEST(Simplify, KnowsArraysOfOneNumber) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2, 3}}), y = graph.input("y", {Dtype::f64, {3}});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto everywhere = [&](double number) {
    return constant(graph, Tensor::from({3}, {number, number, number}, Dtype::f64));
  };
  graph.output("yes", select(everywhere(2), x, y));
  graph.output("no", select(everywhere(-0.0), y, x));
  graph.output("nan", select(constant(x, nan), x, y));
  graph.output("times", x * everywhere(1));
  graph.output("spread", select(constant(x, 1.0), y, x));  // y is smaller than the result
  graph.output("number", tanh(x * everywhere(0.5)));
  graph.output("several", x * constant(graph, Tensor::from({3}, {1, 1, 2}, Dtype::f64)));
  graph.output("signs", x + constant(graph, Tensor::from({3}, {0.0, -0.0, 0.0}, Dtype::f64)));
  PassReport report;
  const Graph simple = simplify(graph, report);
  std::vector<std::string> operations = names(simple);
  std::erase(operations, "constant");
  EXPECT_THAT(operations, ::testing::ElementsAre("select", "multiply", "tanh", "multiply", "add"));
  for (std::size_t o : {0, 1, 2, 3}) EXPECT_EQ(simple.outputs()[o].value, simple.inputs()[0].value) << o;
  for (const Node& node : simple.nodes()) {
    if (node.operation->name() != "multiply" || simple.outputs()[6].value == node.outputs[0]) continue;
    EXPECT_EQ(simple.type(node.inputs[1]).shape, Shape{});
  }
  const Tensor a = testing::random_tensor({2, 3}, 1), b = testing::random_tensor({3}, 2);
  Executable plain = compile(graph, {.disable = {"simplify"}}), run = compile(graph, {});
  const std::vector<Tensor> want = plain(std::array<View, 2>{a, b}), got = run(std::array<View, 2>{a, b});
  for (std::size_t o = 0; o < want.size(); ++o) EXPECT_EQ(got[o].values(), want[o].values()) << o;
}

TEST(Simplify, ComputesEqualNodesOnceAndOnlyWantedColumns) {
  Graph graph;
  const Value g = graph.input("g", {Dtype::f64, {Dim::batch(), 4}}), w = graph.input("w", {Dtype::f64, {5, 4}});
  graph.output("a", slice(matmul(g, w, {.transpose_b = true}), 1, 3, 5));
  graph.output("b", tanh(g) + tanh(g));
  PassReport report;
  const Graph simple = simplify(graph, report);
  EXPECT_THAT(names(simple), ::testing::UnorderedElementsAre("slice", "matmul", "tanh", "add"));
}

// A choice by 0 or 1 that is multiplied by it, before or after; by any other number nothing may change.
TEST(Simplify, ChoosesOnce) {
  const auto written = [](bool by_truth) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {5}}), y = graph.input("y", {Dtype::f64, {5}});
    const Value c = by_truth ? less(y, constant(y, 0.5)) : y, zero = constant(x, 0.0);
    graph.output("inside", select(c, x * c, y));
    graph.output("outside", c * select(c, x, zero));
    graph.output("else", select(c, x, y) * c);  // what is not chosen is not 0
    return graph;
  };
  PassReport report;
  EXPECT_THAT(names(simplify(written(true), report)),
              ::testing::UnorderedElementsAre("constant", "less", "constant", "select", "select", "multiply"));
  EXPECT_EQ(names(simplify(written(false), report)), names(written(false)));
  // Each of these makes 0 or 1, but the last, whose 0 has a sign.
  const std::vector<std::function<Value(Value)>> makers{
      [](const Value& y) { return less_equal(y, constant(y, 0.5)); },
      [](const Value& y) { return equal(y, constant(y, 0.5)); }, [](const Value& y) { return is_finite(y); },
      [](const Value& y) { return select(y, less(y, constant(y, 0.5)), constant(y, 1.0)); },
      [](const Value& y) { return select(y, constant(y, 1.0), constant(y, -0.0)); }};
  for (std::size_t i = 0; i < makers.size(); ++i) {
    Graph graph;
    const Value y = graph.input("y", {Dtype::f64, {5}}), c = makers[i](y);
    graph.output("y", select(c, y, constant(y, 0.0)) * c);
    const std::vector<std::string> operations = names(simplify(graph, report));
    EXPECT_EQ(std::count(operations.begin(), operations.end(), "multiply"), i + 1 == makers.size() ? 1 : 0) << i;
  }
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const Tensor x = Tensor::from({5}, {nan, infinity, -0.0, 3, nan}, Dtype::f64),
               y = Tensor::from({5}, {0, 0, 0, 1, 1}, Dtype::f64);
  Executable plain = compile(written(true), {.disable = {"simplify"}}), simple = compile(written(true), {});
  const std::vector<Tensor> want = plain(std::array<View, 2>{x, y}), got = simple(std::array<View, 2>{x, y});
  for (std::size_t o = 0; o < want.size(); ++o)
    EXPECT_EQ(std::memcmp(got[o].data(), want[o].data(), want[o].bytes()), 0) << o;
}

// The gradient of cutting a value into pieces: pieces out of order fill the axis, and a hole keeps the sum.
TEST(Simplify, PutsPadsSideBySide) {
  const auto written = [](std::int64_t last) {
    Graph graph;
    const Value a = graph.input("a", {Dtype::f64, {2, 3}}), b = graph.input("b", {Dtype::f64, {2, 1}}),
                c = graph.input("c", {Dtype::f64, {2, 2}});
    graph.output("y", (pad(a, 1, 1, last + 2) + pad(b, 1, 0, last + 2)) + pad(c, 1, last, last + 2));
    return graph;
  };
  PassReport report;
  EXPECT_THAT(names(simplify(written(4), report)), ::testing::ElementsAre("concat"));
  EXPECT_THAT(names(simplify(written(5), report)), ::testing::UnorderedElementsAre("pad", "pad", "pad", "add", "add"));
  EXPECT_THAT(names(simplify(written(3), report)), ::testing::UnorderedElementsAre("pad", "pad", "pad", "add", "add"));
  Executable run = compile(written(4), {});
  const Tensor a = testing::random_tensor({2, 3}, 1), b = testing::random_tensor({2, 1}, 2),
               c = testing::random_tensor({2, 2}, 3);
  const std::vector<double> y = run(std::array<View, 3>{a, b, c})[0].values();
  for (std::size_t r = 0; r < 2; ++r) {
    EXPECT_EQ(y[6 * r], b.values()[r]);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(y[6 * r + 1 + k], a.values()[3 * r + k]);
    for (std::size_t k = 0; k < 2; ++k) EXPECT_EQ(y[6 * r + 4 + k], c.values()[2 * r + k]);
  }
}

TEST(Simplify, TrimsResultsOfLoopsThatNobodyReads) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}}), h = graph.input("h", {Dtype::f64, {2}}),
              w = graph.input("w", {Dtype::f64, {2}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
    return LoopResult{.carried = {in.carried[0] + in.scanned[0]},
                      .stacked = {exp(w * in.scanned[0])},
                      .summed = {square(in.scanned[0])}};
  });
  graph.output("h", loop.carried[0]);
  PassReport report;
  const Graph simple = simplify(graph, report);
  EXPECT_THAT(names(body_of(simple)), ::testing::ElementsAre("add"));
  EXPECT_EQ(body_of(simple).inputs().size(), 2u);  // w is captured no more
}

TEST(Simplify, LeavesALoopSomethingToRunOver) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}});
  const auto loop = scan(Dim::time(), std::span<const Value>(), std::array{x, x}, [](const Loop& step) {
    const Value same = zeros_like(step.scanned[0]);  // reads only the shape
    return LoopResult{.carried = {}, .stacked = {same, step.scanned[1]}, .summed = {}};
  });
  graph.output("zeros", loop.stacked[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({1, 2}, {3, 5}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 1>{input})[0].values(), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace elegans::graph
