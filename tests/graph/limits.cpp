// What graphs refuse, at the latest when they would run, and how large sums, chains and circuits may be.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/passes/fold.hpp"
#include "elegans/graph/split.hpp"
#include "elegans/ops/sources.hpp"
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

TEST(Values, ThatAreEmptyAreRefused) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {2}});
  const auto says = HasSubstr("a value is empty; expected a value of a graph. Check an optional value");
  EXPECT_THAT(message_of<ConfigError>([] { tanh(Value{}); }), says);
  EXPECT_THAT(message_of<ConfigError>([&] { matmul(x, Value{}); }), says);
  EXPECT_THAT(message_of<ConfigError>([&] { scan(2, std::array{Value{}}, {}, summing); }), says);
  EXPECT_THAT(message_of<ConfigError>([&] { graph.output("y", Value{}); }), says);
}

TEST(Values, OfNothing) {
  EXPECT_THAT(message_of<ConfigError>([] { concat(std::span<const Value>(), 0); }), HasSubstr("expected 1 to 24"));
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::time(), 2}});
  graph.output("max", reduce_max(x, 0));
  graph.output("sum", reduce_sum(x, 0));
  Executable run = compile(std::move(graph), {.reserve = {.time = 3}});
  const Tensor none({0, 2}, Dtype::f32);
  const std::vector<Tensor> results = run(std::array<View, 1>{none});
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(results[0].values(), (std::vector<double>{-infinity, -infinity}));
  EXPECT_EQ(results[1].values(), (std::vector<double>{0, 0}));
}

TEST(Values, RandomOnesHaveAPlaceToBeAt) {
  Graph graph;
  const Value counter = graph.input("counter", {Dtype::i32, {1}}), at = graph.input("at", {Dtype::f32, {}}),
              wide = graph.input("wide", {Dtype::f64, {}});
  EXPECT_THROW(graph.apply(std::make_shared<ops::RandomUniform>(Shape{2}, Dtype::f32, 1), std::array{counter, wide}),
               DtypeError);
  graph.output("y", random_uniform(counter, at, {2}, 1));
  Executable run = compile(std::move(graph), {});
  const Tensor one({1}, Dtype::i32);
  Tensor y({2}, Dtype::f32);
  for (const float place : {-1.0F, 4294967296.0F, std::nanf("")}) {
    const Tensor position = Tensor::from(Shape{}, {place}, Dtype::f32);
    run.bind_input(run.input_index("counter"), one.data());
    run.bind_input(run.input_index("at"), position.data());
    run.bind_output(0, y.data());
    EXPECT_EQ(run.run({}).code, Status::Code::index_out_of_range);
  }
}

// Every link of a chain is a result: more than one operation writes.
TEST(Chains, OfMoreResultsThanOneOperationHas) {
  const auto run = [](std::vector<std::string> disable) {
    Graph graph;
    const Value x_in = graph.input("x", {Dtype::f32, {Dim::batch(), 3}}), w_in = graph.input("w", {Dtype::f32, {3, 3}});
    Value value = matmul(x_in, w_in);
    for (int i = 0; i < 150; ++i) graph.output(std::to_string(i), value = tanh(value + 0.25));
    Executable executable = compile(std::move(graph), {.reserve = {.batch = 5}, .disable = std::move(disable)});
    const Tensor x = random_tensor({5, 3}, 1).to(Dtype::f32), w = random_tensor({3, 3}, 2).to(Dtype::f32);
    std::vector<std::vector<double>> values;
    for (const Tensor& output : executable(std::array<View, 2>{x, w})) values.push_back(output.values());
    return values;
  };
  EXPECT_EQ(run({}), run({"fuse"}));
}

TEST(Chains, WithMoreSumsAlongACircuitThanOneOperationHas) {
  const auto circuit = std::make_shared<ops::Connections>(3, 2, std::vector<std::uint32_t>{0, 1, 2, 2},
                                                          std::vector<std::uint32_t>{0, 1, 0, 1});
  const auto run = [&](std::vector<std::string> disable) {
    Graph graph;
    const Value h = graph.input("h", {Dtype::f32, {Dim::batch(), 3}});
    const LoopResult result = scan(3, std::array{h}, {}, [&](const Loop& loop) {
      Value value = gather(loop.carried[0], circuit), next = loop.carried[0];
      LoopResult step;
      for (int i = 0; i < 40; ++i) {
        value = tanh(value + 0.25);
        step.stacked.push_back(scatter_sum(value, circuit));
        next = next + scatter_sum(value, circuit, ops::End::source);
      }
      step.carried = {tanh(next)};
      return step;
    });
    for (std::size_t i = 0; i < result.stacked.size(); ++i) graph.output(std::to_string(i), result.stacked[i]);
    Executable executable = compile(std::move(graph), {.reserve = {.batch = 5}, .disable = std::move(disable)});
    std::vector<std::vector<double>> values;
    const Tensor given = random_tensor({5, 3}, 1).to(Dtype::f32);
    for (const Tensor& output : executable(std::array<View, 1>{given})) values.push_back(output.values());
    return values;
  };
  EXPECT_EQ(run({}), run({"circuits"}));
  EXPECT_EQ(run({}), run({"fuse"}));
}

// A sum of a sum of a sum: opened term by term it has 2^60 of them.
TEST(Sums, OfThemselvesAreNotOpened) {
  const auto doubled = [] {
    Graph graph;
    Value value = pad(graph.input("x", {Dtype::f64, {2}}), 0, 0, 4);
    for (int i = 0; i < 60; ++i) value = value + value;
    graph.output("y", value);
    return graph;
  };
  PassReport report;
  Executable run = compile(fold(doubled(), std::vector<std::string>{}, report), {});
  const Tensor x = Tensor::from({2}, {1, 3}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 1>{x})[0].values(),
            (std::vector<double>{std::ldexp(1.0, 60), std::ldexp(3.0, 60), 0, 0}));
}

// A product that a sum reads twice, with a bias and without: twice its terms.
TEST(Sums, OfAProductWithItself) {
  const auto run = [](std::vector<std::string> disable) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}}), w = graph.input("w", {Dtype::f32, {3, 3}}),
                b = graph.input("b", {Dtype::f32, {3}});
    const Value product = matmul(x, w), affine = matmul(tanh(x), w) + b;
    graph.output("product", product + product);
    graph.output("affine", affine + affine);
    Executable executable = compile(std::move(graph), {.reserve = {.batch = 5}, .disable = std::move(disable)});
    std::vector<std::vector<double>> values;
    const Tensor given[3] = {random_tensor({5, 3}, 1).to(Dtype::f32), random_tensor({3, 3}, 2).to(Dtype::f32),
                             random_tensor({3}, 3).to(Dtype::f32)};
    for (const Tensor& output : executable(std::array<View, 3>{given[0], given[1], given[2]}))
      values.push_back(output.values());
    return values;
  };
  EXPECT_EQ(run({}), run({"pack", "merge", "affine", "fuse"}));
}

TEST(Split, GivesItsPortsNamesOfTheirOwn) {
  Graph graph;
  const Value w = graph.input("w", {Dtype::f64, {2}}), x = graph.input("constant 2", {Dtype::f64, {2}});
  graph.output("y", x * exp(w));
  const Split split = split_constant(graph, std::vector<std::string>{"w"});
  std::vector<std::string> names;
  for (const Port& port : split.rest.inputs()) names.push_back(port.name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("constant 2", "constant 3"));
}

}  // namespace
}  // namespace elegans::graph
