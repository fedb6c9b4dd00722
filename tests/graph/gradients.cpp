// Every operation's gradient against central differences.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/graph/gradient.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using testing::check_gradient;
using testing::message_of;
using testing::random_tensor;
using Values = std::vector<Value>;

ops::ConnectionsPtr some_connections() {
  return std::make_shared<ops::Connections>(4, 3, std::vector<std::uint32_t>{0, 0, 1, 2, 3, 3},
                                            std::vector<std::uint32_t>{0, 2, 1, 2, 0, 2});
}

class UnaryGradient : public ::testing::TestWithParam<int> {};
TEST_P(UnaryGradient, MatchesDifferences) {
  const auto function = static_cast<kernels::Unary>(GetParam());
  // Away from kinks and poles; positive, so that logarithm and square root are defined.
  check_gradient({.inputs = {random_tensor({3, 5}, 1, 0.2, 1.7)},
                  .write = [&](const Values& x) { return Values{unary(function, x[0])}; }});
  const bool positive_only = function == kernels::Unary::logarithm || function == kernels::Unary::square_root;
  if (!positive_only)
    check_gradient({.inputs = {random_tensor({7}, 2, -1.9, -0.3)},
                    .write = [&](const Values& x) { return Values{unary(function, x[0])}; }});
}
INSTANTIATE_TEST_SUITE_P(All, UnaryGradient, ::testing::Range(0, static_cast<int>(kernels::unary_count)),
                         [](const auto& info) {
                           return std::string(kernels::name(static_cast<kernels::Unary>(info.param)));
                         });

class BinaryGradient : public ::testing::TestWithParam<int> {};
TEST_P(BinaryGradient, MatchesDifferencesForEveryBroadcast) {
  const auto function = static_cast<kernels::Binary>(GetParam());
  const std::vector<std::pair<Shape, Shape>> shapes{{{3, 4}, {3, 4}},    {{3, 4}, {4}},      {{3, 4}, {3, 1}},
                                                    {{3, 4}, {}},        {{3, 1}, {4}},      {{2, 3, 4}, {3, 1}},
                                                    {{2, 3, 4}, {3, 4}}, {{2, 1, 4}, {3, 1}}};
  for (const auto& [a, b] : shapes)
    check_gradient(
        {.inputs = {random_tensor(a, 3, 0.2, 1.0), random_tensor(b, 4, 1.1, 1.9)}, .write = [&](const Values& x) {
           return Values{binary(function, x[0], x[1]), binary(function, x[1], x[0])};
         }});
}
INSTANTIATE_TEST_SUITE_P(All, BinaryGradient, ::testing::Range(0, static_cast<int>(kernels::binary_count)),
                         [](const auto& info) {
                           return std::string(kernels::name(static_cast<kernels::Binary>(info.param)));
                         });

TEST(Gradient, Select) {
  check_gradient(
      {.inputs = {random_tensor({3, 4}, 1), random_tensor({4}, 2), random_tensor({3, 1}, 3)},
       .write = [](const Values& x) { return Values{select(less(x[0], constant(x[0], 0.1)), x[1], x[2])}; }});
}

TEST(Gradient, SelectLetsNoNanThrough) {
  // d sqrt(x)/dx at 0 is infinite, but it is not chosen there.
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2}});
  const Value safe = select(less(constant(x, 0), x), x, constant(x, 1));
  const Value y = sum(select(less(constant(x, 0), x), sqrt(safe), constant(x, 0)));
  graph.output("g", gradients(y, std::array{x})[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({2}, {0.0, 4.0}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 1>{input})[0].values(), (std::vector<double>{0, 0.25}));
}

TEST(Gradient, Products) {
  check_gradient({.inputs = {random_tensor({3, 4}, 1), random_tensor({4, 2}, 2)},
                  .write = [](const Values& x) { return Values{matmul(x[0], x[1])}; }});
  check_gradient({.inputs = {random_tensor({2, 3, 4}, 1), random_tensor({5, 4}, 2)},
                  .write = [](const Values& x) { return Values{matmul(x[0], x[1], {.transpose_b = true})}; }});
  check_gradient({.inputs = {random_tensor({2, 3, 4}, 1), random_tensor({2, 3, 5}, 2)},
                  .write = [](const Values& x) { return Values{matmul(x[0], x[1], {.transpose_a = true})}; }});
}

TEST(Gradient, SparseProducts) {
  const auto c = some_connections();
  check_gradient({.inputs = {random_tensor({2, 4}, 1), random_tensor({6}, 2)},
                  .write = [&](const Values& x) { return Values{sparse_matmul(x[0], x[1], c)}; }});
  check_gradient({.inputs = {random_tensor({2, 3}, 1), random_tensor({6}, 2)},
                  .write = [&](const Values& x) { return Values{sparse_matmul(x[0], x[1], c, ops::End::source)}; }});
  check_gradient({.inputs = {random_tensor({5, 2, 4}, 1), random_tensor({5, 2, 3}, 2)},
                  .write = [&](const Values& x) { return Values{sampled_product(x[0], x[1], c)}; }});
}

TEST(Gradient, GatherAndScatter) {
  const auto c = some_connections();
  for (const ops::End end : {ops::End::source, ops::End::target}) {
    check_gradient({.inputs = {random_tensor({2, static_cast<std::int64_t>(c->width(end))}, 1)},
                    .write = [&](const Values& x) { return Values{gather(x[0], c, end)}; }});
    check_gradient({.inputs = {random_tensor({2, 6}, 1)},
                    .write = [&](const Values& x) { return Values{scatter_sum(x[0], c, end)}; }});
  }
}

TEST(Gradient, Reductions) {
  for (const Keep keep : {Keep::no, Keep::yes})
    for (const int axis : {0, 1, -1}) {
      check_gradient({.inputs = {random_tensor({2, 3, 4}, 1)},
                      .write = [&](const Values& x) { return Values{reduce_sum(x[0], axis, keep)}; }});
      check_gradient({.inputs = {random_tensor({2, 3, 4}, 1)},
                      .write = [&](const Values& x) { return Values{reduce_max(x[0], axis, keep)}; }});
    }
  check_gradient({.inputs = {random_tensor({2, 3, 4}, 1)},
                  .write = [](const Values& x) { return Values{reduce_sum(x[0], std::size_t{0}, std::size_t{2})}; }});
}

TEST(Gradient, Shapes) {
  check_gradient({.inputs = {random_tensor({2, 3, 4}, 1)}, .write = [](const Values& x) {
                    return Values{transpose(x[0], {2, 0, 1})};
                  }});
  check_gradient({.inputs = {random_tensor({2, 3, 4}, 1)}, .write = [](const Values& x) {
                    return Values{reshape(x[0], {6, 4})};
                  }});
  check_gradient({.inputs = {random_tensor({3, 1}, 1)}, .write = [](const Values& x) {
                    return Values{broadcast_to(x[0], {2, 3, 4})};
                  }});
  for (const int axis : {0, 1, 2})
    check_gradient({.inputs = {random_tensor({3, 3, 3}, 1)},
                    .write = [&](const Values& x) { return Values{slice(x[0], axis, 1, 3)}; }});
  for (const int axis : {0, 1})
    check_gradient({.inputs = {random_tensor({2, 3}, 1)},
                    .write = [&](const Values& x) { return Values{pad(x[0], axis, 2, 7)}; }});
  check_gradient(
      {.inputs = {random_tensor({5, 2}, 1)}, .write = [](const Values& x) { return Values{leading(x[0], 3)}; }});
  check_gradient({.inputs = {random_tensor({2, 3}, 1), random_tensor({2, 1}, 2), random_tensor({2, 4}, 3)},
                  .write = [](const Values& x) {
                    return Values{concat({x[0], x[1], x[2]}, -1)};
                  }});
  check_gradient({.inputs = {random_tensor({5, 2}, 1), random_tensor({2, 2}, 2)},
                  .write = [](const Values& x) { return Values{replace_slice(x[0], x[1], 1)}; }});
}

TEST(Gradient, ReversedSequences) {
  check_gradient({.inputs = {random_tensor({3, 4, 2}, 1)},
                  .write = [](const Values& x) { return Values{reverse_sequence(x[0])}; }});
  check_gradient({.inputs = {random_tensor({3, 4, 2}, 1)},
                  .write = [](const Values& x) { return Values{reverse_sequence(x[0], x[1])}; },
                  .integers = {Tensor::from({3}, {3, 0, 4}, Dtype::i32)}});
}

TEST(Gradient, OwnRuleIsUsedInPlaceOfTheDerivative) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {3}});
  const Value y = with_gradient(square(x), x, [](Value at, Value, Value g) { return 10.0 * (g * at); });
  graph.output("g", gradients(sum(y), std::array{x})[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({3}, {1, 2, 3}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 1>{input})[0].values(), (std::vector<double>{10, 20, 30}));
}

TEST(LabelNumber, ReadsWhatCountsAlone) {
  const auto numbers_of = [](std::initializer_list<double> labels, std::initializer_list<double> weights,
                             std::optional<std::int32_t> ignored) {
    Graph graph;
    const Value label = graph.input("label", {Dtype::i32, {4}}), weight = graph.input("weight", {Dtype::f32, {4}});
    graph.output("y", label_number(label, weight, 3, ignored));
    Executable run = compile(std::move(graph), {});
    return run(std::array<View, 2>{Tensor::from({4}, labels, Dtype::i32), Tensor::from({4}, weights, Dtype::f32)})[0]
        .values();
  };
  EXPECT_EQ(numbers_of({2, 0, -5, 1}, {1, 0.5, 0, -1}, {}), (std::vector<double>{2, 0, -1, 1}));
  EXPECT_EQ(numbers_of({2, 0, -5, 1}, {1, 1, 1, 1}, -5), (std::vector<double>{2, 0, -1, 1}));
  EXPECT_EQ(numbers_of({2, 0, 2, 1}, {1, 1, 1, 1}, 2), (std::vector<double>{-1, 0, -1, 1}));
  for (const double label : {-1, 3})
    EXPECT_THAT(message_of<Error>([&] {
                  numbers_of({0, label, 1, 2}, {1, 1, 1, 1}, -5);
                }),
                ::testing::HasSubstr("out of range (item 1)"));
  Graph graph;
  const Value label = graph.input("label", {Dtype::i32, {4}}), weight = graph.input("weight", {Dtype::f32, {3}});
  EXPECT_EQ(message_of<ShapeError>([&] { label_number(label, weight, 3); }),
            "label_number: weight is [3]; expected [4], for so many are the labels.");
}

TEST(Functions, AMeanDividesBySizesThatAreKnown) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::batch(), 3}});
  graph.output("y", reduce_mean(x, -1));
  EXPECT_THAT(message_of<ShapeError>([&] { reduce_mean(x, 0); }),
              ::testing::HasSubstr("expected a constant size along axis 0. Divide reduce_sum by a count of your own."));
  Executable run = compile(std::move(graph), {.reserve = {.batch = 2}});
  EXPECT_EQ(run(std::array<View, 1>{Tensor::from({2, 3}, {1, 2, 6, 0, 0, 3}, Dtype::f64)})[0].values(),
            (std::vector<double>{3, 1}));
}

TEST(Gradient, StopsWhereTold) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2}});
  graph.output("g", gradients(sum(x * stop_gradient(x)), std::array{x})[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({2}, {3, 5}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 1>{input})[0].values(), (std::vector<double>{3, 5}));
}

TEST(Gradient, OfAnOutputNamedTwiceIsTheSum) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2}});
  const Value y = square(x);
  graph.output("g", *gradients(std::array{y, y}, std::array{x, x}, std::array{x})[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({2}, {3, 5}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 1>{input})[0].values(), (std::vector<double>{36, 100}));
}

TEST(Gradient, OfWhatIsNotReachedIsZero) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {2}});
  const Value unused = graph.input("unused", {Dtype::f64, {2}});
  graph.output("g", gradients(sum(x), std::array{unused})[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({2}, {3, 5}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 2>{input, input})[0].values(), (std::vector<double>{0, 0}));
}

TEST(Gradient, InALoopOfWhatStandsOutsideAndIsNotReachedIsZero) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {Dim::time(), 2}});
  const Value unused = graph.input("unused", {Dtype::f64, {2}});
  const LoopResult result = scan(Dim::time(), std::span<const Value>(), std::array{x},
                                 [&](const Loop& loop) {
                                   const Value g = gradients(sum(square(loop.scanned[0])), std::array{unused})[0];
                                   return LoopResult{.carried = {}, .stacked = {g}, .summed = {}};
                                 },
                                 {});
  graph.output("g", result.stacked[0]);
  Executable run = compile(std::move(graph), {.target = kernels::Target::scalar});
  const Tensor input = Tensor::from({1, 2}, {3, 5}, Dtype::f64);
  const Tensor other = Tensor::from({2}, {7, 9}, Dtype::f64);
  EXPECT_EQ(run(std::array<View, 2>{input, other})[0].values(), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace elegans::graph
