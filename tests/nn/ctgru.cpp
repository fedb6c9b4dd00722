// CT-GRU cells: their decay, time scales, and gates.

#include "elegans/nn/ctgru.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nn/sequence_cases.hpp"
#include "support/check_gradient.hpp"

namespace elegans::nn {
namespace {

using testing::random_tensor;

// One recursion, read out on either side of the decay.
TEST(CTGRUCell, DecayAfterIsDecayBeforeWithTheNextTime) {
  const CTGRUCellOptions options{.scales = 3, .tau = 0.5};
  CTGRUCellOptions late = options;
  late.decay = Decay::after_event;
  CTGRUCell before(2, options), after(2, late);
  std::vector<Tensor> a = {Tensor({1, 6}, Dtype::f64)}, b = a;
  for (CTGRUCell* cell : {&before, &after}) cell->set_numbers(Dtype::f64, 3);
  const std::vector<double> dt{0.3, 1.5, 0.2, 2.5, 0.7};
  for (std::size_t t = 0; t + 1 < dt.size(); ++t) {
    const Tensor x = random_tensor({1, 3}, t);
    a = before(x, a, Tensor::from({1}, {dt[t]}, Dtype::f64)).second;
    b = after(x, b, Tensor::from({1}, {dt[t + 1]}, Dtype::f64)).second;
    for (std::size_t i = 0; i < 6; ++i) {
      const double faded = a[0].values()[i] * std::exp(-dt[t + 1] / before.time_constants()[i % 3]);
      EXPECT_NEAR(b[0].values()[i], faded, 1e-14);
    }
  }
}

TEST(CTGRUCell, TimeConstantsAreAGeometricSeries) {
  const std::vector<double> usual = CTGRUCell(2).time_constants();
  ASSERT_EQ(usual.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(usual[i] / std::pow(10, 0.5 * static_cast<double>(i)), 1, 1e-14);
  EXPECT_EQ(CTGRUCell(2, {.scales = 3, .tau = 0.5, .ratio = 4}).time_constants(), (std::vector{0.5, 2.0, 8.0}));
}

// Unit u sees input u alone: in all three kernels, and in every column of its scales.
TEST(CTGRUCell, APatternHoldsForAllScalesOfAUnit) {
  const std::vector<wiring::Synapse> own{{0, 0, 1}, {1, 1, 1}};
  CTGRUCell cell(2, {.scales = 3, .input_pattern = wiring::Pattern::from_synapses(own, 2, 2)});
  cell.set_numbers(Dtype::f64, 1);
  cell.build({1, 2});
  for (const WeightPtr& weight : cell.weights())
    if (weight->options.name.ends_with("recurrent_kernel")) weight->value = Tensor(weight->stored_shape(), Dtype::f64);
  const auto memories = [&](double first, double second) {
    return cell(Tensor::from({1, 2}, {first, second}, Dtype::f64), std::vector{random_tensor({1, 6}, 4)},
                Tensor::from({1}, {1}, Dtype::f64))
        .second[0]
        .values();
  };
  const std::vector<double> before = memories(0.5, 0.5), after = memories(0.5, -0.9);
  for (std::size_t i = 0; i < 6; ++i) {
    if (i < 3)
      EXPECT_EQ(after[i], before[i]) << "unit 0, scale " << i;
    else
      EXPECT_NE(after[i], before[i]) << "unit 1, scale " << i - 3;
  }
}

// Scales that are wanted far away: −(ln τ − ln τ_i)² is below e^−745, which is 0, for all of them.
TEST(CTGRUCell, GatesFarFromEveryScaleStayFinite) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    CTGRUCell cell(2);
    cell.set_numbers(dtype, 1);
    cell.build({1, 1});
    const auto [y, next] = cell(Tensor::from({2, 1}, {1e30, -1e6}, dtype), cell.first_state(2), Tensor({2}, dtype));
    for (const double h : next[0].values()) EXPECT_LE(std::abs(h), 1);
    double stored = 0;
    for (const double h : next[0].values()) stored += std::abs(h);
    EXPECT_GT(stored, 0);
  }
}

}  // namespace
}  // namespace elegans::nn
