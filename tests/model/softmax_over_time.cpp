// A softmax over the steps of sequences: which steps it is over, and which axis is time.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/networks.hpp"

namespace elegans::model {
namespace {

using elegans::testing::random_numbers;

// What stands behind the end of a sequence has no share in a softmax over its steps.
TEST(SoftmaxOverTime, LeavesPaddingOut) {
  for (const char* name : {"softmax", "log_softmax"}) {
    Sequential model({.dtype = Dtype::f64});
    model.add(nn::ActivationLayer(name, {.axis = 1})).build(2);
    std::vector<double> numbers(2 * 4 * 2);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<double>(3 * i));
    const Tensor x = Tensor::from({2, 4, 2}, numbers, Dtype::f64),
                 short_x = Tensor::from({1, 3, 2}, std::span(numbers).first(6), Dtype::f64);
    Tensor padded_x = x;
    padded_x.as<double>()[7] = std::numeric_limits<double>::quiet_NaN();
    Tensor lengths({2}, Dtype::i32);
    lengths.as<std::int32_t>()[0] = 3;
    lengths.as<std::int32_t>()[1] = 4;
    const std::vector<double> y = model.predict(padded_x, {.lengths = lengths}).values(),
                              whole = model.predict(x).values(), alone = model.predict(short_x).values();
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(y[i], alone[i]) << name;
    for (std::size_t i = 6; i < 8; ++i) EXPECT_EQ(y[i], 0) << name;
    for (std::size_t i = 8; i < 16; ++i) EXPECT_EQ(y[i], whole[i]) << name;
  }
}

// The rows of a table that Reshape makes are no steps; steps that hold tables are.
TEST(SoftmaxOverTime, KnowsTimeFromAnAxisThatIsAsLarge) {
  Sequential rows({.dtype = Dtype::f64});
  rows.add(nn::GRU(8, {}, {.return_sequences = false})).add(nn::ReshapeLayer({4, 2}));
  rows.add(nn::ActivationLayer("softmax", {.axis = 1})).add(nn::Flatten()).build(2);
  EXPECT_TRUE(rows.streams());
  const Tensor x = random_numbers({2, 4, 2}, Dtype::f64, 1, -1, 1);
  Tensor lengths({2}, Dtype::i32);
  lengths.as<std::int32_t>()[0] = 2;
  lengths.as<std::int32_t>()[1] = 4;
  const std::vector<double> y = rows.predict(x, {.lengths = lengths}).values();
  for (std::size_t i = 0; i < 4; ++i)  // two columns a sample, each sums to 1 over its four rows
    EXPECT_NEAR(
        y[8 * (i / 2) + i % 2] + y[8 * (i / 2) + 2 + i % 2] + y[8 * (i / 2) + 4 + i % 2] + y[8 * (i / 2) + 6 + i % 2],
        1, 1e-15);

  Sequential tables({.dtype = Dtype::f64});
  tables.add(nn::TimeDistributed(nn::ReshapeLayer({1, 2}))).add(nn::ActivationLayer("softmax", {.axis = 1}));
  tables.add(nn::TimeDistributed(nn::Flatten())).build(2);
  EXPECT_FALSE(tables.streams());
  const std::vector<double> over_time = tables.predict(x, {.lengths = lengths}).values();
  EXPECT_NEAR(over_time[0] + over_time[2], 1, 1e-15);  // the first sequence has two steps
  EXPECT_EQ(over_time[4], 0);
}

}  // namespace
}  // namespace elegans::model
