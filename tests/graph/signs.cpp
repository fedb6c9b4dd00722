// Negations go on to what takes them in, and change no value.

#include "elegans/graph/passes/signs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/scan.hpp"
#include "support/graphs.hpp"
#include "support/random_tensor.hpp"

namespace elegans::graph {
namespace {

using testing::body_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::names;
using ::testing::UnorderedElementsAre;
using Written = std::function<Value(Value, Value)>;

Graph graph_of(const Written& write, const Shape& a = {3}, const Shape& b = {3}) {
  Graph graph;
  const Value x = graph.input("a", {Dtype::f64, a}), y = graph.input("b", {Dtype::f64, b});
  graph.output("y", write(x, y));
  return graph;
}

std::vector<double> values_of(Graph graph) {
  const auto given = [&](std::size_t i) {
    return testing::random_tensor(graph.type(graph.inputs()[i].value).shape, i);
  };
  const Tensor a = given(0), b = given(1);
  const std::array<View, 2> inputs{a, b};
  return compile(std::move(graph), {.disable = {"signs", "simplify", "fuse"}})(inputs)[0].values();
}

// The operations after the pass; the values are those before it, to the bit.
std::vector<std::string> after(const Written& write) {
  PassReport report;
  Graph changed = signs(graph_of(write), report);
  check(changed);
  const std::vector<std::string> left = names(changed);
  EXPECT_EQ(values_of(std::move(changed)), values_of(graph_of(write)));
  return left;
}

TEST(Signs, AreTakenInBySumsAndDifferences) {
  EXPECT_THAT(after([](Value a, Value b) { return a + -b; }), ElementsAre("subtract"));
  EXPECT_THAT(after([](Value a, Value b) { return -a + b; }), ElementsAre("subtract"));
  EXPECT_THAT(after([](Value a, Value b) { return a - -b; }), ElementsAre("add"));
  EXPECT_THAT(after([](Value a, Value b) { return -a - -b; }), ElementsAre("subtract"));
  EXPECT_THAT(after([](Value a, Value b) { return -a + -b; }), ElementsAre("add", "negate"));
  EXPECT_THAT(after([](Value a, Value b) { return -a - b; }), ElementsAre("add", "negate"));
}

TEST(Signs, GoOnThroughProductsQuotientsAndSums) {
  EXPECT_THAT(after([](Value a, Value b) { return b - (-a) * b; }), ElementsAre("multiply", "add"));
  EXPECT_THAT(after([](Value a, Value b) { return b + a / -b; }), ElementsAre("divide", "subtract"));
  EXPECT_THAT(after([](Value a, Value b) { return -a * -b; }), ElementsAre("multiply"));
  EXPECT_THAT(after([](Value a, Value b) {
                return b - reduce_sum(reshape(-a, {1, 3}), 0);
              }),
              ElementsAre("reshape", "reduce_sum", "add"));
}

TEST(Signs, AreNothingWhereTheyDoNotCount) {
  EXPECT_THAT(after([](Value a, Value b) { return square(-a) + abs(-b); }),
              UnorderedElementsAre("square", "absolute", "add"));
  EXPECT_THAT(after([](Value a, Value b) { return -(-a) * b; }), ElementsAre("multiply"));
}

TEST(Signs, AreComputedOnceWhereNothingTakesThemIn) {
  EXPECT_THAT(after([](Value a, Value b) {
                const Value minus = -a;
                return tanh(minus) * sigmoid(minus) + b;
              }),
              UnorderedElementsAre("negate", "tanh", "sigmoid", "multiply", "add"));
  EXPECT_THAT(after([](Value a, Value) { return -a; }), ElementsAre("negate"));
}

// A few weights are negated, and not the many products with them.
TEST(Signs, DoNotGoOnToLargerResults) {
  PassReport report;
  const auto expect = [&](const Written& write, const std::vector<std::string>& left) {
    const Graph changed = signs(graph_of(write, {1}, {5}), report);
    EXPECT_THAT(names(changed), ::testing::ElementsAreArray(left));
    EXPECT_EQ(values_of(changed), values_of(graph_of(write, {1}, {5})));
  };
  expect([](Value a, Value b) { return tanh(-a * b); }, {"negate", "multiply", "tanh"});
  expect([](Value a, Value b) { return tanh(-a - b); }, {"negate", "subtract", "tanh"});
  EXPECT_THAT(report.notes, IsEmpty());
  expect([](Value a, Value b) { return b - (-a); }, {"add"});
}

// Two products of one negated value would both have to be negated; sums take its sign in however many they are.
TEST(Signs, DoNotGoOnFromWhatOthersRead) {
  EXPECT_THAT(after([](Value a, Value b) {
                const Value minus = -a;
                return tanh(minus * b) + sigmoid(minus * a);
              }),
              UnorderedElementsAre("negate", "multiply", "multiply", "tanh", "sigmoid", "add"));
  EXPECT_THAT(after([](Value a, Value b) {
                const Value minus = -a;
                return tanh(minus + b) + sigmoid(b - minus);
              }),
              UnorderedElementsAre("subtract", "add", "tanh", "sigmoid", "add"));
}

TEST(Signs, NeitherEnterNorLeaveLoops) {
  Graph graph;
  const Value a = graph.input("a", {Dtype::f64, {3}}), b = graph.input("b", {Dtype::f64, {3}});
  const LoopResult loop = scan(Dim(2), std::array{-a}, {}, [&](const Loop& in) {
    return LoopResult{.carried = {in.carried[0] + -(in.carried[0] * b)}, .stacked = {}, .summed = {-in.carried[0]}};
  });
  graph.output("y", loop.carried[0] - loop.summed[0]);
  PassReport report;
  const Graph changed = signs(graph, report);
  check(changed);
  EXPECT_THAT(names(changed), ElementsAre("negate", "scan", "subtract"));
  EXPECT_THAT(names(body_of(changed)), ElementsAre("multiply", "subtract", "negate"));
  EXPECT_THAT(report.notes, ElementsAre("1 negations taken in by sums and products"));
  EXPECT_EQ(values_of(changed), values_of(graph));
}

}  // namespace
}  // namespace elegans::graph
