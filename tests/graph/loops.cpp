// Loops: values against loops written out in the test, gradients against central differences.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "elegans/graph/gradient.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using testing::check_gradient;
using testing::GradientCase;
using testing::random_tensor;
using testing::run_case;
using Values = std::vector<Value>;

// A small recurrent network over x [time, batch, 3] with h [batch, 2]: everything that a loop can do at once.
Values network(const Values& in, ScanOptions options) {
  const Value x = in[0], h0 = in[1], w = in[2], u = in[3], b = in[4];
  const LoopResult result = scan(
      Dim::time(), std::array{h0}, std::array{x},
      [&](const Loop& loop) {
        const Value h = loop.carried[0];
        const Value next = tanh(matmul(loop.scanned[0], w) + matmul(h, u) + softplus(b));
        return LoopResult{.carried = {next * 0.9 + h * 0.1}, .stacked = {next, h * next}, .summed = {square(next) * b}};
      },
      options);
  return {result.carried[0], result.stacked[0], result.stacked[1], result.summed[0]};
}

GradientCase network_case(ScanOptions options, std::int64_t time) {
  return {.inputs = {random_tensor({time, 2, 3}, 1), random_tensor({2, 2}, 2), random_tensor({3, 2}, 3),
                     random_tensor({2, 2}, 4), random_tensor({2}, 5)},
          .write = [options](const Values& x) { return network(x, options); },
          .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::batch(), 2}, {3, 2}, {2, 2}, {2}},
          .reserve = {.batch = 3, .time = 9}};
}

TEST(Loop, ValuesEqualTheLoopWrittenOut) {
  const GradientCase test = network_case({}, 5);
  const auto result = run_case(test);
  const auto x = test.inputs[0].as<double>(), w = test.inputs[2].as<double>(), u = test.inputs[3].as<double>(),
             b = test.inputs[4].as<double>();
  std::vector<double> h(test.inputs[1].values()), summed(4, 0.0);
  for (std::size_t t = 0; t < 5; ++t) {
    std::vector<double> before = h;
    for (std::size_t r = 0; r < 2; ++r)
      for (std::size_t j = 0; j < 2; ++j) {
        double z = 0;
        for (std::size_t k = 0; k < 3; ++k) z += x[(t * 2 + r) * 3 + k] * w[k * 2 + j];
        for (std::size_t k = 0; k < 2; ++k) z += before[r * 2 + k] * u[k * 2 + j];
        const double next = std::tanh(z + std::log1p(std::exp(b[j])));
        EXPECT_NEAR(result.outputs[1].values()[(t * 2 + r) * 2 + j], next, 1e-15);
        EXPECT_NEAR(result.outputs[2].values()[(t * 2 + r) * 2 + j], next * before[r * 2 + j], 1e-15);
        h[r * 2 + j] = next * 0.9 + before[r * 2 + j] * 0.1;
        summed[r * 2 + j] += next * next * b[j];
      }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(result.outputs[0].values()[i], h[i], 5e-15);
    EXPECT_NEAR(result.outputs[3].values()[i], summed[i], 5e-15);
  }
}

TEST(Loop, GradientsMatchDifferences) {
  for (const bool reverse : {false, true})
    for (const std::int64_t time : {1, 2, 5})
      check_gradient(network_case({.reverse = reverse, .checkpoint_every = 0}, time));
}

TEST(Loop, CheckpointsChangeNoValueAndNoGradient) {
  for (const bool reverse : {false, true})
    for (const std::int64_t time : {1, 3, 4, 7})
      for (const std::int64_t every : {1, 2, 3, 10}) {
        const auto plain = run_case(network_case({.reverse = reverse, .checkpoint_every = 0}, time));
        const auto checkpointed = run_case(network_case({.reverse = reverse, .checkpoint_every = every}, time));
        for (std::size_t i = 0; i < 3; ++i)
          EXPECT_EQ(plain.outputs[i].values(), checkpointed.outputs[i].values()) << "output " << i;
        // Sums over time are grouped by segments: up to 8 terms in another order.
        const auto near = [](const Tensor& x, const Tensor& y) {
          const auto a = x.values(), b = y.values();
          for (std::size_t k = 0; k < a.size(); ++k)
            EXPECT_NEAR(a[k], b[k], 8 * 2.3e-16 * std::max(4.0, std::abs(a[k])));
        };
        near(plain.outputs[3], checkpointed.outputs[3]);
        for (std::size_t i = 0; i < plain.gradients.size(); ++i) near(plain.gradients[i], checkpointed.gradients[i]);
      }
}

TEST(Loop, NoStepsLeaveTheStateAlone) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}});
  const Value h = graph.input("h", {Dtype::f64, {2}});
  const LoopResult result = scan(Dim::time(), std::array{h}, std::array{x}, [](const Loop& loop) {
    return LoopResult{.carried = {loop.carried[0] + loop.scanned[0]}, .stacked = {}, .summed = {loop.scanned[0]}};
  });
  graph.output("h", result.carried[0]);
  graph.output("sum", result.summed[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar, .reserve = {.batch = 1, .time = 4}});
  const Tensor none({0, 2}, Dtype::f64), state = Tensor::from({2}, {3, 4}, Dtype::f64);
  const auto out = run(std::array<View, 2>{none, state});
  EXPECT_EQ(out[0].values(), (std::vector<double>{3, 4}));
  EXPECT_EQ(out[1].values(), (std::vector<double>{0, 0}));
}

TEST(Loop, CarriedValuesMaySwapAndStandStill) {
  Graph graph;
  const Value a = graph.input("a", {Dtype::f64, {1}}), b = graph.input("b", {Dtype::f64, {1}}),
              c = graph.input("c", {Dtype::f64, {1}});
  const LoopResult result = scan(Dim(3), std::array{a, b, c}, {}, [](const Loop& loop) {
    return LoopResult{
        .carried = {loop.carried[1], loop.carried[0], loop.carried[2]}, .stacked = {loop.carried[0]}, .summed = {}};
  });
  for (std::size_t i = 0; i < 3; ++i) graph.output("c" + std::to_string(i), result.carried[i]);
  graph.output("s", result.stacked[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor one = Tensor::from({1}, {1}, Dtype::f64), two = Tensor::from({1}, {2}, Dtype::f64),
               three = Tensor::from({1}, {3}, Dtype::f64);
  const auto out = run(std::array<View, 3>{one, two, three});
  EXPECT_EQ(out[0].values()[0], 2);
  EXPECT_EQ(out[1].values()[0], 1);
  EXPECT_EQ(out[2].values()[0], 3);
  EXPECT_EQ(out[3].values(), (std::vector<double>{1, 2, 1}));
}

// A loop of 4 steps inside each step, over connections: the shape of a neuron's equation solved by unfolding.
Values nested(const Values& in, ScanOptions options) {
  const auto c = std::make_shared<ops::Connections>(3, 3, std::vector<std::uint32_t>{0, 0, 1, 2, 2},
                                                    std::vector<std::uint32_t>{1, 2, 1, 0, 2});
  const Value x = in[0], v0 = in[1], w = in[2], mu = in[3], dt = in[4];
  const LoopResult result = scan(
      Dim::time(), std::array{v0}, std::array{x, dt},
      [&](const Loop& loop) {
        const LoopResult inner = scan(Dim(4), std::array{loop.carried[0]}, {}, [&](const Loop& unfold) {
          const Value v = unfold.carried[0];
          const Value a = softplus(w) * sigmoid(gather(v, c) * mu);
          const Value num = v + scatter_sum(a, c) * loop.scanned[1] + loop.scanned[0];
          return LoopResult{.carried = {num / (1.0 + square(v))}, .stacked = {}, .summed = {}};
        });
        return LoopResult{.carried = {inner.carried[0]}, .stacked = {inner.carried[0] * 2.0}, .summed = {}};
      },
      options);
  return {result.carried[0], result.stacked[0]};
}

// What is carried is made where the next step keeps it, also where two change places and one is kept twice.
TEST(Loop, KeepsWhatItCarriesBeforeAStepAndBehindIt) {
  for (const bool reverse : {false, true})
    for (const std::int64_t time : {0, 1, 2, 5}) {
      Graph graph;
      const Value x = graph.input("x", {Dtype::f64, {Dim::time()}}), a = graph.input("a", {Dtype::f64, {1}}),
                  b = graph.input("b", {Dtype::f64, {1}});
      const LoopResult loop = scan(Dim::time(), std::array{a, b}, std::array{x},
                                   [&](const Loop& in) {
                                     const Value next = in.carried[0] + in.scanned[0];
                                     return LoopResult{.carried = {in.carried[1], next},
                                                       .stacked = {in.carried[0], in.carried[1], in.carried[0], next},
                                                       .summed = {}};
                                   },
                                   {.reverse = reverse});
      for (std::size_t i = 0; i < 2; ++i) graph.output("carried " + std::to_string(i), loop.carried[i]);
      for (std::size_t i = 0; i < 4; ++i) graph.output("stacked " + std::to_string(i), loop.stacked[i]);
      Executable run = compile(std::move(graph), {.reserve = {.time = 5}});
      const Tensor steps = random_tensor({time}, 1), first = random_tensor({1}, 2), second = random_tensor({1}, 3);
      std::vector<std::vector<double>> want(4, std::vector<double>(static_cast<std::size_t>(time)));
      double c = first.values()[0], d = second.values()[0];
      for (std::int64_t done = 0; done < time; ++done) {
        const auto t = static_cast<std::size_t>(reverse ? time - 1 - done : done);
        const double next = c + steps.values()[t];
        want[0][t] = want[2][t] = c;
        want[1][t] = d;
        want[3][t] = next;
        c = d;
        d = next;
      }
      const std::vector<Tensor> got = run(std::array<View, 3>{steps, first, second});
      EXPECT_EQ(got[0].values()[0], c) << time;
      EXPECT_EQ(got[1].values()[0], d) << time;
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(got[2 + i].values(), want[i]) << time << " steps, stack " << i;
    }
}

TEST(Loop, LoopsInLoops) {
  for (const std::int64_t every : {0, 2})
    check_gradient(
        {.inputs = {random_tensor({5, 2, 3}, 1), random_tensor({2, 3}, 2), random_tensor({5}, 3), random_tensor({5}, 4),
                    random_tensor({5, 2, 1}, 5, 0.1, 1)},
         .write = [&](const Values& x) { return nested(x, {.reverse = false, .checkpoint_every = every}); },
         .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::batch(), 3}, {5}, {5}, {Dim::time(), Dim::batch(), 1}},
         .reserve = {.batch = 2, .time = 6}});
}

// A loop inside a body that starts from a value of the outermost graph, reads nothing of the body by its arguments, and
// uses the step's values all the same.
Values nested_from_outside(const Values& in, ScanOptions options) {
  const Value x = in[0], h0 = in[1];
  const LoopResult result = scan(
      Dim::time(), std::array{h0}, std::array{x},
      [&](const Loop& loop) {
        const LoopResult inner =
            scan(Dim(3), std::array{h0}, {},
                 [&](const Loop& unfold) {
                   return LoopResult{.carried = {tanh(unfold.carried[0] + loop.scanned[0] * loop.carried[0])},
                                     .stacked = {},
                                     .summed = {}};
                 },
                 {.checkpoint_every = options.checkpoint_every});
        return LoopResult{.carried = {inner.carried[0]}, .stacked = {inner.carried[0] * h0}, .summed = {}};
      },
      options);
  return {result.carried[0], result.stacked[0]};
}

TEST(Loop, ALoopBelongsToTheBodyInWhichItIsWritten) {
  for (const std::int64_t every : {0, 2})
    check_gradient(
        {.inputs = {random_tensor({5, 2, 3}, 1), random_tensor({2, 3}, 2)},
         .write =
             [&](const Values& x) { return nested_from_outside(x, {.reverse = false, .checkpoint_every = every}); },
         .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::batch(), 3}},
         .reserve = {.batch = 2, .time = 6}});
}

// Joins whose first part is from outside the loop, of a graph with other numbers and ranks.
TEST(Loop, MayJoinWhatIsOutsideWithWhatIsInside) {
  check_gradient(
      {.inputs = {random_tensor({4, 2, 3}, 1), random_tensor({2, 2}, 2), random_tensor({5, 2}, 3)},
       .write =
           [](const Values& in) {
             const Value x = in[0], h0 = in[1], w = in[2];
             const Value outside = reduce_sum(x, 0);  // [batch, 3]
             const LoopResult result = scan(Dim::time(), std::array{h0}, std::array{x}, [&](const Loop& loop) {
               const Value joined = concat({outside, loop.carried[0]}, -1);
               return LoopResult{
                   .carried = {tanh(matmul(joined, w) + reduce_sum(loop.scanned[0], -1, graph::Keep::yes))},
                   .stacked = {},
                   .summed = {}};
             });
             return Values{result.carried[0]};
           },
       .shapes = {{Dim::time(), Dim::batch(), 3}, {Dim::batch(), 2}, {5, 2}},
       .reserve = {.batch = 2, .time = 5}});
}

// How many steps a segment has comes from the loops: nothing that is said elsewhere can be at odds with it.
TEST(Loop, RefusesCheckpointsOfDifferentLengths) {
  const auto written = [](std::int64_t first, std::int64_t second) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}}), h = graph.input("h", {Dtype::f64, {2}});
    Value state = h;
    for (const std::int64_t every : {first, second})
      state = scan(Dim::time(), std::array{state}, std::array{x},
                   [](const Loop& loop) {
                     return LoopResult{.carried = {loop.carried[0] + loop.scanned[0]}, .stacked = {}, .summed = {}};
                   },
                   {.checkpoint_every = every})
                  .carried[0];
    graph.output("h", state);
    return graph;
  };
  for (const std::int64_t time : {1, 5, 6}) {
    Executable run = compile(written(3, 3), {.reserve = {.time = 6}});
    const Tensor x = random_tensor({time, 2}, 1), h = random_tensor({2}, 2);
    const std::array<View, 2> inputs{x, h};
    std::vector<double> sum = h.values();
    for (std::size_t i = 0; i < x.elements(); ++i) sum[i % 2] += 2 * x.values()[i];
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(run(inputs)[0].values()[i], sum[i], 1e-14);
  }
  EXPECT_EQ(
      testing::message_of<ConfigError>([&] { compile(written(3, 2), {.reserve = {.time = 6}}); }),
      "scan: checkpoint_every is 2; expected 3, as in the loops before it. Give all loops over time of a graph the "
      "same one.");
}

TEST(Loop, RunsOnSmallerExtentsThanReserved) {
  // The same executable for every size, against one compiled for just that size.
  GradientCase test = network_case({}, 4);
  for (const std::int64_t time : {9, 1, 4}) {
    test.inputs[0] = random_tensor({time, 2, 3}, static_cast<std::uint64_t>(time));
    test.reserve = {.batch = 5, .time = 9};
    const auto reserved = run_case(test);
    test.reserve = {.batch = 2, .time = time};
    const auto exact = run_case(test);
    for (std::size_t i = 0; i < exact.gradients.size(); ++i)
      EXPECT_EQ(reserved.gradients[i].values(), exact.gradients[i].values());
  }
}

TEST(Loop, ErrorsNameWhatIsWrong) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::batch(), Dim::time(), 2}});
  const Value h = graph.input("h", {Dtype::f64, {Dim::batch(), 2}});
  try {
    scan(Dim::time(), std::array{h}, std::array{x},
         [](const Loop& loop) { return LoopResult{.carried = loop.carried, .stacked = {}, .summed = {}}; });
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 "scan: scanned value 0 is [batch, time, 2]; expected [time, ...]. Put time in front with transpose.");
  }
  const Value xt = transpose(x, {1, 0, 2});
  try {
    scan(Dim::time(), std::array{h}, std::array{xt}, [](const Loop& loop) {
      return LoopResult{.carried = {reduce_sum(loop.carried[0], 0)}, .stacked = {}, .summed = {}};
    });
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 "scan: carried value 0 after a step is f64[2]; expected f64[batch, 2], as before the step. A carried "
                 "value keeps its dtype and shape.");
  }
}

// Of a loop inside another the gradient keeps the carried values and sums, which are few numbers of many; it computes
// the terms again.
TEST(LoopGradients, KeepSumsAndComputeTheirTermsAgain) {
  const auto write = [](const Values& in) {
    const LoopResult outer = scan(Dim(3), std::array{in[0]}, {}, [&](const Loop& steps) {
      const LoopResult inner = scan(Dim(2), steps.carried, {}, [](const Loop& unfold) {
        const Value v = unfold.carried[0];
        return LoopResult{.carried = {v / (reduce_sum(sigmoid(v), -1, Keep::yes) + 1.0)}, .stacked = {}, .summed = {}};
      });
      return LoopResult{.carried = inner.carried, .stacked = {}, .summed = {}};
    });
    return Values{outer.carried[0]};
  };
  testing::check_gradient({.inputs = {testing::random_tensor({2, 4}, 1)}, .write = write});

  Graph graph;
  const Value v = graph.input("v", {Dtype::f64, {2, 4}});
  graph.output("gradient", gradients(sum(write({v})[0]), std::array{v})[0]);
  const Graph& forward = testing::body_of(graph);
  const Scan* inner = nullptr;
  for (const Node& node : forward.nodes())
    if (as_scan(node)) inner = as_scan(node);
  ASSERT_NE(inner, nullptr);
  ASSERT_EQ(inner->counts().stacked, 2u);
  EXPECT_EQ(inner->body().type(inner->stacked_output(0)).shape, (Shape{2, 4}));
  EXPECT_EQ(inner->body().type(inner->stacked_output(1)).shape, (Shape{2, 1}));
  // One node alone goes on from the sum, so what it makes is kept instead.
  const auto maker = static_cast<std::size_t>(inner->body().producers()[inner->stacked_output(1)]);
  EXPECT_EQ(inner->body().nodes()[maker].operation->name(), "add");
}

}  // namespace
}  // namespace elegans::graph
