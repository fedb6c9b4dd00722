#include "elegans/nn/weight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

// The same by loops: every line of numbers along an axis of a [3, 2] kernel, or those of a pattern that share an end.
std::vector<double> by_norms(const std::vector<double>& w, const std::vector<int>& line,
                             double (*wanted)(double norm)) {
  std::vector<double> out = w;
  for (std::size_t i = 0; i < w.size(); ++i) {
    double squares = 0;
    for (std::size_t k = 0; k < w.size(); ++k) squares += line[k] == line[i] ? w[k] * w[k] : 0;
    const double norm = std::sqrt(squares);
    out[i] = wanted(norm) == norm ? w[i] : w[i] * wanted(norm) / (norm + 1e-7);
  }
  return out;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 16 * 0x1p-52) << i;
}

TEST(Constraints, LimitNormsAlongAnAxis) {
  const std::vector<double> w{3, 0.1, -4, 0.2, 0, 0.05};  // columns of norms 5 and 0.23
  const std::vector<int> columns{0, 1, 0, 1, 0, 1}, rows{0, 0, 1, 1, 2, 2};
  const auto at_most_two = [](double n) { return std::min(n, 2.0); };
  const auto one = [](double) { return 1.0; };
  const auto between = [](double n) { return n + 0.5 * (std::min(std::max(n, 0.5), 2.0) - n); };
  expect_near(constrained(max_norm(), {3, 2}, w), by_norms(w, columns, at_most_two));
  expect_near(constrained(max_norm(2, 1), {3, 2}, w), by_norms(w, rows, at_most_two));
  expect_near(constrained(max_norm(2, -1), {3, 2}, w), by_norms(w, rows, at_most_two));
  expect_near(constrained(unit_norm(), {3, 2}, w), by_norms(w, columns, one));
  expect_near(constrained(min_max_norm({.min_value = 0.5, .max_value = 2, .rate = 0.5}), {3, 2}, w),
              by_norms(w, columns, between));
  // What is admissible keeps its bits.
  const std::vector<double> small{0.3, 0.1, -0.7, 0.2, 0, 0.05};
  EXPECT_EQ(constrained(max_norm(), {3, 2}, small), small);
  EXPECT_EQ(constrained(min_max_norm({.min_value = 0.1}), {3, 2}, small), small);
  EXPECT_EQ(constrained(unit_norm(), {2}, {0, 0}), (std::vector<double>{0, 0})) << "a norm of 0 makes no NaN";
}

// Of a pattern the weights that exist count, in both kinds of storage.
TEST(Constraints, LimitNormsOfExistingWeights) {
  const std::vector<double> w{3, 1, -4, 2};
  for (const std::int64_t axis : {0, 1}) {
    const auto bound = [&](Storage storage) {
      return make_weight({.name = "w",
                          .initialiser = Given{w},
                          .constraint = max_norm(2, axis),
                          .pattern = signs(),
                          .storage = storage},
                         "a/w", Dtype::f64, 0);
    };
    const WeightPtr sparse = bound(Storage::sparse), dense = bound(Storage::dense);
    std::vector<int> line;
    for (std::size_t k = 0; k < w.size(); ++k)
      line.push_back(axis == 0 ? signs()->targets()[k] : signs()->sources()[k]);
    const std::vector<double> expected = by_norms(w, line, [](double n) { return std::min(n, 2.0); });
    expect_near(constrained(sparse->options.constraint, {4}, w), expected);
    const std::vector<double> whole =
        constrained(dense->options.constraint, dense->stored_shape(), dense->value.values());
    std::vector<double> scattered(whole.size());
    signs()->scatter(expected, scattered);
    expect_near(whole, scattered);
  }
}

TEST(Constraints, SurviveTheirConfiguration) {
  for (const Constraint& one : {max_norm(3, 1), unit_norm(-2), non_negative(),
                                min_max_norm({.min_value = 0.5, .max_value = 2, .rate = 0.25, .axis = 1})}) {
    const Json config = Json::parse(to_config(one, "a").dump());
    const Constraint again = constraint_from(config, "file");
    EXPECT_EQ(to_config(again, "a"), config);
    const std::vector<double> w{3, -1, 4, 2};
    EXPECT_EQ(constrained(again, {2, 2}, w), constrained(one, {2, 2}, w)) << config;
  }
  EXPECT_FALSE(constraint_from("", "file"));
  EXPECT_EQ(to_config(constraint_named("max_norm"), "a"), to_config(max_norm(2, 0), "a"));
  const auto refuse = [](const char* text) {
    return message_of<FormatError>([&] { constraint_from(Json::parse(text), "m.json"); });
  };
  EXPECT_THAT(refuse(R"({"type": "max_norm", "rate": 1})"), ::testing::HasSubstr("m.json: key 'rate' is unknown"));
  EXPECT_THAT(refuse(R"({"type": "unit", "axis": 1})"), ::testing::HasSubstr("m.json: key 'type' is \"unit\""));
  EXPECT_THAT(refuse(R"({"type": "unit_norm", "axis": 2})"), ::testing::HasSubstr("m.json: key 'axis' is 2"));
  EXPECT_EQ(message_of<ConfigError>([] { max_norm(-1); }), "max_norm: max_value is -1; expected a finite number >= 0.");
  EXPECT_EQ(message_of<ConfigError>([] { unit_norm(2); }),
            "unit_norm: axis is 2; expected 0 or 1, or −1 or −2 from the end. A kernel is [inputs, units]: 0 takes the "
            "norm of each unit's weights.");
  EXPECT_EQ(message_of<ConfigError>([] { min_max_norm({.min_value = 2, .max_value = 1}); }),
            "min_max_norm: max_value is 1; expected a finite number, min_value or more.");
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
  EXPECT_EQ(penalty(l1_l2(0.5, 0.25), {1, -2, 4}), 3.5 + 5.25);
}

TEST(Regularisers, SurviveTheirConfiguration) {
  const Regulariser read = regulariser_from(Json::parse(to_config(l2(0.25), "a").dump()), "file");
  EXPECT_EQ(penalty(read, {2}), 1);
  const Regulariser both = regulariser_from(Json::parse(to_config(l1_l2(0.5, 0.25), "a").dump()), "file");
  EXPECT_EQ(penalty(both, {1, -2, 4}), 8.75);
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
