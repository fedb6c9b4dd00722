// The pass pick: what becomes a pick or an add_at, and that the values stay.

#include "elegans/graph/passes/pick.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "elegans/graph/gradient.hpp"
#include "elegans/ops/pick.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"

namespace elegans::graph {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::names;
using ::testing::Not;
using testing::random_tensor;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Labelled {
  Graph graph;
  Value x, label, column, chosen;
  explicit Labelled(const Shape& rows, std::int64_t n, Dtype dtype = Dtype::f64) {
    const Shape narrow = rows.inserted(rows.rank(), 1);
    x = graph.input("x", {dtype, rows.inserted(rows.rank(), n)});
    label = graph.input("label", {dtype, narrow});
    column = graph.input("column", {dtype, narrow});
    chosen = equal(label, positions(graph, n, dtype));
  }
  Value zero() const { return constant(x, 0); }
};

std::vector<std::string> after(const Graph& graph) {
  PassReport report;
  const Graph result = pick(graph, report);
  check(result);
  return names(result);
}

TEST(Pick, IsWhatALabelChoosesOfARow) {
  Labelled of({Dim::batch(), Dim::time()}, 7);
  of.graph.output("y", reduce_sum(select(of.chosen, of.x, of.zero()), -1));
  of.graph.output("kept", reduce_sum(select(of.chosen, of.x * 2, of.zero()), -1, Keep::yes));
  PassReport report;
  const Graph result = pick(of.graph, report);
  EXPECT_THAT(names(result), ElementsAre("pick", "reshape", "constant", "multiply", "pick"));
  EXPECT_THAT(report.notes, ElementsAre("2 sums along rows of what one label chooses pick it"));
  for (std::size_t o = 0; o < 2; ++o)
    EXPECT_EQ(result.type(result.outputs()[o].value), of.graph.type(of.graph.outputs()[o].value));
}

TEST(Pick, AddsToThePlaceOfALabelAlone) {
  Labelled of({Dim::batch()}, 7);
  of.graph.output("column", select(of.chosen, of.column, of.zero()) + of.x);
  of.graph.output("number", of.x + select(of.chosen, constant(of.x, 3), of.zero()));
  EXPECT_THAT(after(of.graph), ElementsAre("add_at", "constant", "add_at"));
}

TEST(Pick, LeavesWhatIsNotChosenByOneLabel) {
  using Write = std::function<Value(const Labelled&)>;
  const std::vector<std::pair<const char*, Write>> cases{
      {"another value elsewhere",
       [](const Labelled& of) { return reduce_sum(select(of.chosen, of.x, constant(of.x, 1)), -1); }},
      {"a sum of others", [](const Labelled& of) { return reduce_sum(select(of.chosen, of.zero(), of.x), -1); }},
      {"along another axis", [](const Labelled& of) { return reduce_sum(select(of.chosen, of.x, of.zero()), 0); }},
      {"the largest", [](const Labelled& of) { return reduce_max(select(of.chosen, of.x, of.zero()), -1); }},
      {"a number for all rows",
       [](const Labelled& of) { return reduce_sum(select(of.chosen, of.column, of.zero()), -1); }},
      {"no positions",
       [](const Labelled& of) { return reduce_sum(select(equal(of.label, of.x), of.x, of.zero()), -1); }},
      {"no equality",
       [](const Labelled& of) {
         return reduce_sum(select(less(of.label, positions(*of.x.graph, 7, Dtype::f64)), of.x, of.zero()), -1);
       }},
      {"a row that is added",
       [](const Labelled& of) { return select(of.chosen, of.column, of.zero()) + slice(of.x, 0, 0, 1); }},
      {"a whole row where it stands", [](const Labelled& of) { return select(of.chosen, of.x, of.zero()) + of.x; }},
  };
  for (const auto& [what, write] : cases) {
    Labelled of({5}, 7);
    of.graph.output("y", write(of));
    const auto left = after(of.graph);
    EXPECT_THAT(left, Not(Contains("pick"))) << what;
    EXPECT_THAT(left, Not(Contains("add_at"))) << what;
  }
}

// Places that count for nothing, as losses have them: the label is −1 there, in one narrow choice for all that reads it.
TEST(Pick, KnowsPlacesThatDoNotCount) {
  Labelled of({Dim::batch(), Dim::time()}, 7);
  const Value counted = select(of.column, of.chosen, of.zero());
  of.graph.output("y", reduce_sum(select(counted, of.x, of.zero()), -1));
  of.graph.output("z", of.x + select(counted, of.column, of.zero()));
  EXPECT_THAT(after(of.graph), ::testing::UnorderedElementsAre("constant", "select", "pick", "reshape", "add_at"));
}

TEST(Pick, LeavesWhatIsReadElsewhereToo) {
  Labelled of({5}, 7);
  const Value chosen = select(of.chosen, of.column, of.zero());
  of.graph.output("chosen", chosen);
  of.graph.output("y", chosen + of.x);
  EXPECT_THAT(after(of.graph), Not(Contains("add_at")));
}

// Labels that name a place and labels that name none, against the sums and choices that they stand for.
template <class T>
void expect_the_same_values(Dtype dtype) {
  const std::vector<T> labels{0, 6, 3, -1, 7, 2.5, static_cast<T>(nan), static_cast<T>(infinity), T(-0.0), 1e30F};
  const auto rows = static_cast<std::int64_t>(labels.size());
  const auto written = [&](bool in_rows) {
    Labelled of({rows}, 7, dtype);
    const Value x = in_rows ? of.x - reduce_max(of.x, -1, Keep::yes) : of.x;
    const Value counted = select(of.column, of.chosen, of.zero());
    of.graph.output("picked", reduce_sum(select(of.chosen, x, of.zero()), -1));
    of.graph.output("counted", reduce_sum(select(counted, x, of.zero()), -1));
    of.graph.output("added", x + select(of.chosen, of.column, of.zero()));
    of.graph.output("number", select(of.chosen, constant(x, -0.5), of.zero()) + x * x);
    return std::move(of.graph);
  };
  const Tensor x = random_tensor({rows, 7}, 1).to(dtype);
  Tensor column = random_tensor({rows, 1}, 2).to(dtype);
  column.as<T>()[2] = 0;
  const Tensor label = Tensor::from({rows, 1}, std::vector<double>(labels.begin(), labels.end()), dtype);
  for (const auto target : {kernels::Target::best, kernels::Target::scalar})
    for (const bool in_rows : {false, true}) {  // alone, and in a row chain
      Executable picked = compile(written(in_rows), {.target = target}),
                 plain = compile(written(in_rows), {.target = target, .disable = {"pick"}});
      EXPECT_THAT(names(picked.graph()), Contains(in_rows ? "row_chain" : "pick"));
      EXPECT_THAT(names(picked.graph()), Not(Contains(in_rows ? "pick" : "equal")));
      const std::array<View, 3> inputs{x, label, column};
      const auto a = picked(inputs), b = plain(inputs);
      for (std::size_t o = 0; o < b.size(); ++o) EXPECT_EQ(a[o].values(), b[o].values()) << o;
    }
}
TEST(Pick, KeepsEveryValueF32) { expect_the_same_values<float>(Dtype::f32); }
TEST(Pick, KeepsEveryValueF64) { expect_the_same_values<double>(Dtype::f64); }

// A cross-entropy of labels: the gradient is written before the pass, and central differences do not know of it.
TEST(Pick, IsTheGradientOfACrossEntropy) {
  const testing::GradientCase test{
      .inputs = {random_tensor({6, 5}, 3)},
      .write =
          [](const std::vector<Value>& in) {
            const Value shifted = in[0] - stop_gradient(reduce_max(in[0], -1, Keep::yes));
            const Value weight =
                constant(*in[0].graph, Tensor::from({6}, std::vector<double>{1, 1, 0, 1, 1, 1}, Dtype::f64));
            const Value number = label_number(in[1], weight, 5);
            const Value chosen = equal(reshape(number, {6, 1}), positions(*in[0].graph, 5, Dtype::f64));
            const Value own = reduce_sum(select(chosen, shifted, constant(in[0], 0)), -1);
            return std::vector<Value>{(log(reduce_sum(exp(shifted), -1)) - own) * weight};
          },
      .integers = {Tensor::from({6}, std::vector<double>{0, 4, -7, 2, 2, 3}, Dtype::i32)}};
  testing::check_gradient(test);
}

TEST(Pick, RefusesOtherShapes) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {3, 4}}), wide = graph.input("wide", {Dtype::f64, {3, 4}}),
              column = graph.input("column", {Dtype::f64, {3, 1}});
  EXPECT_THROW(graph.apply(std::make_shared<ops::Pick>(), std::array{x, wide}), ShapeError);
  EXPECT_THROW(graph.apply(std::make_shared<ops::AddAt>(), std::array{x, wide, column}), ShapeError);
  EXPECT_THROW(graph.apply(std::make_shared<ops::AddAt>(), std::array{x, column, wide}), ShapeError);
  const Value number = graph.input("number", {Dtype::f64, Shape{}});
  EXPECT_THROW(graph.apply(std::make_shared<ops::Pick>(), std::array{number, number}), ShapeError);
}

}  // namespace
}  // namespace elegans::graph
