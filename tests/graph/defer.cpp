// What is done to every term of a sum is done to the sum.

#include "elegans/graph/passes/defer.hpp"

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
using testing::names;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

// Σ_t term(x[t], w, h[t]) of x [time, 3, batch], weights w [3] and a carried h [3, batch].
using Term = std::function<Value(Value x, Value w, Value h)>;

Graph graph_of(const Term& term) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 3, Dim::batch()}}),
              w = graph.input("w", {Dtype::f64, {3}}), h = graph.input("h", {Dtype::f64, {3, Dim::batch()}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
    return LoopResult{
        .carried = {in.carried[0] * in.scanned[0]}, .stacked = {}, .summed = {term(in.scanned[0], w, in.carried[0])}};
  });
  graph.output("sum", loop.summed[0]);
  return graph;
}

std::vector<double> values_of(Graph graph) {
  const Tensor x = testing::random_tensor({5, 3, 2}, 1), w = testing::random_tensor({3}, 2),
               h = testing::random_tensor({3, 2}, 3);
  const std::array<View, 3> inputs{x, w, h};
  return compile(std::move(graph), {.reserve = {.batch = 2, .time = 5}, .disable = {"defer"}})(inputs)[0].values();
}

Graph deferred(const Term& term) {
  PassReport report;
  Graph changed = defer(graph_of(term), report);
  check(changed);
  const std::vector<double> got = values_of(changed), want = values_of(graph_of(term));
  // 10 products below 1, added up in another order.
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 10 * 10 * 2.3e-16);
  return changed;
}

Value column(Value w) { return reshape(w, {3, 1}); }

TEST(Defer, TakesSumsOverTheBatchOut) {
  const Graph graph = deferred([](Value x, Value, Value) { return reduce_sum(square(x), 1); });
  EXPECT_THAT(names(body_of(graph)), UnorderedElementsAre("multiply", "square"));
  EXPECT_THAT(names(graph), ElementsAre("scan", "reduce_sum"));
  // A sum over features stays: it makes less of what is added up.
  EXPECT_THAT(names(body_of(deferred([](Value x, Value, Value) { return reduce_sum(x, 0); }))),
              UnorderedElementsAre("multiply", "reduce_sum"));
}

TEST(Defer, TakesFactorsAndSignsOut) {
  const Graph graph = deferred([](Value x, Value w, Value) { return -(column(w) * tanh(x)); });
  EXPECT_THAT(names(body_of(graph)), UnorderedElementsAre("multiply", "tanh"));
  EXPECT_THAT(names(graph), UnorderedElementsAre("scan", "reshape", "multiply", "negate"));
}

TEST(Defer, TakesAFactorOutOfAProductInside) {
  const Graph graph = deferred([](Value x, Value w, Value h) { return reduce_sum(h * (column(w) * tanh(x)), 1); });
  EXPECT_THAT(names(body_of(graph)), UnorderedElementsAre("multiply", "tanh", "multiply"));
  EXPECT_THAT(names(graph), UnorderedElementsAre("scan", "reshape", "multiply", "reduce_sum"));
}

// Where the product is a term of two sums, one of them over samples, and where it is also what is carried on.
TEST(Defer, LeavesWhatIsReadElsewhere) {
  for (const bool is_carried : {false, true}) {
    Graph graph;
    const Value h = graph.input("h", {Dtype::f64, {3, Dim::batch()}}), w = graph.input("w", {Dtype::f64, {3}});
    const LoopResult loop = scan(Dim(4), std::array{h}, {}, [&](const Loop& in) {
      const Value product = column(w) * in.carried[0], other = is_carried ? tanh(product) : reduce_sum(product, 1);
      return LoopResult{.carried = {is_carried ? product : tanh(product)}, .stacked = {}, .summed = {product, other}};
    });
    graph.output("sums", loop.summed[0] + (is_carried ? loop.summed[1] : reshape(loop.summed[1], {3, 1})));
    PassReport report;
    const Graph changed = defer(graph, report);
    check(changed);
    EXPECT_THAT(names(body_of(changed)), UnorderedElementsAre("multiply", "tanh"));
    std::vector<std::string> outside{"reshape", "scan", "add"};
    if (!is_carried) outside.insert(outside.end(), {"reduce_sum", "reshape"});
    EXPECT_THAT(names(changed), UnorderedElementsAreArray(outside));
    const Tensor h0 = testing::random_tensor({3, 2}, 1), w0 = testing::random_tensor({3}, 2);
    const std::array<View, 2> inputs{h0, w0};
    const auto values = [&](const Graph& of) {
      return compile(of, {.reserve = {.batch = 2}, .disable = {"defer"}})(inputs)[0].values();
    };
    const std::vector<double> got = values(changed), want = values(graph);
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 4 * 2 * 4 * 2.3e-16);
  }
}

// a · (c · b) is a product of rows and columns at every step; a · b, or (a · b) · c, is none.
TEST(Defer, LeavesProductsThatCannotBeTakenApart) {
  for (const auto& [a, b, c] : {std::array<Shape, 3>{Shape{2, 3, 1}, Shape{1, 3, 4}, Shape{2, 3, 4}},
                                std::array<Shape, 3>{Shape{2, 1, 1}, Shape{1, 1, 4}, Shape{2, 3, 4}}}) {
    Graph graph;
    const auto input = [&](const char* name, const Shape& shape) { return graph.input(name, {Dtype::f64, shape}); };
    const Value as = input("a", a.inserted(0, Dim::time())), bs = input("b", b.inserted(0, Dim::time())),
                factor = input("c", c);
    const LoopResult loop = scan(Dim::time(), {}, std::array{as, bs}, [&](const Loop& in) {
      return LoopResult{.carried = {}, .stacked = {}, .summed = {in.scanned[0] * (factor * in.scanned[1])}};
    });
    graph.output("sum", loop.summed[0]);
    PassReport report;
    const Graph changed = defer(graph, report);
    check(changed);
    EXPECT_EQ(names(body_of(changed)), names(body_of(graph)));
  }
}

// No terms, and terms of one step.
TEST(Defer, SumsAreThoseOfAnyNumberOfSteps) {
  const Term term = [](Value x, Value w, Value h) { return -reduce_sum(h * (column(w) * tanh(x)), 1); };
  for (const std::int64_t steps : {0, 1}) {
    const Tensor x = testing::random_tensor({steps, 3, 2}, 1), w = testing::random_tensor({3}, 2),
                 h = testing::random_tensor({3, 2}, 3);
    const std::array<View, 3> inputs{x, w, h};
    const auto values = [&](std::vector<std::string> disable) {
      return compile(graph_of(term), {.reserve = {.batch = 2, .time = 5}, .disable = std::move(disable)})(inputs)[0]
          .values();
    };
    const std::vector<double> got = values({}), want = values({"defer"});
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 4 * 2.3e-16);
  }
}

// An inner loop's factor is one of the outer loop's sum, and leaves that, too.
TEST(Defer, LeavesSeveralLoops) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 3, Dim::batch()}}),
              w = graph.input("w", {Dtype::f64, {3}}), h = graph.input("h", {Dtype::f64, {3, Dim::batch()}});
  const LoopResult outer = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
    const LoopResult inner = scan(Dim(2), in.carried, {}, [&](const Loop& unfold) {
      const Value v = tanh(unfold.carried[0] + in.scanned[0]);
      return LoopResult{.carried = {v}, .stacked = {}, .summed = {reduce_sum(column(w) * v, 1)}};
    });
    return LoopResult{.carried = inner.carried, .stacked = {}, .summed = inner.summed};
  });
  graph.output("sum", outer.summed[0]);
  PassReport report;
  const Graph changed = defer(graph, report);
  check(changed);
  EXPECT_THAT(names(changed), UnorderedElementsAre("reshape", "scan", "multiply", "reduce_sum"));
  EXPECT_THAT(names(body_of(body_of(changed))), UnorderedElementsAre("add", "tanh"));
  const std::vector<double> got = values_of(changed), want = values_of(graph);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 20 * 20 * 2.3e-16);
}

}  // namespace
}  // namespace elegans::graph
