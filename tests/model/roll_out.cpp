#include "elegans/model/roll_out.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "model/networks.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::model {
namespace {

using elegans::testing::CountAllocations;
using elegans::testing::message_of;
using ::testing::ElementsAre;

// Foresees "x" and "v" of a pendulum that turns by 0.3 a step, in units of 2 and 5; "u" comes from outside and is added
// to v.
Policy pendulum() {
  const double c = std::cos(0.3), s = std::sin(0.3);
  Sequential model({.dtype = Dtype::f64});
  // Of standardised numbers: [u, x, v] → [v, x].
  model.add(nn::Dense(
      {.units = 2, .use_bias = false, .kernel_initialiser = nn::Given{{1.0 / 5, 0, -s * 2 / 5, c, c, s * 5 / 2}}}));
  model.build({Dim::batch(), Dim::time(), 3});
  return Policy(model, {.features = {"u", "x", "v"},
                        .targets = {"v", "x"},
                        .inputs = {.mean = {0, 0, 0}, .std = {1, 2, 5}},
                        .outputs = {.mean = {0, 0}, .std = {5, 2}},
                        .horizon = 1});
}

TEST(RollOut, TurnsAPendulum) {
  Policy policy = pendulum();
  std::vector<double> observation{0, 1, 0}, answers(20 * 2);
  ASSERT_TRUE(roll_out(policy, observation, {.steps = 20}, answers).ok());
  // Twenty products of rotations, each with a handful of roundings.
  for (std::size_t t = 0; t < 20; ++t) {
    EXPECT_NEAR(answers[2 * t + 1], std::cos(0.3 * static_cast<double>(t + 1)), 20 * 8 * 1.2e-16);
    EXPECT_NEAR(answers[2 * t], -std::sin(0.3 * static_cast<double>(t + 1)), 20 * 8 * 1.2e-16);
  }
  EXPECT_EQ(observation[1], answers[39]);
  EXPECT_EQ(observation[2], answers[38]);
  EXPECT_EQ(observation[0], 0);
}

TEST(RollOut, AllocatesNothing) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  Policy policy = pendulum();
  std::vector<double> observation{0, 1, 0}, answers(20 * 2);
  const CountAllocations counting;
  (void)roll_out(policy, observation, {.steps = 20}, answers);
  EXPECT_EQ(counting.calls(), 0U);
}

TEST(RollOut, TakesWhatComesFromOutside) {
  Policy policy = pendulum();
  std::vector<double> observation{1, 0, 0}, answers(3 * 2);
  // What stands for x and v is not read; the last row is for the observation behind the last answer.
  const std::vector<double> others{2, 99, 99, 0, 99, 99, 7, 99, 99};
  ASSERT_TRUE(roll_out(policy, observation, {.steps = 3, .others = others}, answers).ok());
  const double c = std::cos(0.3), s = std::sin(0.3);
  EXPECT_NEAR(answers[0], 1, 1e-15);
  EXPECT_NEAR(answers[2], c + 2, 1e-15);
  EXPECT_NEAR(answers[5], s * (c + 2) + c * s, 1e-14);
  EXPECT_EQ(observation[0], 7);
}

TEST(RollOut, StopsWhereAStepIsRefused) {
  Policy policy = pendulum();
  std::vector<double> observation{0, 1, 0}, answers(4, 0.0);
  const Status status = roll_out(policy, observation, {.steps = 2, .dt = -1}, answers);
  EXPECT_EQ(status.code, Status::Code::negative_time);
  EXPECT_THAT(answers, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(observation, ElementsAre(0, 1, 0));
}

TEST(RollOutErrors, Texts) {
  Policy policy = pendulum();
  std::vector<double> observation(3), answers(4);
  const auto shape_error = [&](std::span<double> x, const RollOutOptions& options) {
    return message_of<ShapeError>([&] { (void)roll_out(policy, x, options, answers); });
  };
  EXPECT_EQ(shape_error(std::span(observation).first(2), {.steps = 2}),
            "roll_out: the size of observation is 2; expected 3.");
  EXPECT_EQ(shape_error(observation, {.steps = 3}), "roll_out: the size of answers is 4; expected 6.");
  EXPECT_THAT(shape_error(observation, {.steps = (std::size_t{1} << 63) + 2}),  // twice as many are 4 in 64 bits
              ::testing::HasSubstr("the size of answers is 4; expected"));
  EXPECT_EQ(shape_error(observation, {.steps = 2, .others = observation}),
            "roll_out: the size of others is 3; expected 6.");

  Sequential model;
  model.add(nn::Dense(1)).build(1);
  Policy blind(model, {.features = {"x"}, .targets = {"y"}});
  std::vector<double> x(1), y(1);
  EXPECT_EQ(message_of<ConfigError>([&] { (void)roll_out(blind, x, {}, y); }),
            "roll_out: the horizon of the model is 0; expected 1, for what it foresees is its next observation. Train "
            "on forecast(data): elegans train --horizon 1.");
  Policy far(model, {.features = {"x"}, .targets = {"x"}, .horizon = 3});
  EXPECT_THAT(message_of<ConfigError>([&] { (void)roll_out(far, x, {}, y); }),
              ::testing::HasSubstr("the horizon of the model is 3; expected 1"));
}

}  // namespace
}  // namespace elegans::model
