// Outputs in the memory of inputs: whatever else is asked of the input is what it was before the run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Numbers = std::vector<double>;

// Inputs a and b of two numbers each: a = (1, 2), b = (3, 4).
using Write = std::function<void(Graph&, Value a, Value b)>;

// The outputs by name after one run, with those of `pairs` in the memory of their inputs; run again as it is fixed.
std::map<std::string, Numbers> run(const Write& write, const Pairs& pairs, bool is_fixed) {
  Graph graph;
  const Type type{Dtype::f64, {2}};
  const Value a = graph.input("a", type), b = graph.input("b", type);
  write(graph, a, b);
  Executable executable =
      compile(std::move(graph), {.reserve = {.batch = 1, .time = 1}, .exact = true, .in_place = pairs});
  std::map<std::string, Tensor> memory{{"a", Tensor::from({2}, {1, 2}, Dtype::f64)},
                                       {"b", Tensor::from({2}, {3, 4}, Dtype::f64)}};
  for (std::size_t i = 0; i < executable.inputs().size(); ++i)
    executable.bind_input(i, memory.at(executable.inputs()[i].name));
  std::map<std::string, std::string> shared(pairs.begin(), pairs.end());
  for (std::size_t o = 0; o < executable.outputs().size(); ++o) {
    const std::string& name = executable.outputs()[o].name;
    if (!shared.contains(name)) {
      memory.emplace(name, Tensor(executable.output_type(o).shape, Dtype::f64));
      shared[name] = name;
    }
    executable.bind_output(o, memory.at(shared[name]).data());
  }
  const Extents one{.batch = 1, .time = 1};
  if (is_fixed) executable.fix(one);
  EXPECT_TRUE(executable.run(one).ok());
  std::map<std::string, Numbers> results;
  for (const auto& [name, place] : shared) results[name] = memory.at(place).values();
  return results;
}

void expect(const Write& write, const Pairs& pairs, const std::map<std::string, Numbers>& wanted) {
  for (const bool is_fixed : {false, true}) EXPECT_EQ(run(write, pairs, is_fixed), wanted);
}

TEST(InPlace, WritesWhereItReads) {
  expect([](Graph& graph, Value a, Value b) { graph.output("new", a * b + 1.0); }, {{"new", "a"}}, {{"new", {4, 9}}});
}

TEST(InPlace, OtherOutputsAreTheInputAsItWas) {
  const Write whole = [](Graph& graph, Value a, Value) {
    graph.output("old", a);
    graph.output("new", a * 2.0 + 1.0);
    graph.output("row", reshape(a, {1, 2}));
    graph.output("last", slice(a, 0, 1, 2));
  };
  expect(whole, {{"new", "a"}}, {{"old", {1, 2}}, {"new", {3, 5}}, {"row", {1, 2}}, {"last", {2}}});
}

TEST(InPlace, DelayLines) {
  for (const bool first : {false, true})
    expect(
        [first](Graph& graph, Value a, Value b) {
          if (first) graph.output("b'", a);
          graph.output("a'", a + b);
          if (!first) graph.output("b'", a);
        },
        {{"a'", "a"}, {"b'", "b"}}, {{"a'", {4, 6}}, {"b'", {1, 2}}});
}

TEST(InPlace, TwoInputsChangePlaces) {
  expect(
      [](Graph& graph, Value a, Value b) {
        graph.output("a'", b);
        graph.output("b'", a);
      },
      {{"a'", "a"}, {"b'", "b"}}, {{"a'", {3, 4}}, {"b'", {1, 2}}});
}

TEST(InPlace, AnInputMayStayAsItIs) {
  expect([](Graph& graph, Value a, Value b) { graph.output("a'", a), graph.output("y", a + b); }, {{"a'", "a"}},
         {{"a'", {1, 2}}, {"y", {4, 6}}});
}

TEST(InPlace, PairsThatDoNotGoTogetherAreRefused) {
  const auto refused = [](const Pairs& pairs) {
    return testing::message_of<ConfigError>([&] {
      run(
          [](Graph& graph, Value a, Value b) {
            graph.output("x", a + b);
            graph.output("y", a * b);
            graph.output("small", slice(a, 0, 1, 2));
          },
          pairs, false);
    });
  };
  EXPECT_EQ(refused({{"small", "a"}}),
            "compile: in_place: output 'small' over input 'a' is f64[1] over f64[2]; expected the type of the input.");
  EXPECT_EQ(
      refused({{"x", "a"}, {"y", "a"}}),
      "compile: in_place: output 'y' over input 'a' is given before; expected every output and every input once.");
  EXPECT_THAT(refused({{"x", "a"}, {"x", "b"}}), ::testing::HasSubstr("'x' over input 'b' is given before"));
}

TEST(Reserve, ExtentsThatNoMemoryHoldsAreRefused) {
  const auto refused = [](const Extents& reserve) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), Dim::time(), 4}});
    graph.output("y", x + 1.0);
    return testing::message_of<ConfigError>([&] { compile(std::move(graph), {.reserve = reserve}); });
  };
  EXPECT_THAT(refused({.batch = std::int64_t{1} << 32, .time = std::int64_t{1} << 32}),
              ::testing::HasSubstr("is more than there can be memory for"));
  EXPECT_THAT(refused({.batch = (std::int64_t{1} << 40) + 1, .time = 1}),
              ::testing::HasSubstr("expected 1 to 1099511627776 of each"));
}

}  // namespace
}  // namespace elegans::graph
