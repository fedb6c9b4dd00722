// The pass fold: what known numbers make of one another is computed once, and nothing else is touched.

#include "elegans/graph/passes/fold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "elegans/graph/functions.hpp"
#include "elegans/graph/passes/simplify.hpp"
#include "elegans/graph/split.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using testing::body_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::message_of;
using testing::names;
using testing::random_tensor;

constexpr double epsilon = std::numeric_limits<double>::epsilon();
using Known = std::vector<std::string>;

Graph folded(const Graph& graph, const Known& known, PassReport& report) {
  Graph result = fold(graph, known, report);
  check(result);
  return result;
}
Graph folded(const Graph& graph, const Known& known) {
  PassReport report;
  return folded(graph, known, report);
}

// What runs at every step: the graph without what depends on known inputs alone.
Graph at_run_time(const Graph& graph, const Known& known) { return split_constant(folded(graph, known), known).rest; }

std::vector<double> run(Graph graph, const std::vector<std::pair<std::string, Tensor>>& inputs) {
  Executable executable = compile(std::move(graph), {.disable = {"fuse"}});
  std::vector<View> views;
  for (const Port& port : executable.inputs())
    for (const auto& [name, tensor] : inputs)
      if (name == port.name) views.emplace_back(tensor);
  return executable(views)[0].values();
}

void expect_near(const std::vector<double>& got, const std::vector<double>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance) << i;
}

// A gate of two affine maps of x, one of them times s.
struct Gate {
  Tensor x = random_tensor({2, 3}, 1), a = random_tensor({3, 4}, 2), b = random_tensor({3, 4}, 3);
  Tensor u = random_tensor({4}, 4), v = random_tensor({4}, 5);
  double s = 0.37;
  Known known{"a", "b", "u", "v"};

  std::vector<std::pair<std::string, Tensor>> inputs() const {
    return {{"x", x}, {"a", a}, {"b", b}, {"u", u}, {"v", v}};
  }
  Graph graph() const {
    Graph g;
    const Value in = g.input("x", {Dtype::f64, {2, 3}});
    const Value wa = g.input("a", {Dtype::f64, {3, 4}}), wb = g.input("b", {Dtype::f64, {3, 4}});
    const Value bu = g.input("u", {Dtype::f64, {4}}), bv = g.input("v", {Dtype::f64, {4}});
    g.output("y", (matmul(in, wa) + bu) * s + (matmul(in, wb) + bv));
    return g;
  }
  std::vector<double> expected() const {
    const auto x_ = x.values(), a_ = a.values(), b_ = b.values(), u_ = u.values(), v_ = v.values();
    std::vector<double> y;
    for (std::size_t r = 0; r < 2; ++r)
      for (std::size_t n = 0; n < 4; ++n) {
        double first = u_[n], second = v_[n];
        for (std::size_t k = 0; k < 3; ++k) {
          first += x_[r * 3 + k] * a_[k * 4 + n];
          second += x_[r * 3 + k] * b_[k * 4 + n];
        }
        y.push_back(first * s + second);
      }
    return y;
  }
  // 4 terms of at most 1 each, on either side.
  static constexpr double tolerance = (4 + 4) * epsilon * 8;
};

TEST(Fold, TwoProductsOfOneOperandBecomeOne) {
  const Gate gate;
  PassReport report;
  Graph result = folded(gate.graph(), gate.known, report);
  EXPECT_THAT(names(split_constant(result, gate.known).rest), ElementsAre("matmul", "add"));
  EXPECT_THAT(report.notes, ElementsAre("1 sums folded: 1 products and 3 elementwise operations fewer"));
  expect_near(run(std::move(result), gate.inputs()), gate.expected(), Gate::tolerance);
}

TEST(Fold, IsLeftOutWhereNothingIsKnown) {
  const Gate gate;
  std::vector<PassReport> reports;
  const Graph result = optimise(gate.graph(), reports);
  EXPECT_THAT(names(result), Contains("multiply").Times(0)) << "it is part of a chain";
  const auto report =
      std::find_if(reports.begin(), reports.end(), [](const PassReport& r) { return r.pass == "fold"; });
  ASSERT_NE(report, reports.end());
  EXPECT_THAT(report->notes, ElementsAre("any input may change from run to run"));
  EXPECT_THAT(names(fold(gate.graph(), {}, reports.emplace_back())), Contains("matmul").Times(2));
  // Of a known matrix one product alone can be folded, and there is nothing to win.
  EXPECT_THAT(names(folded(gate.graph(), {"b"})), Contains("matmul").Times(2));
}

TEST(Fold, NamesTheInputsThereAre) {
  PassReport report;
  EXPECT_EQ(message_of<ConfigError>([&] { fold(Gate().graph(), Known{"w"}, report); }),
            "fold: the name of an input is 'w'; expected an input of the graph. Did you mean 'x', 'a' or 'b'?");
}

// Transposed matrices; a number that divides, one that is a weight, signs.
TEST(Fold, FollowsSignsAndDivisors) {
  const Tensor x = random_tensor({2, 3}, 1), z = random_tensor({2, 4}, 6), a = random_tensor({4, 3}, 2),
               b = random_tensor({4, 3}, 3), u = random_tensor({4}, 4), s = random_tensor({1}, 5, 1, 2);
  const Known known{"a", "b", "u", "s"};
  Graph g;
  const Value in = g.input("x", {Dtype::f64, {2, 3}}), other = g.input("z", {Dtype::f64, {2, 4}});
  const Value wa = g.input("a", {Dtype::f64, {4, 3}}), wb = g.input("b", {Dtype::f64, {4, 3}});
  const Value bu = g.input("u", {Dtype::f64, {4}}), divisor = g.input("s", {Dtype::f64, {1}});
  const ops::MatmulOptions transposed{.transpose_b = true};
  g.output("y", -other - ((bu - matmul(in, wa, transposed)) / divisor) * 3.0 - (2.0 - matmul(in, wb, transposed)));
  EXPECT_THAT(names(at_run_time(g, known)), ElementsAre("matmul", "add", "subtract"));

  std::vector<double> expected;
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t n = 0; n < 4; ++n) {
      double first = u.values()[n], second = 2;
      for (std::size_t k = 0; k < 3; ++k) {
        first -= x.values()[r * 3 + k] * a.values()[n * 3 + k];
        second -= x.values()[r * 3 + k] * b.values()[n * 3 + k];
      }
      expected.push_back(-(first / s.values()[0]) * 3 - second - z.values()[r * 4 + n]);
    }
  // 9 terms of at most 3 each.
  expect_near(run(folded(g, known), {{"x", x}, {"z", z}, {"a", a}, {"b", b}, {"u", u}, {"s", s}}), expected,
              (9 + 4) * epsilon * 27);
}

TEST(Fold, NegatesASumOnce) {
  const Tensor x = random_tensor({5}, 1);
  Graph g;
  const Value in = g.input("x", {Dtype::f64, {5}});
  g.output("y", -(tanh(in) - (-exp(in))));
  EXPECT_THAT(names(folded(g, {})), ::testing::UnorderedElementsAre("tanh", "exponential", "add", "negate"));
  std::vector<double> expected;
  for (const double v : x.values()) expected.push_back(-std::tanh(v) - std::exp(v));
  expect_near(run(folded(g, {}), {{"x", x}}), expected, 8 * epsilon * 4);
}

TEST(Fold, WhatIsAddedToItselfScaledIsReadOnce) {
  const Tensor x = random_tensor({2, 3}, 1), h = random_tensor({2, 4}, 2), a = random_tensor({3, 4}, 3);
  Graph g;
  const Value in = g.input("x", {Dtype::f64, {2, 3}}), state = g.input("h", {Dtype::f64, {2, 4}});
  g.output("y", state + 0.25 * (matmul(in, g.input("a", {Dtype::f64, {3, 4}})) - state));
  PassReport report;
  EXPECT_THAT(names(split_constant(simplify(folded(g, {"a"}), report), Known{"a"}).rest),
              ElementsAre("constant", "multiply", "matmul", "add"));

  std::vector<double> expected;
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t n = 0; n < 4; ++n) {
      double z = 0;
      for (std::size_t k = 0; k < 3; ++k) z += x.values()[r * 3 + k] * a.values()[k * 4 + n];
      expected.push_back(h.values()[r * 4 + n] + 0.25 * (z - h.values()[r * 4 + n]));
    }
  expect_near(run(folded(g, {"a"}), {{"x", x}, {"h", h}, {"a", a}}), expected, (5 + 4) * epsilon * 5);
}

// Connections 0 → 0, 0 → 1, 2 → 1 of 3 × 2: what x₁ is, nobody asks.
TEST(Fold, ACircuitKeepsItsAbsentConnections) {
  const auto c = std::make_shared<ops::Connections>(3, 2, std::vector<std::uint32_t>{0, 0, 2},
                                                    std::vector<std::uint32_t>{0, 1, 1});
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = Tensor::from({1, 3}, {0.5, infinity, -2}, Dtype::f64), a = random_tensor({3}, 2),
               b = random_tensor({3}, 3);
  Graph g;
  const Value in = g.input("x", {Dtype::f64, {1, 3}});
  const Value wa = g.input("a", {Dtype::f64, {3}}), wb = g.input("b", {Dtype::f64, {3}});
  g.output("y", sparse_matmul(in, wa, c) * 0.3 + sparse_matmul(in, wb, c));
  const Known known{"a", "b"};
  EXPECT_THAT(names(at_run_time(g, known)), ElementsAre("sparse_matmul"));
  const auto w = [&](std::size_t i) { return a.values()[i] * 0.3 + b.values()[i]; };
  expect_near(run(folded(g, known), {{"x", x}, {"a", a}, {"b", b}}), {0.5 * w(0), 0.5 * w(1) - 2 * w(2)},
              (4 + 4) * epsilon * 5);
}

TEST(Fold, LeavesWhatWouldNotBeShorter) {
  const auto circuit = [](std::uint32_t first) {
    return std::make_shared<ops::Connections>(3, 3, std::vector<std::uint32_t>{first, 1},
                                              std::vector<std::uint32_t>{0, 2});
  };
  const auto unchanged = [&](const std::function<void(Graph&, Value x, Value a, Value b)>& write) {
    Graph g;
    write(g, g.input("x", {Dtype::f64, {2, 3}}), g.input("a", {Dtype::f64, {3, 3}}),
          g.input("b", {Dtype::f64, {3, 3}}));
    EXPECT_EQ(names(folded(g, {"a", "b"})), names(g));
  };
  // A factor that may change, one for each column, one for each row.
  unchanged([](Graph& g, Value x, Value a, Value b) {
    g.output("y", matmul(x, a) * g.input("s", {Dtype::f64, {}}) + matmul(x, b));
    g.output("z", matmul(x, a) * slice(a, 0, 0, 1) + matmul(x, b));
    g.output("q", matmul(x, a) * g.input("dt", {Dtype::f64, {2, 1}}) + matmul(x, b));
  });
  // Other operands; a matrix that may change; a circuit of other connections.
  unchanged([](Graph& g, Value x, Value a, Value b) {
    g.output("y", matmul(x, a) + matmul(tanh(x), b));
    g.output("z", matmul(x, a) + matmul(x, g.input("c", {Dtype::f64, {3, 3}})));
  });
  unchanged([&](Graph& g, Value x, Value a, Value b) {
    const auto weights = [](Value w) { return reshape(slice(slice(w, 0, 0, 1), 1, 0, 2), {2}); };
    g.output("y", sparse_matmul(x, weights(a), circuit(0)) + sparse_matmul(x, weights(b), circuit(2)));
  });
  // A product that something else reads is there anyway.
  unchanged([](Graph& g, Value x, Value a, Value b) {
    const Value p = matmul(x, a);
    g.output("y", p * 0.5 + matmul(x, b));
    g.output("p", p);
  });
  // More factors than before; as many signs.
  unchanged([](Graph& g, Value x, Value, Value) {
    g.output("y", (tanh(x) - exp(x)) * 0.5);
    g.output("z", -tanh(x) - exp(x));
  });
}

// Weights that a loop captures are known in its body; what it carries and scans is not.
TEST(Fold, FoldsInsideLoops) {
  Graph g;
  const Value x = g.input("x", {Dtype::f64, {3, 2, 3}}), h0 = g.input("h", {Dtype::f64, {2, 3}});
  const Value a = g.input("a", {Dtype::f64, {3, 3}}), b = g.input("b", {Dtype::f64, {3, 3}});
  const Value m = g.input("m", {Dtype::f64, {3, 3, 3}});
  const LoopResult loop = scan(Dim(3), std::array{h0}, std::array{x, m}, [&](const Loop& in) {
    const Value h = in.carried[0];
    const Value scanned = matmul(h, in.scanned[1]) * 0.5 + matmul(h, softplus(b));
    return LoopResult{.carried = {tanh(matmul(h, a) * 0.5 + matmul(h, softplus(b)) + in.scanned[0])},
                      .stacked = {scanned},
                      .summed = {}};
  });
  g.output("y", loop.carried[0]);
  g.output("z", loop.stacked[0]);
  const Known known{"a", "b"};
  const Graph result = folded(g, known);
  const auto inside = names(body_of(result));
  EXPECT_EQ(std::count(inside.begin(), inside.end(), "matmul"), 3) << "1 of 2, and 2 whose matrix changes";

  const std::vector<std::pair<std::string, Tensor>> inputs{{"x", random_tensor({3, 2, 3}, 1)},
                                                           {"h", random_tensor({2, 3}, 2)},
                                                           {"a", random_tensor({3, 3}, 3)},
                                                           {"b", random_tensor({3, 3}, 4)},
                                                           {"m", random_tensor({3, 3, 3}, 5)}};
  std::vector<double> h = inputs[1].second.values(), w;
  for (std::size_t i = 0; i < 9; ++i)
    w.push_back(inputs[2].second.values()[i] * 0.5 + std::log1p(std::exp(inputs[3].second.values()[i])));
  for (std::size_t t = 0; t < 3; ++t) {
    std::vector<double> next;
    for (std::size_t r = 0; r < 2; ++r)
      for (std::size_t n = 0; n < 3; ++n) {
        double z = inputs[0].second.values()[t * 6 + r * 3 + n];
        for (std::size_t k = 0; k < 3; ++k) z += h[r * 3 + k] * w[k * 3 + n];
        next.push_back(std::tanh(z));
      }
    h = next;
  }
  // Sums of 7 terms of at most 1.4, and a tanh of 4 ulp, through 3 steps that stretch by at most 6.
  expect_near(run(folded(g, known), inputs), h, (7 + 4) * epsilon * 7 * 1.4 * 36);
}

}  // namespace
}  // namespace elegans::graph
