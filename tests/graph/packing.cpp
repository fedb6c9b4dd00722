// The passes pack and merge: values and gradients stay, and products become what the headers draw.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "elegans/graph/functions.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/graph/passes/affine.hpp"
#include "elegans/graph/passes/hoist.hpp"
#include "elegans/graph/passes/merge.hpp"
#include "elegans/graph/passes/pack.hpp"
#include "elegans/graph/scan.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"

namespace elegans::graph {
namespace {

using testing::body_of;
using testing::GradientCase;
using testing::names;
using testing::random_tensor;
using testing::run_case;
using Values = std::vector<Value>;

const ops::PackedLayout& layout_in(const Graph& graph) {
  for (const Node& node : graph.nodes())
    if (const auto* product = dynamic_cast<const ops::PackedMatmul*>(node.operation.get())) return *product->layout();
  throw std::logic_error("the graph has no packed product");
}

// Of 4 × 5 places all but every fourth.
ops::ConnectionsPtr circuit() {
  std::vector<std::uint32_t> source, target;
  for (std::uint32_t i = 0; i < 20; ++i)
    if (i % 4 != 1) {
      source.push_back(i / 5);
      target.push_back(i % 5);
    }
  return std::make_shared<ops::Connections>(4, 5, source, target);
}

// Two gates that read x and h, one of them over a circuit, with x the result of a product of the carried value.
Values gated(const Values& in) {
  const Value x = in[0], h0 = in[1], u = in[2], w1 = in[3], w2 = in[4], u1 = in[5], u2 = in[6];
  const auto c = circuit();
  const LoopResult result = scan(Dim::time(), std::array{h0}, std::array{x}, [&](const Loop& loop) {
    const Value h = loop.carried[0], y = tanh(matmul(h, u) + loop.scanned[0]);
    const Value gate = sigmoid(matmul(y, w1) + matmul(h, u1));
    const Value next = gate * tanh(sparse_matmul(y, w2, c) + matmul(h, u2)) + (1.0 - gate) * h;
    return LoopResult{.carried = {next}, .stacked = {next}, .summed = {}};
  });
  return {result.carried[0], result.stacked[0]};
}

GradientCase gated_case(std::vector<std::string> disable) {
  return {
      .inputs = {random_tensor({4, 3, 4}, 1), random_tensor({3, 5}, 2), random_tensor({5, 4}, 3),
                 random_tensor({4, 5}, 4), random_tensor({15}, 5), random_tensor({5, 5}, 6), random_tensor({5, 5}, 7)},
      .write = gated,
      .shapes = {{Dim::time(), Dim::batch(), 4}, {Dim::batch(), 5}, {5, 4}, {4, 5}, {15}, {5, 5}, {5, 5}},
      .reserve = {.batch = 4, .time = 5},
      .disable = std::move(disable)};
}

TEST(Packing, GradientsMatchDifferences) { testing::check_gradient(gated_case({})); }

void expect_near(const std::vector<Tensor>& got, const std::vector<Tensor>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto a = got[i].values(), b = want[i].values();
    // Sums of up to 10 terms in another order, through 4 steps.
    for (std::size_t k = 0; k < b.size(); ++k)
      EXPECT_NEAR(a[k], b[k], 4 * 12 * 10 * 2.3e-16 * std::max(1.0, std::abs(b[k]))) << i;
  }
}

TEST(Packing, EachPassCanBeSwitchedOff) {
  const auto plain = run_case(gated_case({"pack", "merge", "hoist", "fuse"}));
  for (const std::vector<std::string>& disable : std::vector<std::vector<std::string>>{
           {}, {"pack"}, {"merge"}, {"hoist"}, {"fuse"}, {"merge", "fuse"}, {"hoist", "merge"}}) {
    const auto result = run_case(gated_case(disable));
    expect_near(result.outputs, plain.outputs);
    expect_near(result.gradients, plain.gradients);
  }
}

TEST(Packing, FusingChangesNoBit) {
  const auto fused = run_case(gated_case({}));
  const auto plain = run_case(gated_case({"fuse"}));
  for (std::size_t i = 0; i < fused.outputs.size(); ++i)
    EXPECT_EQ(fused.outputs[i].values(), plain.outputs[i].values());
  for (std::size_t i = 0; i < fused.gradients.size(); ++i)
    EXPECT_EQ(fused.gradients[i].values(), plain.gradients[i].values());
}

// h is read by two products and by what is none, in between: its gradient adds up two products, then the rest.
TEST(Packing, ProductsOfAGradientBecomeOne) {
  Graph graph;
  const Value h0 = graph.input("h", {Dtype::f64, {Dim::batch(), 2}}), u = graph.input("u", {Dtype::f64, {2, 3}}),
              v = graph.input("v", {Dtype::f64, {2, 3}});
  const LoopResult loop = scan(Dim::time(), std::array{h0}, {}, [&](const Loop& in) {
    const Value h = in.carried[0];
    const Value a = tanh(matmul(h, u)), rest = h * h, b = sigmoid(matmul(h, v));
    return LoopResult{.carried = {rest * reduce_sum(a * b, -1, Keep::yes)}, .stacked = {}, .summed = {}};
  });
  graph.output("gradient", gradients(sum(loop.carried[0]), std::array{h0})[0]);
  std::vector<PassReport> reports;
  const Graph result = optimise(std::move(graph), reports, {.disable = std::array<std::string, 1>{"fuse"}});
  std::vector<std::string> products;
  for (const Node& node : result.nodes())
    if (const Scan* scan = as_scan(node); scan != nullptr && node.scope.find("gradient") != std::string::npos)
      for (const Node& inner : scan->body().nodes())
        if (inner.operation->name() == "packed_matmul") products.push_back(inner.operation->options());
  EXPECT_THAT(products, ::testing::Contains("3 + 3 by 2")) << to_string(result);
}

TEST(Packing, MatricesOfALoopArePackedInFrontOfIt) {
  Graph graph;
  const Value h = graph.input("h", {Dtype::f64, {Dim::batch(), 2}}), u = graph.input("u", {Dtype::f64, {2, 2}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, {}, [&](const Loop& in) {
    return LoopResult{.carried = {tanh(matmul(in.carried[0], u, {.transpose_b = true}))}, .stacked = {}, .summed = {}};
  });
  graph.output("h", loop.carried[0]);
  PassReport first, second;
  const Graph packed = hoist(pack(graph, first), second);
  EXPECT_THAT(names(packed), ::testing::ElementsAre("pack", "scan"));
  EXPECT_THAT(names(body_of(packed)), ::testing::ElementsAre("packed_matmul", "tanh"));
  EXPECT_THAT(first.notes, ::testing::ElementsAre("1 matrices of products packed"));
}

// A matrix that the loop changes, one of constantly many rows, one that is large, a circuit with few connections.
TEST(Packing, RefusesWhatWouldNotGain) {
  Graph graph;
  const Value h = graph.input("h", {Dtype::f32, {2, 2}}), x = graph.input("x", {Dtype::f32, {Dim::batch(), 2}}),
              wide = graph.input("wide", {Dtype::f32, {Dim::batch(), 129}}),
              large = graph.input("large", {Dtype::f32, {129, 129}}), w = graph.input("w", {Dtype::f32, {1}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, {}, [&](const Loop& in) {
    return LoopResult{.carried = {matmul(h, in.carried[0])}, .stacked = {}, .summed = {}};
  });
  graph.output("loop", loop.carried[0]);
  graph.output("rows", matmul(h, h));
  graph.output("large", matmul(wide, large));
  const auto one =
      std::make_shared<ops::Connections>(2, 2, std::vector<std::uint32_t>{1}, std::vector<std::uint32_t>{0});
  graph.output("sparse", sparse_matmul(x, w, one));
  PassReport report;
  const Graph packed = pack(graph, report);
  EXPECT_THAT(names(packed), ::testing::ElementsAre("scan", "matmul", "matmul", "sparse_matmul"));
  EXPECT_THAT(report.notes,
              ::testing::ElementsAre(
                  "1 circuits refused: too few of their connections exist",
                  "2 products refused: their matrix changes at every step, or they have a constant number of rows",
                  "1 products refused: no side of their matrix is at most 128"));
}

// One connection of three that could exist is enough, one of four is not.
TEST(Packing, TakesCircuitsOfMoreThanAQuarter) {
  for (const std::size_t targets : {3, 4}) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 1}}), w = graph.input("w", {Dtype::f32, {1}});
    const auto one =
        std::make_shared<ops::Connections>(1, targets, std::vector<std::uint32_t>{0}, std::vector<std::uint32_t>{2});
    graph.output("y", sparse_matmul(x, w, one));
    PassReport report;
    const std::vector<std::string> operations = names(pack(graph, report));
    if (targets == 3) {
      EXPECT_THAT(operations, ::testing::ElementsAre("pack", "packed_matmul"));
      EXPECT_THAT(report.notes,
                  ::testing::ElementsAre("1 circuits packed: more than one in 4 of their connections exists"));
    } else {
      EXPECT_THAT(operations, ::testing::ElementsAre("sparse_matmul"));
    }
  }
}

// Few connections stay connections: their weights are brought into the order of the sums once, in front of a loop.
TEST(Packing, BringsOtherCircuitsIntoTheOrderOfTheirSums) {
  const auto few = std::make_shared<ops::Connections>(6, 5, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5},
                                                      std::vector<std::uint32_t>{4, 1, 3, 0, 1, 4});
  const auto written = [&] {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch(), 6}}),
                w = graph.input("w", {Dtype::f64, {6}}), h = graph.input("h", {Dtype::f64, {Dim::batch(), 5}});
    const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
      const Value back = sparse_matmul(tanh(in.carried[0]), w, few, ops::End::source);
      return LoopResult{.carried = {sparse_matmul(in.scanned[0] + back, w, few)}, .stacked = {back}, .summed = {}};
    });
    graph.output("h", loop.carried[0]);
    graph.output("back", loop.stacked[0]);
    graph.output("outside", sparse_matmul(reshape(loop.stacked[0], {Dim::time() * Dim::batch(), 6}), w, few));
    return graph;
  };
  PassReport report;
  const Graph packed = pack(written(), report), moved = hoist(packed, report);
  EXPECT_THAT(report.notes, ::testing::Contains("2 circuits in the order of their sums"));  // by source they are
  EXPECT_THAT(names(body_of(moved)), ::testing::Not(::testing::Contains("gather"))) << to_string(moved);
  Executable with = compile(written(), {.reserve = {.batch = 3, .time = 4}}),
             without = compile(written(), {.reserve = {.batch = 3, .time = 4}, .disable = {"pack"}});
  const Tensor x = random_tensor({4, 3, 6}, 1), w = random_tensor({6}, 2), h = random_tensor({3, 5}, 3);
  const std::vector<Tensor> a = with(std::array<View, 3>{x, w, h}), b = without(std::array<View, 3>{x, w, h});
  for (std::size_t o = 0; o < b.size(); ++o) EXPECT_EQ(a[o].values(), b[o].values()) << o;
}

TEST(Packing, SumsAndProductsOfOneOperandBecomeOneProduct) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}}),
              h = graph.input("h", {Dtype::f32, {Dim::batch(), 4}});
  const auto matrix = [&](const char* name, std::int64_t k, std::int64_t n) {
    return graph.input(name, {Dtype::f32, {k, n}});
  };
  const Value b = graph.input("b", {Dtype::f32, {5}});
  graph.output("y", (matmul(h, matrix("u1", 4, 5)) + matmul(x, matrix("w1", 3, 5))) + b);
  graph.output("z", matmul(x, matrix("w2", 3, 7)) + matmul(h, matrix("u2", 4, 7)));
  graph.output("alone", matmul(h, matrix("u3", 4, 2)));
  PassReport first, second;
  const Graph merged = merge(pack(graph, first), second);
  EXPECT_THAT(names(merged), ::testing::UnorderedElementsAre("pack", "packed_matmul", "add", "pack", "packed_matmul"));
  const ops::PackedLayout& layout = layout_in(merged);
  EXPECT_EQ(layout.depth(), (std::vector<std::size_t>{3, 4}));
  EXPECT_EQ(layout.width(), (std::vector<std::size_t>{5, 7}));
  EXPECT_THAT(second.notes,
              ::testing::ElementsAre("4 products merged into 2 sums", "2 products of the same operands merged into 1"));
}

// A product that something else reads stays a result of its own; one of another width is no term; and what a product
// needs of another cannot be done with it in one sweep.
TEST(Packing, MergesNothingThatIsNeededApart) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}}), w = graph.input("w", {Dtype::f32, {3, 4}}),
              one = graph.input("one", {Dtype::f32, {3, 1}});
  const Value p = matmul(x, w), sum = p + matmul(x, one);
  graph.output("p", p);
  graph.output("sum", sum);
  const Value scale = reduce_sum(sum, 0, Keep::yes);  // [1, 4]
  graph.output("late", matmul(x, w * scale));
  PassReport first, second;
  const Graph merged = merge(pack(graph, first), second);
  const auto all = names(merged);
  EXPECT_EQ(std::count(all.begin(), all.end(), "packed_matmul"), 2);
  EXPECT_EQ(layout_in(merged).width(), (std::vector<std::size_t>{4, 1}));
  EXPECT_THAT(second.notes, ::testing::ElementsAre("2 products of the same operands merged into 1",
                                                   "1 joints refused: another operation lies between"));
}

// The columns that a term's products have in all, of x [batch, depth] times matrices of these widths; and of matrices of
// constantly many rows, which are packed for their order.
std::vector<std::size_t> beside_of(std::int64_t depth, const std::vector<std::int64_t>& widths,
                                   const std::function<void(Graph&, Value)>& more = {}, Dim rows = Dim::batch()) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {rows, depth}});
  for (std::size_t i = 0; i < widths.size(); ++i)
    graph.output(std::to_string(i), matmul(x, graph.input("w" + std::to_string(i), {Dtype::f32, {depth, widths[i]}})));
  if (more) more(graph, x);
  PassReport report;
  const Graph packed = pack(graph, report);
  const std::vector<std::string> all = names(packed);
  if (std::count(all.begin(), all.end(), "packed_matmul") == 0) return {};
  PassReport second;
  return layout_in(merge(packed, second)).beside();
}

TEST(Packing, SumsFewColumnsInSeveralChains) {
  using Columns = std::vector<std::size_t>;
  EXPECT_EQ(beside_of(12, {3}), Columns{3});
  EXPECT_EQ(beside_of(11, {3}), Columns{0});  // too few to add up
  EXPECT_EQ(beside_of(12, {30, 34}), Columns{64});
  EXPECT_EQ(beside_of(12, {30, 35}), Columns{0});
  EXPECT_EQ(beside_of(12, {5}, {}, 4), Columns{5});
  EXPECT_EQ(beside_of(12, {65}, {}, 4), Columns{});
  // What a gradient needs, and sums along connections, are in one chain, and so is all that reads the same operand.
  EXPECT_EQ(beside_of(12, {3},
                      [](Graph& graph, Value x) {
                        graph.output("b'", matmul(x, graph.input("t", {Dtype::f32, {3, 12}}), {.transpose_b = true}));
                      }),
            Columns{0});
  EXPECT_EQ(beside_of(6, {},
                      [](Graph& graph, Value x) {
                        const Value wide = concat(std::array{x, x}, 1);
                        graph.output("w", matmul(wide, graph.input("w", {Dtype::f32, {12, 5}})));
                      }),
            Columns{5});
  EXPECT_EQ(beside_of(12, {},
                      [](Graph& graph, Value x) {
                        std::vector<std::uint32_t> source(12), target(12, 0);
                        for (std::uint32_t i = 0; i < 12; ++i) source[i] = i;
                        const auto all = std::make_shared<ops::Connections>(12, 1, source, target);
                        graph.output("circuit", sparse_matmul(x, graph.input("s", {Dtype::f32, {12}}), all));
                        graph.output("w", matmul(x, graph.input("w", {Dtype::f32, {12, 5}})));
                      }),
            Columns{0});
}

// What another scope reads of the operand changes no chain, for in a loop with checkpoints it reads another value; products
// of other chains stay apart.
TEST(Packing, ChainsAreThoseOfAScope) {
  for (const std::int64_t second : {20, 16}) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 12}});
    graph.set_scope("a");
    graph.output("a", matmul(x, graph.input("w", {Dtype::f32, {12, 16}})));
    graph.set_scope("b");
    graph.output("b", matmul(x, graph.input("v", {Dtype::f32, {12, second}})));
    PassReport report, merged;
    const Graph packed = merge(pack(graph, report), merged);
    EXPECT_EQ(layout_in(packed).beside(), std::vector<std::size_t>{16});
    EXPECT_THAT(merged.notes, ::testing::ElementsAre("1 joints refused: terms are summed in other chains"));
  }
}

// Another operand's chains are its own, and a bias has none.
TEST(Packing, TermsKeepTheirChains) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}}),
              h = graph.input("h", {Dtype::f32, {Dim::batch(), 12}}), b = graph.input("b", {Dtype::f32, {5}});
  graph.output("y", (matmul(x, graph.input("w", {Dtype::f32, {3, 5}})) + b) +
                        matmul(h, graph.input("u", {Dtype::f32, {12, 5}})));
  PassReport report;
  const ops::PackedLayout layout = layout_in(affine(merge(pack(graph, report), report), report));
  EXPECT_EQ(layout.depth(), (std::vector<std::size_t>{3, 1, 12}));
  EXPECT_EQ(layout.beside(), (std::vector<std::size_t>{0, 0, 5}));
}

// Sums of three products of which some share operands: with and without packing and merging. Of few numbers each, for those of
// many are summed in several chains.
TEST(Packing, KeepsEveryBitOfMatrices) {
  const auto run = [](std::vector<std::string> disable) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 7}});
    for (int i = 0; i < 3; ++i)
      graph.output(std::to_string(i), matmul(x, graph.input("w" + std::to_string(i), {Dtype::f32, {7, 3 + 20 * i}})));
    const Value s = graph.input("s", {Dtype::f32, {7, 7}});
    graph.output("sum", matmul(x * x, s) + (matmul(x, s) + matmul(tanh(x), s, {.transpose_b = true})));
    Executable executable = compile(std::move(graph), {.reserve = {.batch = 19}, .disable = std::move(disable)});
    std::vector<Tensor> inputs{random_tensor({19, 7}, 1).to(Dtype::f32)};
    for (int i = 0; i < 3; ++i)
      inputs.push_back(random_tensor({7, 3 + 20 * i}, static_cast<std::uint64_t>(2 + i)).to(Dtype::f32));
    inputs.push_back(random_tensor({7, 7}, 9).to(Dtype::f32));
    std::vector<View> views(inputs.begin(), inputs.end());
    std::vector<std::vector<double>> values;
    for (const Tensor& output : executable(views)) values.push_back(output.values());
    return values;
  };
  EXPECT_EQ(run({"merge"}), run({"pack"}));
  EXPECT_EQ(run({}), run({"pack"}));
}

// An infinite number that has no connection to a target must not reach it, forward and in the gradient.
TEST(Packing, AbsentConnectionsMakeNoNaN) {
  const auto c =
      std::make_shared<ops::Connections>(2, 2, std::vector<std::uint32_t>{0, 1}, std::vector<std::uint32_t>{0, 1});
  const auto run = [&](std::vector<std::string> disable) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {Dim::batch(), 2}}), w = graph.input("w", {Dtype::f64, {2}}),
                g = graph.input("g", {Dtype::f64, {Dim::batch(), 2}});
    const Value y = sparse_matmul(x, w, c);
    graph.output("y", y);
    const auto dx = gradients(std::array{y}, std::array{g}, std::array{x, w});
    graph.output("dx", *dx[0]);
    graph.output("dw", *dx[1]);
    Executable executable = compile(std::move(graph), {.reserve = {.batch = 3}, .disable = std::move(disable)});
    const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const Tensor inputs[3] = {Tensor::from({3, 2}, {1, infinity, nan, 2, 3, 4}, Dtype::f64),
                              Tensor::from({2}, {5, 7}, Dtype::f64),
                              Tensor::from({3, 2}, {1, 1, -infinity, 2, nan, 1}, Dtype::f64)};
    std::vector<std::vector<double>> values;
    for (const Tensor& output : executable(std::array<View, 3>{inputs[0], inputs[1], inputs[2]}))
      values.push_back(output.values());
    return values;
  };
  const auto packed = run({}), plain = run({"pack"});
  for (std::size_t i = 0; i < plain.size(); ++i)
    for (std::size_t k = 0; k < plain[i].size(); ++k)
      EXPECT_TRUE(packed[i][k] == plain[i][k] || (std::isnan(packed[i][k]) && std::isnan(plain[i][k])))
          << i << ", " << k << ": " << packed[i][k] << " and " << plain[i][k];
  EXPECT_EQ(packed[0][0], 5);   // x₁ = ∞ has no connection to y₀
  EXPECT_EQ(packed[1][3], 14);  // g₀ = −∞ has none from x₁
}

}  // namespace
}  // namespace elegans::graph
