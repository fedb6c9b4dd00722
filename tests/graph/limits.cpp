// Values of nothing and at zero, and how large sums, chains and circuits may be.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/gradient.hpp"
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

TEST(Values, ThatAreEmptyAreRefused) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {2}});
  const auto says = HasSubstr("a value is empty; expected a value of a graph. Check an optional value");
  EXPECT_THAT(message_of<ConfigError>([] { tanh(Value{}); }), says);
  EXPECT_THAT(message_of<ConfigError>([&] { matmul(x, Value{}); }), says);
  EXPECT_THAT(
      message_of<ConfigError>([&] { scan(2, std::array{Value{}}, {}, [](const Loop&) { return LoopResult{}; }); }),
      says);
  EXPECT_THAT(message_of<ConfigError>([&] { graph.output("y", Value{}); }), says);
}

// Behind x stands its last row; its gradient is that of what stands before.
TEST(Values, MayBeRepeatedAtTheEnd) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2, Dim::batch(), 2}});
  const Value y = pad(reshape(x, {2, Dim::batch() * Dim(2)}), 0, 0, 4, ops::Padding::last);
  graph.output("y", y);
  graph.output("gradient", gradients(sum(y * y), std::array{x})[0]);
  Executable run = compile(std::move(graph), {.reserve = {.batch = 1}});
  const Tensor given = Tensor::from({2, 1, 2}, {1, 2, 3, 4}, Dtype::f64);
  const std::vector<Tensor> values = run(std::array<View, 1>{given});
  EXPECT_EQ(values[0].values(), (std::vector<double>{1, 2, 3, 4, 3, 4, 3, 4}));
  EXPECT_EQ(values[1].values(), (std::vector<double>{2, 4, 6, 8}));
  EXPECT_THAT(message_of<ConfigError>([] {
                Graph other;
                pad(other.input("x", {Dtype::f64, {2}}), 0, 1, 4, ops::Padding::last);
              }),
              HasSubstr("before is 1; expected 0"));
}

// x⁰ is 1 everywhere, and 0² is flat in its exponent: 0 · ∞ would be no number.
TEST(Values, OfPowersHaveGradientsAtZero) {
  Graph graph;
  const Value a = graph.input("a", {Dtype::f64, {3}}), b = graph.input("b", {Dtype::f64, {3}});
  const std::vector<Value> found = gradients(sum(power(a, b)), std::array{a, b});
  graph.output("a", found[0]);
  graph.output("b", found[1]);
  Executable run = compile(std::move(graph), {});
  const Tensor base = Tensor::from({3}, {0, 0, 2}, Dtype::f64), exponent = Tensor::from({3}, {0, 2, 3}, Dtype::f64);
  const std::vector<Tensor> values = run(std::array<View, 2>{base, exponent});
  EXPECT_EQ(values[0].values(), (std::vector<double>{0, 0, 12}));
  EXPECT_EQ(values[1].values()[0], 0);
  EXPECT_EQ(values[1].values()[1], 0);
  EXPECT_NEAR(values[1].values()[2], 8 * std::log(2), 1e-14);
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

// Sums of one packed product whose rows are cut in other ways keep their own shapes.
TEST(Sums, OfOneProductKeepTheirShapes) {
  const auto run = [](std::vector<std::string> disable) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {Dim::batch(), 4, 3}}),
                c = graph.input("c", {Dtype::f64, {Dim::batch(), 4, 2}}), w1 = graph.input("w1", {Dtype::f64, {3, 2}}),
                w2 = graph.input("w2", {Dtype::f64, {3, 5}}), b1 = graph.input("b1", {Dtype::f64, {2}}),
                b2 = graph.input("b2", {Dtype::f64, {5}});
    const Value p = matmul(x, w1), q = matmul(x, w2);
    graph.output("y1", tanh(p + b1) * c);
    graph.output("y2", reshape(q, {Dim::batch(), 2, 2, 5}) + b2);
    Executable executable = compile(std::move(graph), {.reserve = {.batch = 3}, .disable = std::move(disable)});
    const Tensor given[6] = {random_tensor({3, 4, 3}, 1), random_tensor({3, 4, 2}, 2), random_tensor({3, 2}, 3),
                             random_tensor({3, 5}, 4),    random_tensor({2}, 5),       random_tensor({5}, 6)};
    const std::vector<View> views(std::begin(given), std::end(given));
    std::vector<std::vector<double>> values;
    for (const Tensor& output : executable(views)) values.push_back(output.values());
    return values;
  };
  EXPECT_EQ(run({}), run({"affine"}));
}

TEST(Exact, LeavesLoopsOverIntegers) {
  Graph graph;
  const Value h = graph.input("h", {Dtype::f32, {Dim::batch(), 3}}),
              labels = graph.input("labels", {Dtype::i32, {Dim::time(), Dim::batch()}});
  const LoopResult result = scan(Dim::time(), std::array{h}, std::array{labels}, [](const Loop& loop) {
    return LoopResult{.carried = {loop.carried[0] + one_hot(loop.scanned[0], 3, Dtype::f32)},
                      .stacked = {loop.scanned[0]},
                      .summed = {}};
  });
  graph.output("h", result.carried[0]);
  graph.output("labels", result.stacked[0]);
  Executable run = compile(std::move(graph), {.reserve = {.batch = 2, .time = 3}, .exact = true});
  const Tensor first({2, 3}, Dtype::f32), given = Tensor::from({3, 2}, {0, 1, 2, 1, 0, 1}, Dtype::i32);
  const std::vector<Tensor> values = run(std::array<View, 2>{first, given});
  EXPECT_EQ(values[0].values(), (std::vector<double>{2, 0, 1, 0, 3, 0}));
  EXPECT_EQ(values[1].values(), given.values());
}

// An index out of range is told by the run that comes to it, not by compiling.
TEST(Simplify, LeavesWhatCannotBeComputed) {
  Graph graph;
  graph.output("y", one_hot(constant(graph, Tensor::from({2}, {5, 1}, Dtype::i32)), 3, Dtype::f32));
  Executable run = compile(std::move(graph), {});
  Tensor y({2, 3}, Dtype::f32);
  run.bind_output(0, y.data());
  EXPECT_EQ(run.run({}).code, Status::Code::index_out_of_range);
}

// What depends on the extents of a run is no constant, though it is made of known inputs alone.
TEST(Split, LeavesWhatDependsOnExtents) {
  Graph graph;
  const Value w = graph.input("w", {Dtype::f64, {2}}), x = graph.input("x", {Dtype::f64, {Dim::batch(), 2}});
  graph.output("y", concat({broadcast_to(exp(w), {Dim::batch(), 2}), x}, 1));
  const Split split = split_constant(graph, std::vector<std::string>{"w"});
  ASSERT_EQ(split.constant.outputs().size(), 1U);
  EXPECT_EQ(to_string(split.constant.type(split.constant.outputs()[0].value).shape), "[2]");
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
