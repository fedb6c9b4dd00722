// Affine maps become one product, with the bits of what they were.

#include "elegans/graph/passes/affine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "elegans/graph/functions.hpp"
#include "elegans/graph/scan.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "support/check_gradient.hpp"

namespace elegans::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::random_tensor;

// Of 5 × 3 places all but every fourth.
ops::ConnectionsPtr circuit() {
  std::vector<std::uint32_t> source, target;
  for (std::uint32_t i = 0; i < 15; ++i)
    if (i % 4 != 1) {
      source.push_back(i / 3);
      target.push_back(i % 3);
    }
  return std::make_shared<ops::Connections>(5, 3, source, target);
}

// What a step may add up: products of the input and of the state, and biases.
struct Terms {
  Value xa, xb, xc, hu, hv, b, c;  // xc over a circuit
};
using Written = std::function<std::vector<Value>(const Terms&)>;

// Products are packed in loops: this one is written out for one step.
Graph step(const Written& results, Dtype dtype) {
  Graph graph;
  const auto input = [&](const char* name, const Shape& shape) { return graph.input(name, {dtype, shape}); };
  const Value x = input("x", {Dim::time(), Dim::batch(), 5}), h = input("h", {Dim::batch(), 4});
  const Value a = input("a", {5, 3}), a2 = input("a2", {5, 3}), w = input("w", {11}), u = input("u", {4, 3}),
              v = input("v", {4, 3}), b = input("b", {3}), c = input("c", {3});
  const LoopResult loop = scan(Dim::time(), std::array{h}, std::array{x}, [&](const Loop& at) {
    const Value now = at.scanned[0], state = at.carried[0];
    return LoopResult{.carried = {state * 0.5},
                      .stacked = results({matmul(now, a), matmul(now, a2), sparse_matmul(now, w, circuit()),
                                          matmul(state, u), matmul(state, v), b, c}),
                      .summed = {}};
  });
  for (const Value& y : loop.stacked) graph.output("y" + std::to_string(y.id), y);
  return graph;
}

std::vector<Tensor> numbers(Dtype dtype, std::int64_t batch = 1, std::int64_t time = 1) {
  std::vector<Tensor> all;
  for (const Shape& shape : {Shape{time, batch, 5}, Shape{batch, 4}, Shape{5, 3}, Shape{5, 3}, Shape{11}, Shape{4, 3},
                             Shape{4, 3}, Shape{3}, Shape{3}})
    all.push_back(random_tensor(shape, all.size() + 1).to(dtype));
  return all;
}

// As bytes: the sign of a zero counts.
std::vector<std::vector<std::byte>> bytes_of(Executable executable, const std::vector<Tensor>& inputs) {
  const std::vector<View> views(inputs.begin(), inputs.end());
  std::vector<std::vector<std::byte>> all;
  for (const Tensor& tensor : executable(views)) {
    const auto* data = static_cast<const std::byte*>(tensor.data());
    all.emplace_back(data, data + tensor.values().size() * size_of(tensor.dtype()));
  }
  return all;
}

std::vector<std::vector<double>> run(Executable executable, const std::vector<Tensor>& inputs) {
  const std::vector<View> views(inputs.begin(), inputs.end());
  std::vector<std::vector<double>> all;
  for (const Tensor& tensor : executable(views)) all.push_back(tensor.values());
  return all;
}

// The products of a step, as explain() describes them, and that its numbers are those without the pass.
std::vector<std::string> products_of(const Written& results, std::int64_t batch = 1) {
  std::vector<std::string> products;
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    const Extents one{.batch = batch, .time = 1};
    Executable with = compile(step(results, dtype), {.reserve = one, .exact = true, .disable = {"fuse"}});
    Executable without = compile(step(results, dtype), {.reserve = one, .exact = true, .disable = {"affine", "fuse"}});
    products.clear();
    for (const Node& node : with.graph().nodes())
      if (node.operation->name() == "packed_matmul") products.push_back(node.operation->options());
    const std::vector<Tensor> inputs = numbers(dtype, batch);
    EXPECT_EQ(bytes_of(std::move(with), inputs), bytes_of(std::move(without), inputs)) << to_string(dtype);
  }
  return products;
}

TEST(Affine, TakesSumsInTheOrderOfTheirTerms) {
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.xa + t.b) + t.hu}; }),
              ElementsAre("5 + 1 + 4 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{t.hu + (t.b + t.xa)}; }),
              ElementsAre("5 + 1 + 4 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.c + (t.hu + t.b)) + t.xa}; }),
              ElementsAre("4 + 1 + 1 + 5 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.hu + t.xa) + t.b}; }),
              ElementsAre("4 + 5 + 1 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{t.xa + t.b}; }), ElementsAre("5 + 1 by 3"));
}

// Biases that are computed, some of them behind the products, and a sum that is seen in another shape before it goes on.
TEST(Affine, TakesBiasesThatAreComputed) {
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.xa + t.b * t.c) + t.hu}; }),
              ElementsAre("5 + 1 + 4 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) {
                return std::vector{(t.xa + t.b) + t.hu, (t.xb + (t.b * t.c + t.c)) + t.hv};
              }),
              ElementsAre("5 + 1 + 4 by 3 | 3"));
}

// One sum is made from the other: they cannot be parts of one product.
TEST(Affine, LeavesABiasThatItsNeighbourMakes) {
  EXPECT_THAT(products_of([](const Terms& t) {
                const Value first = (t.xa + t.b) + t.hu;
                return std::vector{first, (t.xb + reduce_sum(first, 0)) + t.hv};
              }),
              ElementsAre("5 by 3 | 3", "4 by 3 | 3"));
}

TEST(Affine, TakesAllPartsOfAProductTogether) {
  EXPECT_THAT(products_of([](const Terms& t) {
                return std::vector{tanh((t.xa + t.b) + t.hu), (t.xc + t.c) + t.hv};
              }),
              ElementsAre("5 + 1 + 4 by 3 | 3, 1 of 6 blocks of connections"));
}

// A sum that has another order than its neighbour, a bias that it has not, or a product that is read twice.
TEST(Affine, LeavesPartsThatAreNotAlike) {
  const auto untouched = ElementsAre("5 by 3 | 3", "4 by 3 | 3");
  EXPECT_THAT(products_of([](const Terms& t) {
                return std::vector{(t.xa + t.b) + t.hu, (t.xb + t.hv) + t.c};
              }),
              untouched);
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.xa + t.b) + t.hu, t.xb + t.hv}; }), untouched);
  EXPECT_THAT(products_of([](const Terms& t) {
                return std::vector{(t.xa + t.b) + t.hu, (t.xb + t.c) + t.hv, t.xb};
              }),
              untouched);
  EXPECT_THAT(products_of([](const Terms& t) {
                return std::vector{(t.hu + t.b) + t.xa * 2.0, (t.hv + t.c) + t.xb, t.hu};
              }),
              untouched);
}

// Σ of two sums is none of terms, one after the other; a bias alone is no product.
TEST(Affine, LeavesOtherSums) {
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.xa + t.b) + (t.hu + t.c)}; }),
              ElementsAre("5 + 1 by 3", "4 + 1 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.b + t.c) + t.hu}; }), ElementsAre("4 + 1 by 3"));
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{t.b * t.c + t.c}; }), IsEmpty());
}

TEST(Affine, TakesSumsOfSeveralRows) {
  EXPECT_THAT(products_of([](const Terms& t) { return std::vector{(t.xa + t.b) + t.hu}; }, 2),
              ElementsAre("5 + 1 + 4 by 3"));
}

// Products in front of a loop and inside it. What is known before the loop takes its bias along (passes/hoist.hpp).
TEST(Affine, TakesSumsInLoops) {
  const auto products_in_loop = [](const Written& results) {
    const Extents several{.batch = 3, .time = 4};
    std::vector<std::string> products;
    for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
      Executable with = compile(step(results, dtype), {.reserve = several, .disable = {"fuse"}});
      Executable without = compile(step(results, dtype), {.reserve = several, .disable = {"affine", "fuse"}});
      products.clear();
      const auto note = [&](const Node& node, const char* where) {
        if (node.operation->name() == "packed_matmul") products.push_back(where + node.operation->options());
      };
      for (const Node& node : with.graph().nodes()) {
        note(node, "");
        if (const Scan* scan = as_scan(node))
          for (const Node& inner : scan->body().nodes()) note(inner, "each step ");
      }
      const std::vector<Tensor> inputs = numbers(dtype, 3, 4);
      EXPECT_EQ(bytes_of(std::move(with), inputs), bytes_of(std::move(without), inputs)) << to_string(dtype);
    }
    return products;
  };
  EXPECT_THAT(products_in_loop([](const Terms& t) { return std::vector{(t.hu + t.b) + t.c}; }),
              ElementsAre("each step 4 + 1 + 1 by 3"));
  EXPECT_THAT(products_in_loop([](const Terms& t) {
                return std::vector{(t.xa + t.b) + t.hu, t.xb + t.hv};
              }),
              ElementsAre("5 by 3 | 3", "each step 4 by 3 | 3"));
  EXPECT_THAT(products_in_loop([](const Terms& t) {
                return std::vector{(t.xa + t.b) + t.hu, (t.xc + t.c) + t.hv};
              }),
              ElementsAre("5 + 1 by 3 | 3, 1 of 4 blocks of connections", "each step 4 by 3 | 3"));
}

// A product that is read otherwise leaves its loop without a bias: it would be kept twice.
TEST(Affine, HoistTakesNoBiasOfAProductThatIsReadTwice) {
  const auto said = [](const Written& results) {
    return compile(step(results, Dtype::f32), {.reserve = {.batch = 3, .time = 4}}).explain();
  };
  EXPECT_THAT(said([](const Terms& t) { return std::vector{(t.xa + t.b) + t.hu}; }),
              HasSubstr("1 biases added to them"));
  EXPECT_THAT(said([](const Terms& t) {
                return std::vector{(t.xa + t.b) + t.hu, tanh(t.xa)};
              }),
              Not(HasSubstr("biases added")));
}

// A bias of -0 makes -0 of a product that is -0, or rounds to it.
TEST(Affine, KeepsTheSignOfAZero) {
  for (const double bias : {-0.0, 0.0}) {
    std::vector<Tensor> inputs = numbers(Dtype::f32);
    for (const std::size_t i : {0, 2}) {
      const auto values = inputs[i].as<float>();
      std::fill(values.begin(), values.end(), i == 0 ? -1e-30F : 1e-30F);
    }
    for (const std::size_t i : {7, 8}) {
      const auto values = inputs[i].as<float>();
      std::fill(values.begin(), values.end(), static_cast<float>(bias));
    }
    const auto results = [](const Terms& t) { return std::vector{t.xa + t.b}; };
    for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best})
      EXPECT_EQ(bytes_of(compile(step(results, Dtype::f32), {.target = target, .reserve = {}, .exact = true}), inputs),
                bytes_of(compile(step(results, Dtype::f32),
                                 {.target = target, .reserve = {}, .exact = true, .disable = {"affine"}}),
                         inputs));
  }
}

// Two rows that become one are none.
TEST(Affine, LeavesProductsOfSeveralRowsInAnotherShape) {
  const Shape all{1, Dim::batch() * 3};
  EXPECT_THAT(products_of([&](const Terms& t) { return std::vector{reshape(t.xa, all) + reshape(t.hu, all)}; }, 2),
              ElementsAre("5 by 3", "4 by 3"));
}

// 0 · ∞ is NaN in a matrix, and nothing where no connection is.
TEST(Affine, AbsentConnectionsTakeNoPart) {
  std::vector<Tensor> inputs = numbers(Dtype::f64);
  inputs[0].as<double>()[2] = std::numeric_limits<double>::infinity();  // places 6, 7, 8 exist
  inputs[0].as<double>()[3] = std::numeric_limits<double>::infinity();  // 10 and 11 exist, 9 does not
  const auto results = [](const Terms& t) { return std::vector{(t.xc + t.c) + t.hv}; };
  const Extents one{};
  const auto y = run(compile(step(results, Dtype::f64), {.reserve = one, .exact = true}), inputs)[0];
  const auto apart =
      run(compile(step(results, Dtype::f64), {.reserve = one, .exact = true, .disable = {"affine"}}), inputs)[0];
  EXPECT_TRUE(std::isinf(y[0])) << "one infinity, and no connection from the other";
  EXPECT_EQ(y[0], apart[0]);
  EXPECT_EQ(std::isnan(y[1]), std::isnan(apart[1]));
  EXPECT_EQ(std::isnan(y[2]), std::isnan(apart[2]));
}

TEST(Affine, SaysWhatItDid) {
  const Written results = [](const Terms& t) { return std::vector{(t.xa + t.b) + t.hu, (t.xb + t.c) + t.hv}; };
  const Executable executable = compile(step(results, Dtype::f32), {.reserve = {}, .exact = true});
  EXPECT_THAT(executable.explain(), HasSubstr("2 sums of products and biases made 1 products"));
}

}  // namespace
}  // namespace elegans::graph
