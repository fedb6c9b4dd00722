// Solvers: their orders on problems whose solutions are known, what they promise for no time and for too much of it,
// and what they refuse.

#include "elegans/nn/ode_solver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "elegans/graph/executable.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using graph::Graph;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

constexpr std::array all_solvers{Solver::euler, Solver::heun, Solver::rk4, Solver::semi_implicit};
constexpr std::array explicit_solvers{Solver::euler, Solver::heun, Solver::rk4};

using Write = std::function<std::vector<Value>(const std::vector<Value>& state, Value dt)>;

// The states after dt.
std::vector<Tensor> after(const std::vector<Tensor>& states, const Tensor& dt, const Write& write) {
  Graph graph;
  std::vector<Value> values;
  std::vector<View> views;
  for (const Tensor& state : states) {
    values.push_back(graph.input("state " + std::to_string(values.size()), {state.dtype(), state.shape()}));
    views.push_back(state);
  }
  const Value gap = graph.input("dt", {dt.dtype(), dt.shape()});
  views.push_back(dt);
  std::size_t number = 0;
  for (const Value& next : write(values, gap)) graph.output("next " + std::to_string(number++), next);
  return graph::compile(std::move(graph), {})(views);
}

Tensor one(double value) { return Tensor::from({1, 1}, {value}, Dtype::f64); }

// y'' = −y from y = 1, y' = 0: y = cos t, y' = −sin t.
double oscillator_error(Solver solver, std::int64_t unfolds) {
  const double t = 2;
  const std::vector<Tensor> end = after({one(1), one(0)}, one(t), [&](const std::vector<Value>& state, Value dt) {
    return integrate(state, dt,
                     [](const std::vector<Value>& s) {
                       return std::vector<Value>{s[1], -s[0]};
                     },
                     {solver, unfolds});
  });
  return std::hypot(end[0].values()[0] - std::cos(t), end[1].values()[0] + std::sin(t));
}

// v' = v (1 − v), of the linear form drive v, decay v, inertia 1: v = 1 / (1 + (1/v₀ − 1) e^−t).
double logistic_error(Solver solver, std::int64_t unfolds) {
  const double t = 2, start = 0.2;
  const std::vector<Tensor> end = after({one(start)}, one(t), [&](const std::vector<Value>& state, Value dt) {
    const auto rate = [](Value v) { return LinearRate{.drive = v, .decay = v}; };
    return std::vector<Value>{integrate_linear(state[0], dt, rate, {solver, unfolds})};
  });
  return std::abs(end[0].values()[0] - 1 / (1 + (1 / start - 1) * std::exp(-t)));
}

double order_of(Solver solver) { return solver == Solver::rk4 ? 4 : solver == Solver::heun ? 2 : 1; }

// The error is C δ^p (1 + O(δ)): with δ = 1/16 and 1/32 the ratio is 2^p within a tenth. Rounding, at 1e-15, is far below
// rk4's 1e-8.
TEST(OdeSolver, ErrorsFallByTwoToTheOrderWhereUnfoldsDouble) {
  for (const Solver solver : explicit_solvers) {
    const double ratio = oscillator_error(solver, 32) / oscillator_error(solver, 64);
    EXPECT_NEAR(ratio / std::pow(2, order_of(solver)), 1, 0.1) << name(solver);
  }
  for (const Solver solver : all_solvers) {
    const double ratio = logistic_error(solver, 32) / logistic_error(solver, 64);
    EXPECT_NEAR(ratio / std::pow(2, order_of(solver)), 1, 0.1) << name(solver);
    EXPECT_LT(logistic_error(solver, 64), 0.01) << name(solver);
  }
}

// One step by hand, for v' = x − v² and for 2 v' = 3 − v (1 + v).
TEST(OdeSolver, OneStepIsTheFormula) {
  const double v = 0.4, x = 0.7, h = 0.3;
  const auto f = [&](double s) { return x - s * s; };
  const auto stepped = [&](Solver solver) {
    return after({one(v)}, one(h),
                 [&](const std::vector<Value>& state, Value dt) {
                   const auto rate = [&](Value s) { return x - s * s; };
                   return std::vector<Value>{integrate(state[0], dt, rate, {solver, 1})};
                 })[0]
        .values()[0];
  };
  const double k1 = f(v), k2 = f(v + h / 2 * k1), k3 = f(v + h / 2 * k2), k4 = f(v + h * k3);
  EXPECT_NEAR(stepped(Solver::euler), v + h * f(v), 1e-15);
  EXPECT_NEAR(stepped(Solver::heun), v + h / 2 * (f(v) + f(v + h * f(v))), 1e-15);
  EXPECT_NEAR(stepped(Solver::rk4), v + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), 1e-15);

  const auto stepped_linear = [&](Solver solver) {
    return after({one(v)}, one(h),
                 [&](const std::vector<Value>& state, Value dt) {
                   const auto rate = [](Value s) {
                     return LinearRate{.drive = constant(s, 3), .decay = 1.0 + s, .inertia = constant(s, 2)};
                   };
                   return std::vector<Value>{integrate_linear(state[0], dt, rate, {solver, 1})};
                 })[0]
        .values()[0];
  };
  EXPECT_NEAR(stepped_linear(Solver::euler), v + h * (3 - v * (1 + v)) / 2, 1e-15);
  EXPECT_NEAR(stepped_linear(Solver::semi_implicit), (2 * v + h * 3) / (2 + h * (1 + v)), 1e-15);
}

// Two states of different shapes, one with two axes, the Δt of each sample its own.
std::vector<Value> coupled(const std::vector<Value>& state, Value dt, Solver solver, std::int64_t unfolds) {
  const auto rates = [](const std::vector<Value>& s) {
    const Dim batch = s[0].shape()[0];
    const Value spread = reshape(s[0], Shape{batch, 2, 1});
    return std::vector<LinearRate>{{.drive = sin(reduce_sum(s[1], -1)), .decay = constant(s[0], 0.5)},
                                   {.drive = tanh(s[1]) + spread, .decay = exp(s[1]), .inertia = constant(s[0], 1.5)}};
  };
  return integrate_linear(state, dt, rates, {solver, unfolds});
}

TEST(OdeSolver, NoTimeLeavesStatesBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const Solver solver : all_solvers) {
      const Tensor u = random_tensor({3, 2}, 1, -5, 5).to(dtype), v = random_tensor({3, 2, 4}, 2, -5, 5).to(dtype);
      const std::vector<Tensor> end =
          after({u, v}, Tensor({3, 1}, dtype),
                [&](const std::vector<Value>& state, Value dt) { return coupled(state, dt, solver, 3); });
      EXPECT_EQ(end[0].values(), u.values()) << name(solver);
      EXPECT_EQ(end[1].values(), v.values()) << name(solver);
    }
}

TEST(OdeSolver, EverySampleHasATimeOfItsOwn) {
  for (const Solver solver : all_solvers) {
    const Tensor u = random_tensor({3, 2}, 1), v = random_tensor({3, 2, 4}, 2);
    const Write write = [&](const std::vector<Value>& state, Value dt) { return coupled(state, dt, solver, 2); };
    const std::vector<Tensor> together = after({u, v}, Tensor::from({3, 1}, {0.5, 0, 2}, Dtype::f64), write);
    for (std::size_t b = 0; b < 3; ++b) {
      const auto row = [&](const Tensor& tensor, Shape shape) {
        const std::vector<double> all = tensor.values();
        const std::size_t width = all.size() / 3;
        return Tensor::from(shape, std::span(all).subspan(b * width, width), Dtype::f64);
      };
      const std::vector<Tensor> alone = after({row(u, {1, 2}), row(v, {1, 2, 4})},
                                              Tensor::from({}, {std::array{0.5, 0.0, 2.0}[b]}, Dtype::f64), write);
      EXPECT_EQ(alone[0].values(), row(together[0], {1, 2}).values()) << name(solver);
      EXPECT_EQ(alone[1].values(), row(together[1], {1, 2, 4}).values()) << name(solver);
    }
  }
}

TEST(OdeSolver, GradientsAgreeWithFiniteDifferences) {
  for (const Solver solver : all_solvers)
    for (const std::int64_t unfolds : {1, 3})
      testing::check_gradient(
          {.inputs = {random_tensor({2, 2}, 1), random_tensor({2, 2, 3}, 2), random_tensor({2, 1}, 3, 0.1, 1)},
           .write = [&](const std::vector<Value>& in) {
             return coupled({in[0], in[1]}, in[2], solver, unfolds);
           }});
}

// v' = 1 − λ v from 0, towards 1/λ.
TEST(OdeSolver, SemiImplicitStepsStayBetweenTheStateAndItsGoal) {
  for (const double step : {1e-3, 1.0, 50.0, 1e6, 1e12})
    for (const std::int64_t unfolds : {1, 2, 7}) {
      const double v =
          after({one(0)}, one(step),
                [&](const std::vector<Value>& state, Value dt) {
                  const auto rate = [](Value s) {
                    return LinearRate{.drive = constant(s, 1), .decay = constant(s, 4)};
                  };
                  return std::vector<Value>{integrate_linear(state[0], dt, rate, {Solver::semi_implicit, unfolds})};
                })[0]
              .values()[0];
      EXPECT_GT(v, 0);
      EXPECT_LE(v, 0.25 * (1 + 1e-15)) << step;
    }
}

// The bounds of the header: v' = −v shrinks below them and grows above.
TEST(OdeSolver, ExplicitStepsAreStableUpToTheirBound) {
  const auto magnitude = [](Solver solver, double delta) {
    return std::abs(after({one(1)}, one(delta),
                          [&](const std::vector<Value>& state, Value dt) {
                            return std::vector<Value>{integrate(state[0], dt, [](Value v) { return -v; }, {solver, 1})};
                          })[0]
                        .values()[0]);
  };
  for (const Solver solver : explicit_solvers) {
    const double bound = solver == Solver::rk4 ? 2.785 : 2;
    EXPECT_LT(magnitude(solver, bound - 0.01), 1) << name(solver);
    EXPECT_GT(magnitude(solver, bound + 0.01), 1) << name(solver);
  }
}

TEST(OdeSolver, KnowsItsNames) {
  for (const Solver solver : all_solvers) EXPECT_EQ(solver_named(name(solver)), solver);
  EXPECT_EQ(message_of<ConfigError>([] { solver_named("rk"); }),
            "solver: the name is 'rk'; expected 'euler', 'heun', 'rk4' or 'semi_implicit'. Did you mean 'rk4'?");
}

TEST(OdeSolver, SaysWhatItCannotDo) {
  Graph graph;
  const Value v = graph.input("v", {Dtype::f64, Shape{2, 3}}), dt = graph.input("dt", {Dtype::f64, Shape{2, 1}});
  const auto still = [](Value s) { return 0.0 * s; };
  EXPECT_EQ(message_of<ConfigError>([&] { integrate(v, dt, still, {.solver = Solver::semi_implicit}); }),
            "integrate: solver is 'semi_implicit'; expected 'euler', 'heun' or 'rk4'. The semi-implicit step needs a "
            "rate that is linear in its state, as an LTC or a CTRNN has (integrate_linear).");
  EXPECT_EQ(message_of<ConfigError>([&] { integrate(v, dt, still, {.unfolds = 0}); }),
            "integrate: ode_unfolds is 0; expected 1 to 1000. 6 is usual.");
  EXPECT_EQ(message_of<ShapeError>([&] {
              integrate({v, v}, dt, [](const std::vector<Value>& s) { return std::vector<Value>{s[0]}; }, {});
            }),
            "integrate: the number of rates is 1; expected 2, one for each state.");
  EXPECT_EQ(message_of<ShapeError>([&] {
              integrate_linear({v}, dt, [](const std::vector<Value>&) { return std::vector<LinearRate>{}; }, {});
            }),
            "integrate: the number of rates is 0; expected 1, one for each state.");
  for (const Solver solver : {Solver::euler, Solver::semi_implicit})
    EXPECT_THAT(message_of<ShapeError>([&] {
                  const auto wide = [](Value s) {
                    const Value three = reshape(s, Shape{2, 1, 3});
                    return LinearRate{.drive = broadcast_to(three, Shape{2, 2, 3}), .decay = constant(s, 1)};
                  };
                  integrate_linear(v, dt, wide, {.solver = solver});
                }),
                HasSubstr("integrate: state 0 after a step is f64[2, 2, 3]; expected f64[2, 3], as before the step. A "
                          "rate broadcasts to the state that it changes."));
}

}  // namespace
}  // namespace elegans::nn
