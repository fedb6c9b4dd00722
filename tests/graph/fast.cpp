// Fast activations: where they are put, and how far a loop with them is from the exact one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "elegans/graph/functions.hpp"
#include "elegans/graph/passes/fast.hpp"
#include "support/check_gradient.hpp"

namespace elegans::graph {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// h ← ½ h σ(x) + ½ tanh x, over a sequence: of an error half is gone after a step.
Graph forgetting(Dtype dtype) {
  Graph graph;
  const Value x = graph.input("x", {dtype, {Dim::time(), 50}}), h = graph.input("h", {dtype, {50}});
  const LoopResult result = scan(Dim::time(), std::array{h}, std::array{x}, [](const Loop& loop) {
    const Value now = loop.scanned[0];
    const Value next = 0.5 * loop.carried[0] * sigmoid(now) + 0.5 * tanh(now);
    return LoopResult{.carried = {next}, .stacked = {next}, .summed = {}};
  });
  graph.output("y", result.stacked[0]);
  return graph;
}

std::vector<double> run(Dtype dtype, CompileOptions options) {
  options.reserve = {.batch = 1, .time = 40};
  Executable executable = compile(forgetting(dtype), options);
  const Tensor x = testing::random_tensor({40, 50}, 3, -6, 6).to(dtype), h = testing::random_tensor({50}, 4).to(dtype);
  return executable(std::array<View, 2>{x, h})[0].values();
}

TEST(Fast, IsLeftOutWhereItIsNotAskedFor) {
  const Executable exact = compile(forgetting(Dtype::f32), {.reserve = {.batch = 1, .time = 4}});
  const Executable fast =
      compile(forgetting(Dtype::f32), {.reserve = {.batch = 1, .time = 4}, .fast_activations = true});
  EXPECT_THAT(exact.explain(), Not(HasSubstr("fast_")));
  EXPECT_THAT(exact.explain(), HasSubstr("not asked for"));
  EXPECT_THAT(fast.explain(), HasSubstr("fast_tanh"));
  EXPECT_THAT(fast.explain(), HasSubstr("fast_sigmoid"));
  EXPECT_THAT(fast.explain(), HasSubstr("2 activations within 2^-15 of their value"));
}

TEST(Fast, IsAsCloseAsItPromises) {
  const std::vector<double> exact = run(Dtype::f32, {}), fast = run(Dtype::f32, {.fast_activations = true});
  ASSERT_EQ(fast.size(), exact.size());
  // A step adds ½ (2^-16 |h| + 2^-15) with |h| < 1, and keeps at most half of what was there: 1.5 · 2^-15 in all. 40 steps
  // of four roundings of numbers below 1 come on top.
  const double most = 1.5 * 0x1p-15 + 2 * 4 * 0x1p-24;
  double largest = 0;
  for (std::size_t i = 0; i < fast.size(); ++i) largest = std::max(largest, std::abs(fast[i] - exact[i]));
  EXPECT_LE(largest, most);
  const bool is_exact = kernels::instruction_set(kernels::Target::best) == std::string("scalar");
  EXPECT_EQ(largest > 0, !is_exact) << "nothing was made fast";
}

TEST(Fast, ChangesNothingOnTheScalarTargetOrInF64) {
  EXPECT_EQ(run(Dtype::f32, {.target = kernels::Target::scalar}),
            run(Dtype::f32, {.target = kernels::Target::scalar, .fast_activations = true}));
  EXPECT_EQ(run(Dtype::f64, {}), run(Dtype::f64, {.fast_activations = true}));
  PassReport report;
  fast(forgetting(Dtype::f64), report);
  EXPECT_TRUE(report.notes.empty());
}

}  // namespace
}  // namespace elegans::graph
