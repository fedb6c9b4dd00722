// The pass outer: which products of transposed operands merge, and that no bit changes.

#include "elegans/graph/passes/outer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "elegans/graph/gradient.hpp"
#include "elegans/graph/scan.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"

namespace elegans::graph {
namespace {

using testing::body_of;
using ::testing::ElementsAre;
using testing::names;
using testing::random_tensor;
using testing::run_case;
using Values = std::vector<Value>;

Value rows(Graph& graph, const char* name, std::int64_t width) {
  return graph.input(name, {Dtype::f64, {Dim::batch(), width}});
}
Value product(const Value& a, const Value& b) { return matmul(a, b, {.transpose_a = true}); }

std::vector<std::string> options(const Graph& graph) {
  std::vector<std::string> all;
  for (const Node& node : graph.nodes())
    if (node.operation->name() == "outer_products") all.push_back(node.operation->options());
  return all;
}

// x and h meet both d; z meets one of them, and stays by itself.
TEST(Outer, MergesWhatMeetsTheSameOperands) {
  Graph graph;
  const Value x = rows(graph, "x", 3), h = rows(graph, "h", 4), z = rows(graph, "z", 5), d1 = rows(graph, "d1", 6),
              d2 = rows(graph, "d2", 7);
  graph.output("xd1", product(x, d1));
  graph.output("hd2", product(h, d2));
  graph.output("zd1", product(z, d1));
  graph.output("hd1", product(h, d1));
  graph.output("xd2", product(x, d2));
  PassReport report;
  const Graph merged = outer(graph, report);
  EXPECT_THAT(names(merged), ::testing::UnorderedElementsAre("outer_products", "matmul"));
  EXPECT_THAT(options(merged), ElementsAre("2 a' by 2 b"));
  EXPECT_THAT(report.notes, ElementsAre("4 products of transposed operands merged into 1"));
  for (std::size_t o = 0; o < graph.outputs().size(); ++o) {
    EXPECT_EQ(merged.outputs()[o].name, graph.outputs()[o].name);
    EXPECT_EQ(merged.type(merged.outputs()[o].value), graph.type(graph.outputs()[o].value));
  }
}

// The second product reads the first one; so does the third, by way of a sum.
TEST(Outer, MergesNothingThatIsNeededBefore) {
  Graph graph;
  const Value a = graph.input("a", {Dtype::f64, {4, 4}}), b = graph.input("b", {Dtype::f64, {4, 4}});
  const Value first = product(a, b), second = product(a, first), third = product(a, first + b);
  graph.output("second", second);
  graph.output("third", third);
  PassReport report;
  const Graph merged = outer(graph, report);
  EXPECT_THAT(names(merged), ElementsAre("matmul", "add", "outer_products"));
  EXPECT_THAT(report.notes,
              ElementsAre("2 products of transposed operands merged into 1", "2 joints refused: one needs the other"));
}

TEST(Outer, LeavesWideAndSingleOnesAlone) {
  Graph graph;
  const Value wide = rows(graph, "wide", widest_left + 1), x = rows(graph, "x", widest_left),
              changing = graph.input("changing", {Dtype::f64, {Dim::time(), Dim::batch()}}),
              step = graph.input("step", {Dtype::f64, {Dim::time(), 2}});
  const Value d1 = rows(graph, "d1", 2), d2 = rows(graph, "d2", widest_right), d3 = rows(graph, "d3", widest_right + 1);
  for (const auto& [name, value] : {std::pair{"wide1", product(wide, d1)},
                                    {"wide2", product(wide, d2)},
                                    {"too wide", product(x, d3)},
                                    {"changing", product(changing, step)}})
    graph.output(name, value);
  PassReport report;
  EXPECT_THAT(names(outer(graph, report)), ElementsAre("matmul", "matmul", "matmul", "matmul"));
  EXPECT_THAT(report.notes, ElementsAre("4 left alone: wider than 128 or 512 columns, or of a width that may change"));
  graph.output("x1", product(x, d1));
  EXPECT_THAT(options(outer(graph, report)), ElementsAre());  // a single one
  graph.output("x2", product(x, d2));
  EXPECT_THAT(options(outer(graph, report)), ElementsAre("1 a' by 2 b"));
}

// All products of so many x with so many d.
Graph all_pairs(int left, int right) {
  Graph graph;
  Values xs, ds;
  for (int i = 0; i < left; ++i) xs.push_back(rows(graph, ("x" + std::to_string(i)).c_str(), 2));
  for (int i = 0; i < right; ++i) ds.push_back(rows(graph, ("d" + std::to_string(i)).c_str(), 2));
  for (const Value& x : xs)
    for (const Value& d : ds) graph.output("y" + std::to_string(graph.outputs().size()), product(x, d));
  return graph;
}

TEST(Outer, TakesSoManyOperands) {
  PassReport report;
  EXPECT_THAT(options(outer(all_pairs(1, 14), report)), ElementsAre("1 a' by 12 b", "1 a' by 2 b"));
  EXPECT_THAT(report.notes, ElementsAre("14 products of transposed operands merged into 2",
                                        "2 joints refused: more than 12 left operands, 12 right ones or 36 products"));
  EXPECT_THAT(options(outer(all_pairs(14, 1), report)), ElementsAre("12 a' by 1 b", "2 a' by 1 b"));
  EXPECT_THAT(options(outer(all_pairs(8, 8), report)), ElementsAre("4 a' by 8 b", "4 a' by 8 b"));
  // What an executable takes of operands and results.
  for (const auto& [left, right] : {std::pair{12, 3}, {3, 12}, {6, 6}, {8, 8}, {12, 12}})
    EXPECT_NO_THROW(compile(all_pairs(left, right), {.reserve = {.batch = 2}})) << left << " by " << right;
}

// The gradients of two gates' weights in x and in the state, made once behind the loop.
Values two_gates(const Values& in) {
  const Value x = in[0], h0 = in[1];
  const LoopResult loop = scan(Dim::time(), std::array{h0}, std::array{x}, [&](const Loop& at) {
    const Value h = at.carried[0], now = at.scanned[0];
    const Value gate = sigmoid(matmul(now, in[2]) + matmul(h, in[3]));
    const Value next = gate * tanh(matmul(now, in[4]) + matmul(h, in[5])) + (1.0 - gate) * h;
    return LoopResult{.carried = {next}, .stacked = {next}, .summed = {}};
  });
  return {loop.carried[0], loop.stacked[0]};
}

testing::GradientCase two_gates_case(std::vector<std::string> disable, kernels::Target target) {
  return {.inputs = {random_tensor({4, 3, 3}, 1), random_tensor({3, 5}, 2), random_tensor({3, 5}, 3),
                     random_tensor({5, 5}, 4), random_tensor({3, 5}, 5), random_tensor({5, 5}, 6)},
          .write = two_gates,
          .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::batch(), 5}, {3, 5}, {5, 5}, {3, 5}, {5, 5}},
          .reserve = {.batch = 4, .time = 5},
          .disable = std::move(disable),
          .target = target};
}

TEST(Outer, GradientsMatchDifferences) { testing::check_gradient(two_gates_case({}, kernels::Target::scalar)); }

TEST(Outer, ChangesNoBit) {
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
    const auto merged = run_case(two_gates_case({}, target));
    const auto apart = run_case(two_gates_case({"outer"}, target));
    ASSERT_EQ(merged.gradients.size(), 6U);
    for (std::size_t i = 0; i < merged.gradients.size(); ++i) {
      const std::vector<double> a = merged.gradients[i].values(), b = apart.gradients[i].values();
      ASSERT_EQ(a.size(), b.size());
      EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(double)), 0) << "gradient " << i;
    }
  }
}

TEST(Outer, MergesGradientsOfALoop) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch(), 3}}), h = rows(graph, "h", 5);
  Values weights;
  for (const auto& [name, k] : {std::pair{"a", 3}, {"b", 5}, {"c", 3}, {"d", 5}})
    weights.push_back(graph.input(name, {Dtype::f64, {k, 5}}));
  const Values y = two_gates({x, h, weights[0], weights[1], weights[2], weights[3]});
  const Values gradient = gradients(sum(y[0]), weights);
  for (std::size_t i = 0; i < 4; ++i) graph.output("g" + std::to_string(i), gradient[i]);
  std::vector<PassReport> reports;
  const Graph result = optimise(std::move(graph), reports, {});
  EXPECT_THAT(options(result), ElementsAre("2 a' by 2 b")) << to_string(result);
}

}  // namespace
}  // namespace elegans::graph
