// Sums of loops: added where their terms are made, and continued from loop to loop.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "elegans/graph/gradient.hpp"
#include "support/check_gradient.hpp"

namespace elegans::graph {
namespace {

using testing::GradientCase;
using testing::random_tensor;
using testing::run_case;
using Values = std::vector<Value>;

// Sums of an elementwise result, of a product, of one value twice, of what is no result of the step, and of a loop
// inside, each added where it is made or by the loop: the same bits.
TEST(LoopSums, AreTheSameWhereverTheyAreAdded) {
  const auto case_without = [](std::vector<std::string> disable) {
    return GradientCase{
        .inputs = {random_tensor({5, 2, 3}, 1), random_tensor({2, 3}, 2), random_tensor({3, 3}, 3)},
        .write = [](const Values& in) -> Values {
          const LoopResult result = scan(Dim::time(), std::array{in[1]}, std::array{in[0]}, [&](const Loop& loop) {
            const Value x = loop.scanned[0], product = matmul(x, in[2]);
            const Value next = tanh(product + loop.carried[0]), term = square(next) * x;
            const LoopResult inner = scan(Dim(3), std::array{next}, {}, [&](const Loop& unfold) {
              const Value h = tanh(unfold.carried[0] * 0.5);
              return LoopResult{.carried = {h}, .stacked = {}, .summed = {h * x}};
            });
            return LoopResult{
                .carried = {next},
                .stacked = {},
                .summed = {term, term, product, matmul(x, next, {.transpose_a = true}), x, inner.summed[0] * 0.5}};
          });
          return result.summed;
        },
        .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::batch(), 3}, {3, 3}},
        .reserve = {.batch = 2, .time = 5},
        .disable = std::move(disable)};
  };
  const auto values_of = [](const std::vector<Tensor>& tensors) {
    std::vector<std::vector<double>> values;
    for (const Tensor& tensor : tensors) values.push_back(tensor.values());
    return values;
  };
  const auto where_made = run_case(case_without({})), by_the_loop = run_case(case_without({"accumulate"}));
  ASSERT_EQ(where_made.outputs.size(), 6u);
  EXPECT_EQ(values_of(where_made.outputs), values_of(by_the_loop.outputs));
  EXPECT_EQ(values_of(where_made.gradients), values_of(by_the_loop.gradients));
  EXPECT_EQ(where_made.outputs[0].values(), where_made.outputs[1].values());
}

// The sum of a loop in a body goes on where the last step left it, in the order of its terms, where nothing else reads it.
TEST(LoopSums, InnerLoopsGoOnWithTheSumsOfOuterOnes) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch(), 3}});
  const auto inside = [](const Value& at, double factor) {
    return scan(Dim(3), std::array{at}, {}, [&](const Loop& unfold) {
      const Value h = unfold.carried[0] * 0.5;
      return LoopResult{.carried = {h}, .stacked = {}, .summed = {h, h + factor, tanh(h)}};
    });
  };
  const LoopResult sums = scan(Dim::time(), {}, std::array{x}, [&](const Loop& loop) {
    const std::vector<Value> a = inside(loop.scanned[0], 0.3).summed, b = inside(loop.scanned[0], 0.7).summed;
    return LoopResult{.carried = {}, .stacked = {}, .summed = {b[1], square(a[0]), a[1], a[2], a[2], b[0]}};
  });
  for (std::size_t i = 0; i < sums.summed.size(); ++i) graph.output("sum" + std::to_string(i), sums.summed[i]);
  Executable run = compile(std::move(graph), {.reserve = {.batch = 2, .time = 5}});
  EXPECT_THAT(run.explain(), ::testing::HasSubstr("3 of them continued by a loop inside"));
  for (const std::int64_t time : {5, 1, 0}) {
    const Tensor given = random_tensor({time, 2, 3}, 1);
    std::vector<std::vector<double>> want(6, std::vector<double>(6, 0.0));
    for (std::size_t t = 0; t < static_cast<std::size_t>(time); ++t)
      for (std::size_t i = 0; i < 6; ++i) {
        double h = given.values()[t * 6 + i], own = 0, functions = 0;
        for (int unfold = 0; unfold < 3; ++unfold) {
          h *= 0.5;
          want[0][i] += h + 0.7;
          want[2][i] += h + 0.3;
          want[5][i] += h;
          own += h;
          functions += std::tanh(h);
        }
        want[1][i] += own * own;
        for (const std::size_t sum : {3, 4}) want[sum][i] += functions;
      }
    const std::vector<Tensor> got = run(std::array<View, 1>{given});
    for (const std::size_t exact : {0, 1, 2, 5}) EXPECT_EQ(got[exact].values(), want[exact]) << exact;
    // 15 functions below 1/2, within 4 units in the last place here and 1 there, and 15 sums below 8.
    for (const std::size_t sum : {3, 4})
      for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(got[sum].values()[i], want[sum][i], 15 * (2.5 + 4) * 0x1p-53);
  }
}

TEST(LoopSums, GoOnThroughLoopsInLoopsInLoops) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), Dim::batch()}});
  const LoopResult sums = scan(Dim::time(), {}, std::array{x}, [&](const Loop& loop) {
    const LoopResult middle = scan(Dim(2), std::array{loop.scanned[0]}, {}, [&](const Loop& step) {
      const LoopResult inner = scan(Dim(3), step.carried, {}, [&](const Loop& unfold) {
        const Value h = unfold.carried[0] * 0.3;
        return LoopResult{.carried = {h}, .stacked = {}, .summed = {h, h * h}};
      });
      return LoopResult{.carried = inner.carried, .stacked = {}, .summed = inner.summed};
    });
    return LoopResult{.carried = {}, .stacked = {}, .summed = {middle.summed[1]}};  // nobody reads the other one
  });
  graph.output("sum", sums.summed[0]);
  Executable run = compile(std::move(graph), {.reserve = {.batch = 1, .time = 4}});
  EXPECT_THAT(run.explain(), ::testing::HasSubstr("2 of them continued by a loop inside"));
  const Tensor given = random_tensor({4, 1}, 1);
  double want = 0;
  for (double h : given.values())
    for (int step = 0; step < 2 * 3; ++step) {
      h *= 0.3;
      want += h * h;
    }
  EXPECT_EQ(run(std::array<View, 1>{given})[0].values()[0], want);
}

}  // namespace
}  // namespace elegans::graph
