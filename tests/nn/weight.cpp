#include "elegans/nn/weight.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "elegans/graph/executable.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::message_of;

// [3, 2]:  +1 −1 | . +1 | −1 .
PatternPtr signs() {
  const std::vector<wiring::Synapse> synapses{{0, 0, 1}, {0, 1, -1}, {1, 1, 1}, {2, 0, -1}};
  return wiring::Pattern::from_synapses(synapses, 3, 2);
}

std::vector<double> constrained(const Constraint& constraint, const Shape& shape, const std::vector<double>& values) {
  graph::Graph g;
  g.output("y", constraint.apply(g.input("w", {Dtype::f64, shape})));
  graph::Executable run = graph::compile(std::move(g), {});
  const Tensor w = Tensor::from(shape, values, Dtype::f64);
  const View view = w;
  return run(std::span(&view, 1))[0].values();
}

TEST(Weights, StoreWhatExists) {
  const WeightOptions options{.name = "w", .initialiser = Given{{1, 2, 3, 4}}, .pattern = signs()};
  const WeightPtr sparse = make_weight(options, "a/w", Dtype::f32, 0);
  EXPECT_EQ(to_string(sparse->stored_shape()), "[4]");
  EXPECT_EQ(to_string(sparse->options.shape), "[3, 2]");
  EXPECT_EQ(sparse->value.values(), (std::vector<double>{1, 2, 3, 4}));

  WeightOptions whole = options;
  whole.storage = Storage::dense;
  const WeightPtr dense = make_weight(whole, "a/w", Dtype::f32, 0);
  EXPECT_EQ(to_string(dense->stored_shape()), "[3, 2]");
  EXPECT_EQ(dense->value.values(), (std::vector<double>{1, 2, 0, 3, 4, 0}));
}

TEST(Weights, TakeTheSignsOfTheCircuit) {
  WeightOptions options{.name = "w", .initialiser = Uniform{-1, 1}, .pattern = signs()};
  const WeightPtr ignored = make_weight(options, "a/w", Dtype::f64, 9);
  options.polarity = Polarity::initial_sign;
  const WeightPtr initial = make_weight(options, "a/w", Dtype::f64, 9);
  const double polarity[] = {1, -1, 1, -1};
  for (std::size_t k = 0; k < 4; ++k)
    EXPECT_EQ(initial->value.values()[k], std::abs(ignored->value.values()[k]) * polarity[k]);
  EXPECT_FALSE(initial->options.constraint);
}

TEST(Weights, KeepFixedSigns) {
  WeightOptions options{.name = "w", .pattern = signs(), .polarity = Polarity::fixed_sign};
  const WeightPtr sparse = make_weight(options, "a/w", Dtype::f64, 9);
  EXPECT_EQ(constrained(sparse->options.constraint, {4}, {0.5, 0.5, -0.5, -0.5}),
            (std::vector<double>{0.5, 0, 0, -0.5}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(constrained(sparse->options.constraint, {4}, {nan, 0, 0, 0})[0]));

  options.storage = Storage::dense;
  const WeightPtr dense = make_weight(options, "a/w", Dtype::f64, 9);
  EXPECT_EQ(constrained(dense->options.constraint, {3, 2}, {0.5, 0.5, 0, -0.5, -0.5, 0}),
            (std::vector<double>{0.5, 0, 0, 0, -0.5, 0}));
}

TEST(Weights, FollowTheirOwnConstraintFirst) {
  const Constraint halved{"halved", [](Value w) { return w * 0.5; }};
  const WeightPtr weight = make_weight(
      {.name = "w", .constraint = halved, .pattern = signs(), .polarity = Polarity::fixed_sign}, "a/w", Dtype::f64, 9);
  EXPECT_EQ(constrained(weight->options.constraint, {4}, {1, 1, 1, 1}), (std::vector<double>{0.5, 0, 0.5, 0}));
}

TEST(Weights, BeginWithWhatIsGiven) {
  WeightOptions options{.name = "w", .initialiser = Ones{}, .pattern = signs(), .storage = Storage::dense};
  const auto given = [](std::vector<double> values) {
    return [values](const WeightOptions&, const std::string& path, const ops::Type& stored) {
      EXPECT_EQ(path, "a/w");
      return Tensor::from(stored.shape, values, stored.dtype);
    };
  };
  EXPECT_EQ(make_weight(options, "a/w", Dtype::f64, 0, given({1, 2, 0, 3, 4, 0}))->value.values(),
            (std::vector<double>{1, 2, 0, 3, 4, 0}));
  EXPECT_EQ(message_of<ConfigError>([&] {
              make_weight(options, "a/w", Dtype::f64, 0, given({1, 2, 5, 3, 4, 0}));
            }),
            "a/w: element 2 is 5; expected 0, for the circuit has no synapse there.");
  options.storage = Storage::sparse;
  EXPECT_EQ(make_weight(options, "a/w", Dtype::f64, 0, given({1, 2, 3, 4}))->value.values(),
            (std::vector<double>{1, 2, 3, 4}));
}

TEST(Weights, RefuseWhatDoesNotFit) {
  const auto refuse = [](WeightOptions options) {
    return message_of<Error>([&] { make_weight(std::move(options), "a/w", Dtype::f32, 0); });
  };
  EXPECT_EQ(refuse({.name = "w", .shape = {2, 2}, .pattern = signs()}),
            "a/w: the shape is [2, 2]; expected [3, 2], that of the pattern.");
  EXPECT_EQ(refuse({.name = "w", .shape = {2, 2}, .polarity = Polarity::fixed_sign}),
            "a/w: polarity is set; expected a pattern beside it. A circuit gives the signs.");
  EXPECT_EQ(refuse({.name = "w", .shape = {2, 2}, .storage = Storage::dense}),
            "a/w: storage is dense; expected a pattern beside it. Without one every weight is stored anyway.");
  EXPECT_EQ(refuse({.name = "w", .shape = {Dim::batch(), 2}}),
            "a/w: the shape is [batch, 2]; expected numbers only. A weight cannot depend on the batch or on time.");
  EXPECT_EQ(refuse({.name = "w/x", .shape = {2}}), "a/w: the name of a weight is 'w/x'; expected a name without '/'.");
  EXPECT_EQ(message_of<DtypeError>([] { make_weight({.name = "w", .shape = {2}}, "a/w", Dtype::i32, 0); }),
            "a/w: the dtype is i32; expected f32 or f64. Integers cannot be trained.");
}

TEST(Constraints, AreKnownByName) {
  EXPECT_EQ(constrained(non_negative(), {3}, {-1, 0, 2}), (std::vector<double>{0, 0, 2}));
  EXPECT_EQ(to_config(constraint_named("non_negative"), "a"), "non_negative");
  EXPECT_FALSE(constraint_named(""));
  EXPECT_EQ(message_of<ConfigError>([] { constraint_named("nonnegative"); }),
            "constraint: the constraint is 'nonnegative'; expected a known constraint. Did you mean 'non_negative'? "
            "One's own "
            "is made known by register_constraint().");
  const Constraint own{"halved_of_test", [](Value w) { return w * 0.5; }};
  EXPECT_EQ(message_of<ConfigError>([&] { to_config(own, "a"); }),
            "a: constraint is 'halved_of_test'; expected one that can be saved. Make it known by register_constraint() "
            "at the "
            "start of the program.");
  register_constraint(own);
  EXPECT_EQ(constrained(constraint_named("halved_of_test"), {1}, {4}), (std::vector<double>{2}));
  EXPECT_EQ(to_config(own, "a"), "halved_of_test");
}

double penalty(const Regulariser& regulariser, const std::vector<double>& values) {
  graph::Graph g;
  const Shape shape{static_cast<std::int64_t>(values.size())};
  g.output("y", regulariser(g.input("w", {Dtype::f64, shape})));
  graph::Executable run = graph::compile(std::move(g), {});
  const Tensor w = Tensor::from(shape, values, Dtype::f64);
  const View view = w;
  return run(std::span(&view, 1))[0].values()[0];
}

TEST(Regularisers, ComputeTheirFormulas) {
  EXPECT_EQ(penalty(l1(0.5), {1, -2, 4}), 3.5);
  EXPECT_EQ(penalty(l2(0.5), {1, -2, 4}), 10.5);
}

TEST(Regularisers, SurviveTheirConfiguration) {
  const Regulariser read = regulariser_from(Json::parse(to_config(l2(0.25), "a").dump()), "file");
  EXPECT_EQ(penalty(read, {2}), 1);
  EXPECT_TRUE(to_config(Regulariser{}, "a").is_null());
  EXPECT_FALSE(regulariser_from(nullptr, "file"));
  EXPECT_EQ(message_of<ConfigError>([] {
              regulariser_from({{"type", "l3"}, {"factor", 1}}, "m.json");
            }),
            "m.json: the regulariser is 'l3'; expected a known regulariser. Did you mean 'l1' or 'l2'? One's own is "
            "made known "
            "by register_regulariser().");
  EXPECT_EQ(message_of<ConfigError>([] { l2(-1); }),
            "l2: factor of the regulariser is -1; expected a finite number, 0 or more.");
}

TEST(Regularisers, OfOnesOwnNeedANameToBeSaved) {
  const Regulariser own{
      .name = "fourth_of_test", .factor = 2, .penalty = [](Value w) { return sum(square(square(w))); }};
  EXPECT_EQ(penalty(own, {1, 2}), 34);
  EXPECT_THROW(to_config(own, "a"), ConfigError);
  register_regulariser("fourth_of_test", own.penalty);
  EXPECT_EQ(penalty(regulariser_from(to_config(own, "a"), "file"), {1, 2}), 34);
  const Regulariser vector{.name = "v", .factor = 1, .penalty = [](Value w) { return w; }};
  EXPECT_EQ(message_of<ShapeError>([&] {
              penalty(vector, {1, 2});
            }),
            "regulariser: the penalty is [2]; expected a scalar []. End with sum(…).");
}

}  // namespace
}  // namespace elegans::nn
