// Every pass leaves values and gradients as they were, and does what its header draws.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "elegans/graph/gradient.hpp"
#include "elegans/graph/memory_plan.hpp"
#include "elegans/graph/passes/fuse.hpp"
#include "elegans/graph/passes/hoist.hpp"
#include "elegans/graph/passes/simplify.hpp"
#include "elegans/graph/pipeline.hpp"
#include "elegans/graph/scan.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using testing::body_of;
using testing::GradientCase;
using testing::names;
using testing::random_tensor;
using testing::run_case;
using Values = std::vector<Value>;

// A gated body over joined inputs with Δt, a mask, an invariant weight and connections: what users write.
Values gated(const Values& in) {
  const auto c = std::make_shared<ops::Connections>(3, 4, std::vector<std::uint32_t>{0, 1, 1, 2, 2},
                                                    std::vector<std::uint32_t>{0, 1, 3, 2, 3});
  const Value x = in[0], dt = in[1], h0 = in[2], w = in[3], s = in[4], b = in[5], lengths = in[6];
  const Value mask = reshape(sequence_mask(lengths, Dim::time(), x.dtype()), {Dim::time(), Dim::batch(), 1});
  const LoopResult result = scan(Dim::time(), std::array{h0}, std::array{x, dt, mask}, [&](const Loop& loop) {
    const Value xt = loop.scanned[0], h = loop.carried[0];
    const Value z = matmul(concat({xt * 0.5, h}, -1), w);
    const Value gate = sigmoid(z * loop.scanned[1] + sparse_matmul(xt, softplus(s), c) + b);
    const Value next = select(loop.scanned[2], gate * tanh(z) + (1.0 - gate) * h, h);
    return LoopResult{.carried = {next}, .stacked = {select(loop.scanned[2], next, constant(next, 0))}, .summed = {}};
  });
  return {result.carried[0], result.stacked[0]};
}

GradientCase gated_case(std::vector<std::string> disable) {
  return {
      .inputs = {random_tensor({5, 3, 3}, 1), random_tensor({5, 3, 1}, 2, 0.2, 1.5), random_tensor({3, 4}, 3),
                 random_tensor({7, 4}, 4), random_tensor({5}, 5), random_tensor({4}, 6)},
      .write = gated,
      .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::time(), Dim::batch(), 1}, {Dim::batch(), 4}, {7, 4}, {5}, {4}},
      .integers = {[] {
        Tensor lengths({3}, Dtype::i32);
        lengths.as<std::int32_t>()[0] = 5;
        lengths.as<std::int32_t>()[1] = 2;
        lengths.as<std::int32_t>()[2] = 0;
        return lengths;
      }()},
      .integer_shapes = {{Dim::batch()}},
      .reserve = {.batch = 4, .time = 6},
      .disable = std::move(disable)};
}

TEST(Passes, GradientsMatchDifferencesThroughAllOfThem) { testing::check_gradient(gated_case({})); }

TEST(Passes, EachCanBeSwitchedOff) {
  const auto plain = run_case(gated_case({"simplify", "hoist", "fuse"}));
  const std::vector<std::vector<std::string>> sets{
      {}, {"simplify"}, {"hoist"}, {"fuse"}, {"simplify", "hoist"}, {"simplify", "fuse"}, {"hoist", "fuse"}};
  for (const auto& disable : sets) {
    const auto result = run_case(gated_case(disable));
    for (const auto& [got, want] :
         {std::pair{&result.outputs, &plain.outputs}, std::pair{&result.gradients, &plain.gradients}})
      for (std::size_t i = 0; i < want->size(); ++i) {
        const auto a = (*got)[i].values(), b = (*want)[i].values();
        // Sums of up to 7 inputs and 15 rows in another order, through 5 steps.
        for (std::size_t k = 0; k < b.size(); ++k)
          EXPECT_NEAR(a[k], b[k], 5 * 15 * 2.3e-16 * std::max(1.0, std::abs(b[k]))) << i;
      }
  }
}

TEST(Passes, FusingChangesNoBit) {
  const auto fused = run_case(gated_case({}));
  const auto plain = run_case(gated_case({"fuse"}));
  for (std::size_t i = 0; i < fused.outputs.size(); ++i)
    EXPECT_EQ(fused.outputs[i].values(), plain.outputs[i].values());
  for (std::size_t i = 0; i < fused.gradients.size(); ++i)
    EXPECT_EQ(fused.gradients[i].values(), plain.gradients[i].values());
}

// What nobody reads behind a product, and a loop inside a loop whose results nobody reads: passes must not need one
// another to be rid of them.
TEST(Passes, EachAloneTakesWhatNobodyReads) {
  const auto written = [] {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {3, 2}}), w = graph.input("w", {Dtype::f64, {2, 2}});
    (void)(tanh(matmul(x, w)) + 1.0);
    const LoopResult loop = scan(Dim(4), std::array{x}, {}, [&](const Loop& outer) {
      const Value c = outer.carried[0];
      (void)scan(Dim(2), std::array{c}, {}, [&](const Loop& inner) {
        return LoopResult{
            .carried = {inner.carried[0] * softplus(reduce_sum(w, 0))}, .stacked = {tanh(matmul(x, w))}, .summed = {}};
      });
      (void)(sigmoid(matmul(c, w)) * 2.0);
      return LoopResult{.carried = {c * 0.5}, .stacked = {matmul(x, w)}, .summed = {}};
    });
    graph.output("y", loop.carried[0]);
    return graph;
  };
  const Tensor x = testing::random_tensor({3, 2}, 1), w = testing::random_tensor({2, 2}, 2);
  for (const std::vector<std::string>& disable : std::vector<std::vector<std::string>>{
           {}, {"simplify"}, {"hoist"}, {"fuse"}, {"simplify", "fuse"}, {"simplify", "hoist"}, {"hoist", "fuse"}}) {
    Executable run = compile(written(), {.disable = disable});
    std::vector<View> views;
    for (const Port& port : run.inputs()) views.push_back(port.name == "x" ? View(x) : View(w));
    const std::vector<double> y = run(views)[0].values();
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], x.values()[i] / 16);
  }
}

TEST(Passes, UnknownNamesAreErrors) {
  Graph graph;
  graph.output("y", tanh(graph.input("x", {Dtype::f32, {2}})));
  EXPECT_EQ(testing::message_of<ConfigError>([&] { compile(std::move(graph), {.disable = {"hoistt"}}); }),
            "compile: a disabled pass is 'hoistt'; expected the name of a pass. Did you mean 'hoist'?");
}

TEST(Hoist, TakesInvariantsAndInputProductsOutOfTheLoop) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch(), 3}}),
              h = graph.input("h", {Dtype::f64, {Dim::batch(), 2}});
  const Value w = graph.input("w", {Dtype::f64, {5, 2}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
    return LoopResult{
        .carried = {tanh(matmul(concat({in.scanned[0], in.carried[0]}, -1), w))}, .stacked = {}, .summed = {}};
  });
  graph.output("h", loop.carried[0]);
  PassReport first, second;
  const Graph hoisted = simplify(hoist(graph, first), second);
  EXPECT_THAT(names(body_of(hoisted)), ::testing::ElementsAre("matmul", "add", "tanh"));
  EXPECT_THAT(names(hoisted), ::testing::UnorderedElementsAre("slice", "slice", "matmul", "scan"));
  EXPECT_THAT(first.notes, ::testing::Contains(::testing::StartsWith("1 products refused: they read what their loop")));
}

// A loop inside the loop that is the same at every step moves like any other node, and so does what reads it.
TEST(Hoist, TakesALoopThatIsTheSameAtEveryStep) {
  const auto written = [] {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}}), h = graph.input("h", {Dtype::f64, {2}}),
                w = graph.input("w", {Dtype::f64, {2}});
    const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& outer) {
      const LoopResult inner = scan(Dim(3), std::array{w}, {}, [&](const Loop& unfold) {
        return LoopResult{.carried = {tanh(unfold.carried[0] + w)}, .stacked = {}, .summed = {}};
      });
      return LoopResult{
          .carried = {outer.carried[0] + softplus(inner.carried[0]) * outer.scanned[0]}, .stacked = {}, .summed = {}};
    });
    graph.output("h", loop.carried[0]);
    return graph;
  };
  PassReport report;
  const Graph hoisted = hoist(written(), report);
  check(hoisted);
  EXPECT_THAT(names(hoisted), ::testing::UnorderedElementsAre("scan", "softplus", "scan"));
  const Tensor x = testing::random_tensor({4, 2}, 1), h = testing::random_tensor({2}, 2),
               w = testing::random_tensor({2}, 3);
  const std::array<View, 3> inputs{x, h, w};
  std::vector<std::vector<double>> results;
  for (const std::vector<std::string>& disable :
       std::vector<std::vector<std::string>>{{"simplify", "hoist", "fuse"}, {"simplify"}, {}}) {
    Executable run = compile(written(), {.reserve = {.time = 4}, .disable = disable});
    results.push_back(run(inputs)[0].values());
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

// A constant that the loop itself still needs stays inside; what moved reads one of its own.
TEST(Hoist, LetsWhatMovesReadAConstantThatStays) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}}), h = graph.input("h", {Dtype::f64, {2}}),
              w = graph.input("w", {Dtype::f64, {2}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
    const Value two = constant(in.carried[0], 2.0);
    return LoopResult{.carried = {in.carried[0] * two + softplus(w * two)}, .stacked = {}, .summed = {}};
  });
  graph.output("h", loop.carried[0]);
  PassReport report;
  const Graph hoisted = hoist(graph, report);
  check(hoisted);
  EXPECT_THAT(names(body_of(hoisted)), ::testing::UnorderedElementsAre("constant", "multiply", "add"));
  EXPECT_THAT(names(hoisted), ::testing::UnorderedElementsAre("constant", "multiply", "softplus", "scan"));
}

TEST(Hoist, ComputesWeightGradientsBehindTheLoop) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch(), 3}}),
              h = graph.input("h", {Dtype::f64, {Dim::batch(), 2}});
  const Value w = graph.input("w", {Dtype::f64, {3, 2}}), u = graph.input("u", {Dtype::f64, {2, 2}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& in) {
    return LoopResult{
        .carried = {tanh(matmul(in.scanned[0], w) + matmul(in.carried[0], u))}, .stacked = {}, .summed = {}};
  });
  const Value loss = sum(loop.carried[0]);
  graph.output("w", gradients(loss, std::array{w, u})[0]);
  std::vector<PassReport> reports;
  const Graph result = optimise(std::move(graph), reports);
  for (const Node& node : result.nodes()) {
    const Scan* scan = as_scan(node);
    EXPECT_EQ(scan ? scan->counts().summed : 0u, 0u) << to_string(result);
  }
}

TEST(Fuse, MakesOneChainAndOneEpilogue) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::batch(), 3}}), w = graph.input("w", {Dtype::f64, {3, 2}}),
              b = graph.input("b", {Dtype::f64, {2}});
  const Value p = matmul(x, w) + b;
  graph.output("y", tanh(p) * sigmoid(p));
  graph.output("z", exp(x) * 2.0 + x);
  PassReport report;
  const Graph fused = fuse(graph, report);
  EXPECT_THAT(names(fused), ::testing::UnorderedElementsAre("product_chain", "constant", "elementwise"));
}

TEST(Fuse, LeavesOutWhatAnotherOperationSeparates) {
  // b = scatter(gather(a)) lies between a and a + b: they may not become one node.
  const auto c =
      std::make_shared<ops::Connections>(2, 2, std::vector<std::uint32_t>{0, 1}, std::vector<std::uint32_t>{1, 0});
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::batch(), 2}});
  const Value a = tanh(x);
  graph.output("y", a + scatter_sum(gather(a, c), c));
  PassReport report;
  EXPECT_THAT(names(fuse(graph, report)), ::testing::ElementsAre("tanh", "gather", "scatter_sum", "add"));
  EXPECT_THAT(report.notes, ::testing::Contains(::testing::HasSubstr("another operation lies between")));
}

TEST(Executable, ExplainsItself) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}});
  graph.output("y", tanh(x * 2.0));
  const Executable run = compile(std::move(graph), {.target = kernels::Target::scalar, .reserve = {.batch = 8}});
  EXPECT_THAT(run.explain(),
              ::testing::AllOf(::testing::HasSubstr("kernels: scalar"), ::testing::HasSubstr("pass fuse: 3 nodes -> 2"),
                               ::testing::HasSubstr("memory: ")));
}

TEST(Executable, TakesTheArenaThatWasPlanned) {
  const auto written = [] {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), Dim::time(), 3}});
    graph.output("y", reduce_sum(exp(reduce_sum(tanh(x), 1)), -1));
    return graph;
  };
  const CompileOptions options{.reserve = {.batch = 8, .time = 50}};
  EXPECT_EQ(compile(written(), options).arena_bytes(), planned_arena_bytes(written(), options));
  // A plan takes no memory: this one would be of a hundred terabytes.
  EXPECT_GT(planned_arena_bytes(written(), {.reserve = {.batch = 1 << 20, .time = 1 << 24}}), std::size_t{1} << 40);
}

TEST(MemoryPlan, NeverOverlapsWhatLivesTogether) {
  std::mt19937 engine(1);
  const auto random = [&](std::size_t below) { return static_cast<std::size_t>(engine()) % below; };
  for (int round = 0; round < 200; ++round) {
    std::vector<Block> blocks;
    for (int i = 0; i < 40; ++i) {
      const std::size_t first = random(30);
      blocks.push_back({random(500), first, first + random(10)});
    }
    const MemoryPlan plan = plan_memory(blocks);
    ASSERT_TRUE(is_valid(blocks, plan));
    MemoryPlan broken = plan;
    std::size_t busiest = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i)
      if (blocks[i].bytes > blocks[busiest].bytes) busiest = i;
    broken.bytes = broken.offsets[busiest] + blocks[busiest].bytes - 1;
    EXPECT_FALSE(is_valid(blocks, broken));
  }
}

}  // namespace
}  // namespace elegans::graph
