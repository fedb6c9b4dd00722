#include "elegans/nn/context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "elegans/graph/executable.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using graph::Graph;
using testing::message_of;

WeightPtr weight_at(const std::string& path) { return make_weight({.name = "w", .shape = {2}}, path, Dtype::f32, 0); }

TEST(Contexts, MakeOneInputOfAWeight) {
  Graph g;
  Context context(g);
  const WeightPtr weight = weight_at("a/w");
  EXPECT_EQ(context.weight(weight), context.weight(weight));
  ASSERT_EQ(g.inputs().size(), 1U);
  EXPECT_EQ(g.inputs()[0].name, "weight/a/w");
  EXPECT_EQ(
      message_of<ConfigError>([&] { context.weight(weight_at("a/w")); }),
      "a/w: the path is that of two weights; expected a path of its own for each. Give the layers different names: "
      "set_name(\"…\") before they are built.");
}

TEST(Contexts, TakeWhatStandsForAWeight) {
  Graph g;
  Context context(g);
  const WeightPtr weight = weight_at("a/w");
  const Value arena = g.input("arena", {Dtype::f32, {10}});
  const Value part = slice(arena, 0, 4, 6);
  EXPECT_THROW(context.provide(weight, arena), ShapeError);
  context.provide(weight, part);
  EXPECT_EQ(context.weight(weight), part);
  EXPECT_EQ(g.inputs().size(), 1U);
  EXPECT_EQ(context.weights()[0].second, part);
}

TEST(Contexts, ShowStatesOnDemand) {
  const ops::Type type{Dtype::f32, {Dim::batch(), 3}};
  for (const bool exposed : {false, true}) {
    Graph g;
    Context context(g, {.expose_states = exposed});
    const Value x = g.input("x", type);
    bool started = false;
    const Value first = context.initial_state("rnn/v", type, [&] {
      started = true;
      return zeros_like(x);
    });
    context.final_state("rnn/v", first + x);
    EXPECT_EQ(started, !exposed);
    ASSERT_EQ(context.states().size(), 1U);
    EXPECT_EQ(context.states()[0].initial, first);
    EXPECT_EQ(g.inputs().size(), exposed ? 2U : 1U);
    EXPECT_EQ(g.outputs().size(), exposed ? 1U : 0U);
    if (exposed) {
      EXPECT_EQ(g.inputs()[1].name, "state/rnn/v");
      EXPECT_EQ(g.outputs()[0].name, "next/rnn/v");
    }
    EXPECT_THAT(message_of<ConfigError>([&] { context.initial_state("rnn/v", type, [&] { return x; }); }),
                ::testing::HasSubstr("rnn/v: the path is that of two states"));
    EXPECT_THROW(context.final_state("rnn/other", x), InternalError);
  }
}

TEST(Contexts, TakeTheFirstStateThatIsProvided) {
  Graph g;
  Context context(g);
  const ops::Type type{Dtype::f32, {2, 3}};
  const Value given = g.input("given", type);
  context.provide_state("rnn/v", given);
  EXPECT_EQ(context.initial_state("rnn/v", type, [&] { return zeros_like(given); }), given);
  context.provide_state("rnn/u", given);
  EXPECT_EQ(message_of<ShapeError>([&] {
              context.initial_state("rnn/u", {Dtype::f32, {2, 4}}, {});
            }),
            "rnn/u: the first value is f32[2, 3]; expected f32[2, 4].");
}

// The masks of two places, a and b.
std::vector<std::vector<double>> masks(std::uint64_t seed, std::int32_t step, double rate) {
  Graph g;
  Context context(g, {.mode = Mode::training, .seed = seed});
  for (const char* path : {"a", "b"}) g.output(path, context.dropout_mask(path, {4000}, rate, Dtype::f64));
  graph::Executable run = graph::compile(std::move(g), {});
  Tensor counter(Shape{1}, Dtype::i32);
  counter.as<std::int32_t>()[0] = step;
  const View view = counter;
  std::vector<std::vector<double>> values;
  for (const Tensor& mask : run(std::span(&view, 1))) values.push_back(mask.values());
  return values;
}

TEST(Dropout, DropsItsShareAndScalesTheRest) {
  for (const double rate : {0.0, 0.3, 0.9}) {
    double kept = 0;
    const std::vector<double> mask = masks(1, 0, rate)[0];
    for (const double x : mask) {
      EXPECT_TRUE(x == 0 || x == 1 / (1 - rate)) << x;
      kept += x != 0;
    }
    EXPECT_NEAR(kept / 4000, 1 - rate, 5 * std::sqrt(rate * (1 - rate) / 4000));
  }
}

TEST(Dropout, DependsOnSeedPathAndStep) {
  const auto first = masks(1, 0, 0.5);
  EXPECT_EQ(masks(1, 0, 0.5), first);
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(masks(1, 1, 0.5)[0], first[0]);
  EXPECT_NE(masks(2, 0, 0.5)[0], first[0]);
}

TEST(Dropout, RefusesARateOfOne) {
  Graph g;
  Context context(g, {.mode = Mode::training});
  EXPECT_THAT(message_of<ConfigError>([&] { context.dropout_mask("a", {2}, 1, Dtype::f32); }),
              ::testing::HasSubstr("a: the rate of dropout is 1; expected"));
}

}  // namespace
}  // namespace elegans::nn
