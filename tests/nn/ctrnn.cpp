// CTRNN cells: time constants, the bound of Euler steps, kernels over circuits.

#include "elegans/nn/ctrnn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nn/sequence_cases.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

TEST(CTRNNCell, ExplicitEulerKeepsItsBoundWhileStepsAreShorterThanTau) {
  const auto most = [](double dt) {
    CTRNNCell cell(3, {.solver = Solver::euler, .ode_unfolds = 4});
    cell.set_numbers(Dtype::f64, 5);
    std::vector<Tensor> state{random_tensor({2, 3}, 2)};
    for (int i = 0; i < 40; ++i)
      state = cell(random_tensor({2, 2}, 1), state, Tensor::from({2}, {dt, dt}, Dtype::f64)).second;
    double largest = 0;
    for (const double h : state[0].values()) largest = std::max(largest, std::abs(h));
    return largest;
  };
  EXPECT_LE(most(4 * 1.0), 1 + 1e-14);
  EXPECT_GT(most(4 * 2.2), 1e3);
}

TEST(CTRNNCell, TimeConstantsBeginAtTau) {
  for (const double tau : {1e-6, 0.3, 1.0, 4.0, 1e6}) {
    CTRNNCell fixed(2, {.tau = tau}), learned(2, {.tau = tau, .fix_tau = false});
    EXPECT_THAT(message_of<ConfigError>([&] { learned.time_constants(); }),
                HasSubstr("ctrnncell.time_constants: the cell is not built"));
    for (CTRNNCell* cell : {&fixed, &learned}) {
      cell->set_numbers(Dtype::f64, 1);
      cell->build({1, 3});
      for (const double one : cell->time_constants()) EXPECT_NEAR(one / tau, 1, 1e-14);
    }
  }
}

// With a fixed τ and a learned one that is as long, the same.
TEST(CTRNNCell, AFixedTauIsALearnedOneThatDoesNotMove) {
  CTRNN fixed(3, {.tau = 2.5}), learned(3, {.tau = 2.5, .fix_tau = false});
  const Tensor x = random_tensor({2, 4, 2}, 1), dt = random_tensor({2, 4}, 2, 0, 3);
  for (CTRNN* layer : {&fixed, &learned}) layer->set_numbers(Dtype::f64, 7);
  const std::vector<double> a = fixed({.x = x, .timespans = dt}).output.values(),
                            b = learned({.x = x, .timespans = dt}).output.values();
  // 24 unfolds, each of a handful of operations on numbers below 3.
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-13);
}

TEST(CTRNNCell, StoresExistingSynapsesOnlyWithTheirSigns) {
  CTRNN layer(small_ncp(), {.polarity = Polarity::fixed_sign});
  layer.build({1, 1, 3});
  const wiring::Wiring wiring = small_ncp().built(3);
  std::size_t seen = 0;
  for (const WeightPtr& weight : layer.weights()) {
    const PatternPtr& pattern = weight->options.pattern;
    if (!pattern) continue;
    ++seen;
    EXPECT_EQ(weight->value.elements(),
              weight->options.name == "kernel" ? wiring.sensory_synapse_count() : wiring.synapse_count());
    const std::vector<double> values = weight->value.values();
    for (std::size_t k = 0; k < values.size(); ++k) EXPECT_GE(values[k] * pattern->polarity()[k], 0);
    EXPECT_TRUE(weight->options.constraint);
  }
  EXPECT_EQ(seen, 2U);
  EXPECT_EQ(layer.patterns().size(), 2U);
  // Every synapse exists: kernels are stored whole, the circuit is still told.
  CTRNN full(wiring::FullyConnected({.units = 3}));
  full.build({1, 1, 2});
  for (const WeightPtr& weight : full.weights()) EXPECT_FALSE(weight->options.pattern) << weight->path;
  EXPECT_EQ(full.patterns().size(), 2U);
}

// A wired CTRNN is a full one with zeros where no synapse is.
TEST(CTRNNCell, EqualsAFullOneWithZeros) {
  CTRNN wired(small_ncp()), full(7);
  const Tensor x = random_tensor({2, 4, 3}, 1), dt = random_tensor({2, 4}, 2, 0, 3);
  for (CTRNN* layer : {&wired, &full}) {
    layer->set_numbers(Dtype::f64, 7);
    layer->build(x.shape());
  }
  const std::vector<WeightPtr> from = wired.weights(), to = full.weights();
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i]->value = from[i]->value;
    const PatternPtr& pattern = from[i]->options.pattern;
    if (!pattern) continue;
    to[i]->value = Tensor(to[i]->options.shape, Dtype::f64);
    pattern->scatter(from[i]->value.as<double>(), to[i]->value.as<double>());
  }
  const SequenceOutput a = wired({.x = x, .timespans = dt}), b = full({.x = x, .timespans = dt});
  EXPECT_EQ(a.output.shape(), (Shape{2, 4, 2}));
  const std::vector<double> sparse = a.state[0].values(), dense = b.state[0].values();
  for (std::size_t i = 0; i < sparse.size(); ++i) EXPECT_NEAR(sparse[i], dense[i], 1e-13);
}

TEST(CTRNNCell, RunsWithoutAnySynapse) {
  wiring::Wiring lonely(2);
  lonely.build(1);
  for (const bool bias : {true, false}) {
    CTRNNCell cell(lonely, {.solver = Solver::euler, .ode_unfolds = 1, .tau = 4, .use_bias = bias, .use_scale = false});
    cell.set_numbers(Dtype::f64, 1);
    const auto [y, next] = cell(Tensor({1, 1}, Dtype::f64), std::vector{Tensor::from({1, 2}, {1, -2}, Dtype::f64)},
                                Tensor::from({1}, {2}, Dtype::f64));
    EXPECT_EQ(next[0].values(), (std::vector{0.5, -1.0}));  // h (1 − Δt/τ)
  }
}

}  // namespace
}  // namespace elegans::nn
