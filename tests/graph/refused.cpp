// What loops and executables refuse, at the latest when they would run, and what loops with checkpoints take.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/gradient.hpp"
#include "support/message_of.hpp"
#include "support/random_tensor.hpp"

namespace elegans::graph {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

LoopResult summing(const Loop& loop) {
  return {.carried = {loop.carried[0] + loop.scanned[0]}, .stacked = {}, .summed = {}};
}

// With checkpoints the arrays are padded and cut first, which must hide nothing.
TEST(ScanRefuses, ArraysThatDoNotBeginWithTheSteps) {
  for (const std::int64_t every : {0, 4}) {
    Graph graph;
    const Value h = graph.input("h", {Dtype::f32, {3}});
    const auto refused = [&](const char* name, Shape shape, Dim steps) {
      const Value x = graph.input(name, {Dtype::f32, shape});
      return message_of<ShapeError>(
          [&] { scan(steps, std::array{h}, std::array{x}, summing, {.reverse = false, .checkpoint_every = every}); });
    };
    EXPECT_THAT(refused("batch first", {Dim::batch(), Dim::time(), 3}, Dim::time()),
                HasSubstr("scanned value 0 is [batch, time, 3]; expected [time, ...]"));
    EXPECT_THAT(refused("too few", {5, 3}, 8), HasSubstr("expected [8, ...]"));
    EXPECT_THAT(refused("scalar", {}, Dim::time()), HasSubstr("expected [time, ...]"));
  }
}

TEST(ScanRefuses, OtherNumbersOfCarriedValues) {
  for (const std::int64_t every : {0, 4}) {
    Graph graph;
    const Value h = graph.input("h", {Dtype::f32, {3}}), x = graph.input("x", {Dtype::f32, {Dim::time(), 3}});
    const auto body = [](const Loop& loop) {
      return LoopResult{.carried = {loop.carried[0], loop.scanned[0]}, .stacked = {}, .summed = {}};
    };
    EXPECT_THAT(message_of<ConfigError>([&] {
                  scan(Dim::time(), std::array{h}, std::array{x}, body, {.reverse = false, .checkpoint_every = every});
                }),
                HasSubstr("expected 1"));
  }
}

TEST(ScanRefuses, IntegersWhereItAddsOrMasks) {
  Graph graph;
  const Value h = graph.input("h", {Dtype::f32, {3}}), labels = graph.input("labels", {Dtype::i32, {Dim::time(), 3}});
  const auto adds = [](const Loop& loop) {
    return LoopResult{.carried = loop.carried, .stacked = {}, .summed = {loop.scanned[0]}};
  };
  const auto keeps = [](const Loop& loop) { return LoopResult{.carried = loop.carried, .stacked = {}, .summed = {}}; };
  EXPECT_THAT(message_of<DtypeError>([&] { scan(Dim::time(), std::array{h}, std::array{labels}, adds); }),
              HasSubstr("summed value 0"));
  EXPECT_THAT(message_of<DtypeError>([&] {
                scan(Dim::time(), std::array{h}, std::array{labels}, keeps, {.reverse = false, .checkpoint_every = 2});
              }),
              HasSubstr("scanned value 0 of a loop with checkpoints"));
}

TEST(Checkpoints, TakeValuesOfBothDtypes) {
  const auto run = [](std::int64_t every) {
    Graph graph;
    const Value a = graph.input("a", {Dtype::f32, {2}}), b = graph.input("b", {Dtype::f64, {2}}),
                x = graph.input("x", {Dtype::f64, {Dim::time(), 2}});
    const LoopResult result = scan(
        Dim::time(), std::array{a, b}, std::array{x},
        [](const Loop& loop) {
          const Value next = tanh(loop.carried[1] + loop.scanned[0]);
          return LoopResult{.carried = {loop.carried[0] * 0.5, next}, .stacked = {next}, .summed = {loop.carried[0]}};
        },
        {.reverse = false, .checkpoint_every = every});
    graph.output("a", result.carried[0]);
    graph.output("b", result.carried[1]);
    graph.output("stacked", result.stacked[0]);
    graph.output("summed", result.summed[0]);
    Executable executable = compile(std::move(graph), {.reserve = {.time = 7}});
    const Tensor first = random_tensor({2}, 1).to(Dtype::f32), second = random_tensor({2}, 2),
                 steps = random_tensor({7, 2}, 3);
    std::vector<std::vector<double>> values;
    for (const Tensor& output : executable(std::array<View, 3>{first, second, steps}))
      values.push_back(output.values());
    return values;
  };
  EXPECT_EQ(run(3), run(0));
}

// Behind the last step stands what fills the last segment: an infinite derivative there is no one's.
TEST(Checkpoints, DivideByNoPadding) {
  for (const bool reverse : {false, true}) {
    const auto run = [&](std::int64_t every) {
      Graph graph;
      const Value h = graph.input("h", {Dtype::f64, {2}}), w = graph.input("w", {Dtype::f64, {2}}),
                  x = graph.input("x", {Dtype::f64, {Dim::time(), 2}});
      const LoopResult result =
          scan(Dim::time(), std::array{h}, std::array{x},
               [&](const Loop& loop) {
                 const Value step = w / loop.scanned[0] + log(loop.scanned[0]);
                 return LoopResult{.carried = {loop.carried[0] * 0.5 + step}, .stacked = {step}, .summed = {}};
               },
               {.reverse = reverse, .checkpoint_every = every});
      const Value loss = sum(result.carried[0]) + sum(result.stacked[0]);
      std::size_t i = 0;
      for (const Value& gradient : gradients(loss, std::array{h, w, x})) graph.output(std::to_string(i++), gradient);
      Executable executable = compile(std::move(graph), {.reserve = {.time = 3}});
      const Tensor first = random_tensor({2}, 1), weight = random_tensor({2}, 2),
                   steps = random_tensor({3, 2}, 3, 0.5, 2);
      std::vector<std::vector<double>> values;
      for (const Tensor& output : executable(std::array<View, 3>{first, weight, steps}))
        values.push_back(output.values());
      return values;
    };
    const auto plain = run(0), checkpointed = run(2);
    for (std::size_t i = 0; i < plain.size(); ++i)
      for (std::size_t k = 0; k < plain[i].size(); ++k)
        EXPECT_NEAR(checkpointed[i][k], plain[i][k], 8 * 2.3e-16 * std::max(4.0, std::abs(plain[i][k]))) << i;
  }
}

// What shapes cannot tell is refused when the graph runs, in a loop too, and other extents run afterwards.
TEST(Extents, AtWhichAnArrayWouldShrinkAreRefused) {
  for (const bool in_loop : {false, true}) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}});
    if (in_loop)
      graph.output("y", scan(2, std::array{full(x, {5, 3}, 0), x}, {}, [&](const Loop& loop) {
                          const Value sum = loop.carried[0] + pad(loop.carried[1], 0, 1, 5);
                          return LoopResult{.carried = {sum, loop.carried[1]}, .stacked = {}, .summed = {}};
                        }).carried[0]);
    else
      graph.output("y", pad(x, 0, 1, 5));
    Executable run = compile(std::move(graph), {.reserve = {.batch = 8}, .disable = {"hoist"}});
    std::vector<float> in(24, 1), out(15);
    run.bind_input(0, in.data());
    run.bind_output(0, out.data());
    for (int again = 0; again < 2; ++again) {
      const Status status = run.run({.batch = 5});
      EXPECT_EQ(status.code, Status::Code::wrong_size);
      EXPECT_THAT(run.node_name(status.node), HasSubstr(in_loop ? "scan" : "pad"));
    }
    EXPECT_TRUE(run.run({.batch = 4}).ok());
    EXPECT_EQ(out[2], 0);
    EXPECT_EQ(out[14], in_loop ? 2 : 1);
  }
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}});
  graph.output("y", leading(x, Dim::time()) * 2.0);
  Executable run = compile(std::move(graph), {.reserve = {.batch = 4, .time = 4}});
  const Tensor four = random_tensor({4, 3}, 1).to(Dtype::f32);
  Tensor y({4, 3}, Dtype::f32);
  run.bind_input(0, four);
  run.bind_output(0, y.data());
  EXPECT_EQ(run.run({.batch = 3, .time = 4}).code, Status::Code::wrong_size);
  EXPECT_TRUE(run.run({.batch = 4, .time = 3}).ok());
  EXPECT_EQ(y.as<float>()[8], 2 * four.as<float>()[8]);
}

TEST(Extents, WhoseArraysOnlyPassesMakeAreMeasuredToo) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::time(), Dim::batch(), 1}}),
              h = graph.input("h", {Dtype::f32, {Dim::batch(), 4096}}), w = graph.input("w", {Dtype::f32, {1, 4096}});
  const LoopResult result = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& loop) {
    return LoopResult{.carried = {tanh(loop.carried[0] + matmul(loop.scanned[0], w))}, .stacked = {}, .summed = {}};
  });
  graph.output("y", result.carried[0]);
  const Extents large{.batch = std::int64_t{1} << 20, .time = std::int64_t{1} << 20};
  EXPECT_THAT(message_of<ConfigError>([&] { compile(std::move(graph), {.reserve = large}); }),
              HasSubstr("more than there can be memory for"));
}

TEST(Extents, MoreViewsThanPortsAreRefused) {
  Graph graph;
  graph.output("y", graph.input("x", {Dtype::f32, {Dim::batch()}}) * 2.0);
  Executable run = compile(std::move(graph), {});
  const Tensor x({1}, Dtype::f32);
  Tensor y({1}, Dtype::f32);
  EXPECT_THAT(message_of<ConfigError>([&] {
                run(std::array<View, 3>{x, x, x});
              }),
              HasSubstr("the number of inputs is 3; expected 1"));
  EXPECT_THAT(message_of<ConfigError>([&] {
                run(std::array<View, 1>{x}, std::array<View, 2>{y, y});
              }),
              HasSubstr("the number of outputs is 2; expected 1"));
  EXPECT_EQ(run.node_name(-1), "executable");
}

}  // namespace
}  // namespace elegans::graph
