// Policies of a fixed Δt: folded when they are made, the same answers but for rounding.

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "model/networks.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::model {
namespace {

using elegans::testing::built;
using elegans::testing::CountAllocations;
using elegans::testing::message_of;
using elegans::testing::Network;
using elegans::testing::network_named;
using elegans::testing::random_numbers;
using elegans::testing::small_circuit;

// A gate in the way of a user: Δt divides and multiplies, the biases stand where they like, a matrix is transposed.
class OwnGate : public nn::Cell {
 public:
  std::vector<nn::StateOptions> states() const override { return {{.name = "h", .shape = Shape{4}}}; }
  std::int64_t output_size() const override { return 4; }
  nn::CellOutput step(nn::Context& context, nn::Value x, const std::vector<nn::Value>& state, nn::Value dt) override {
    const auto w = [&](std::size_t i) { return context.weight(weights_[i]); };
    const nn::Value h = state[0];
    const nn::Value fast = w(4) - (matmul(x, w(0)) + matmul(h, w(2), {.transpose_b = true}));
    const nn::Value slow = matmul(x, w(1)) + (matmul(h, w(3), {.transpose_b = true}) - w(5));
    const nn::Value gate = sigmoid(-(fast * dt) / 2.0 - slow);
    const nn::Value next = gate * h + (1.0 - gate) * tanh(0.5 * (matmul(x, w(0)) + w(4)));
    return {next, {next}};
  }
  std::string type() const override { return "OwnGate"; }
  nn::Json config() const override { return nn::Json::object(); }

 protected:
  void on_build(const Shape& input) override {
    for (const Shape& shape :
         {Shape{input.back(), 4}, Shape{input.back(), 4}, Shape{4, 4}, Shape{4, 4}, Shape{4}, Shape{4}})
      weights_.push_back(add_weight({.name = "w" + std::to_string(weights_.size()), .shape = shape}));
  }

 private:
  std::vector<nn::WeightPtr> weights_;
};

std::vector<Network> all_networks() {
  std::vector<Network> all = elegans::testing::networks();
  const auto add = [&](const char* name, const std::function<void(Sequential&)>& layers) {
    all.push_back({name, layers});
  };
  add("cfc_no_gate", [](Sequential& m) { m.add(nn::CfC(6, {.mode = nn::CfCMode::no_gate})); });
  add("cfc_pure", [](Sequential& m) { m.add(nn::CfC(6, {.mode = nn::CfCMode::pure})); });
  add("cfc_wired_no_gate", [](Sequential& m) { m.add(nn::CfC(small_circuit(), {.mode = nn::CfCMode::no_gate})); });
  add("cfc_wired_pure", [](Sequential& m) { m.add(nn::CfC(small_circuit(), {.mode = nn::CfCMode::pure})); });
  add("own_gate", [](Sequential& m) { m.add(nn::RNN(std::make_shared<OwnGate>())); });
  return all;
}

// Both policies make the same steps, each time from the same state; the largest difference of answers and states.
double largest_difference(Policy& fixed, Policy& given, double dt, Dtype dtype) {
  const std::vector<double> x = random_numbers({20, 3}, dtype, 11, -2, 2).values();
  std::vector<double> y(given.action_size()), want(y.size()), state(given.state_size()), next(state.size());
  double largest = 0;
  for (std::size_t t = 0; t < 20; ++t) {
    given.get_state(std::span(state));
    EXPECT_TRUE(fixed.set_state(std::span<const double>(state)).ok());
    EXPECT_TRUE(given.step(std::span(x).subspan(3 * t, 3), dt, want).ok());
    EXPECT_TRUE(fixed.step(std::span(x).subspan(3 * t, 3), y).ok());
    for (std::size_t i = 0; i < y.size(); ++i) largest = std::max(largest, std::abs(y[i] - want[i]));
    given.get_state(std::span(state));
    fixed.get_state(std::span(next));
    for (std::size_t i = 0; i < next.size(); ++i) largest = std::max(largest, std::abs(next[i] - state[i]));
  }
  return largest;
}

double epsilon_of(Dtype dtype) {
  return dtype == Dtype::f32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
}

class FixedNetwork : public ::testing::TestWithParam<Network> {};
INSTANTIATE_TEST_SUITE_P(Policy, FixedNetwork, ::testing::ValuesIn(all_networks()),
                         [](const auto& info) { return info.param.name; });

TEST_P(FixedNetwork, AnswersAsIfEachStepWereGivenItsTime) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
      for (const double dt : {0.0, 0.1, 0.5}) {
        Sequential model = built(GetParam(), dtype);
        const Preprocessing units{.time_unit = 0.5};
        Policy given(model, units, {.target = target});
        Policy fixed(model, units, {.target = target, .fixed_dt = dt});
        // Sums of at most 24 terms: (24 + 4) ε of the sum of their sizes, at most 2 (3 · 2 + 20) for 3 inputs of 2, 20
        // states and weights of 1 and one time unit; once more for each of the 3 layers of a stack.
        const double tolerance = 3 * 28 * 52 * epsilon_of(dtype);
        EXPECT_LE(largest_difference(fixed, given, dt, dtype), tolerance) << to_string(dtype) << ", Δt " << dt;
      }
    }
  }
}

TEST_P(FixedNetwork, StepsWithoutAllocating) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  Sequential model = built(GetParam());
  Policy policy(model, {}, {.fixed_dt = 0.02});
  std::vector<float> action(policy.action_size());
  const std::array<float, 3> x{0.5F, -0.25F, 1};
  const CountAllocations counting;
  for (int i = 0; i < 20; ++i) policy.step(x, action);
  policy.step(x, 0.03F, action);
  EXPECT_EQ(counting.calls(), 0U);
}

// The arithmetic of a step, by the equations: one full product of the gate instead of two, in each of three layers.
TEST(FixedDt, SavesOneOfTwoProductsOfAGate) {
  Sequential model = built(network_named("cfc_wired"));
  const Policy given(model), fixed(model, {}, {.fixed_dt = 0.02});
  const wiring::Wiring circuit = small_circuit().built(3);
  double saved = 0, reads = 3;
  for (const auto& neurons : circuit.layers()) {
    const auto units = static_cast<double>(neurons.size());
    saved += 2 * (reads * units + units * units);  // a x and u h
    saved += 4 * units;                            // Δt · a, its bias, what joins x and h, and the sum with b
    reads = units;
  }
  EXPECT_EQ(given.flop_per_step() - fixed.flop_per_step(), saved);
}

TEST(FixedDt, CountsTheTimeOfSporadicFeatures) {
  Sequential model({.name = "sporadic", .dtype = Dtype::f64, .seed = 3});
  model.add(nn::CfC(6)).add(nn::Dense(1)).build(4);
  const Preprocessing units{.features = {"x", "y"},
                            .targets = {"z"},
                            .time_unit = 0.5,
                            .columns = {.missing = Missing::as_inputs, .sporadic = {"y"}}};
  Policy given(model, units), fixed(model, units, {.fixed_dt = 0.125});
  std::array<double, 1> y{}, want{};
  for (const double seen : {1.0, 0.0, 0.0, 1.0, 0.0}) {
    const std::array<double, 2> x{0.5, seen != 0 ? 2 : std::numeric_limits<double>::quiet_NaN()};
    ASSERT_TRUE(given.step(x, 0.125, want).ok());
    ASSERT_TRUE(fixed.step(x, y).ok());
    EXPECT_NEAR(y[0], want[0], 5 * 28 * 52 * epsilon_of(Dtype::f64));
  }
  std::vector<double> state(fixed.state_size());
  fixed.get_state(std::span(state));
  EXPECT_EQ(state.back(), 0.25) << "one step without it, in time units";
}

TEST(FixedDt, IsTheOnlyOneThatStepsTake) {
  Sequential model = built(network_named("stack"));
  Policy policy(model, {}, {.fixed_dt = 0.1}), other = policy.clone();
  const std::array<float, 3> x{1, 2, 3};
  const std::array<double, 3> wide{1, 2, 3};
  std::vector<float> action(2), again(2);
  std::vector<double> answer(2);
  EXPECT_TRUE(policy.step(x, action).ok());
  EXPECT_TRUE(other.step(x, 0.1F, again).ok()) << "0.1 as a float";
  EXPECT_EQ(action, again);
  std::vector<float> before(policy.state_size()), after(before.size());
  policy.get_state(std::span(before));
  const std::vector<float> last = action;
  const auto expect_refused = [&](const Status& status, Status::Code code, const char* words) {
    EXPECT_EQ(status.code, code) << words;
    EXPECT_EQ(policy.describe(status), words);
    policy.get_state(std::span(after));
    EXPECT_EQ(after, before) << words;
    EXPECT_EQ(action, last) << words;
  };
  expect_refused(policy.step(x, 0.2F, action), Status::Code::other_time, "Δt is not 0.1 s, which was fixed");
  expect_refused(policy.step(wide, 0.1000001, answer), Status::Code::other_time, "Δt is not 0.1 s, which was fixed");
  expect_refused(policy.step(x, -0.1F, action), Status::Code::negative_time, "Δt is negative");
  expect_refused(policy.step(x, std::nanf(""), action), Status::Code::not_finite,
                 "Δt is NaN, infinite or too large for f32");
  EXPECT_TRUE(policy.step(wide, 0.1, answer).ok());

  Policy given(model);
  const Status status = given.step(x, action);
  EXPECT_EQ(status.code, Status::Code::other_time);
  EXPECT_EQ(given.describe(status), "no Δt is given, and none was fixed");
  EXPECT_STREQ(describe(status.code), "a time step is not the fixed one");
}

TEST(FixedDt, IsFixedForAFileToo) {
  Sequential model = built(network_named("cfc_wired"));
  const elegans::testing::TemporaryFolder folder;
  save_model(folder / "m.safetensors", model, {.time_unit = 0.25});
  Policy policy(folder / "m.safetensors", {.fixed_dt = 0.125});
  Policy same(model, {.time_unit = 0.25}, {.fixed_dt = 0.125});
  const std::array<float, 3> x{1, 0, -1};
  std::vector<float> y(3), want(3);
  EXPECT_TRUE(policy.step(x, y).ok());
  EXPECT_TRUE(same.step(x, want).ok());
  EXPECT_EQ(y, want);
}

TEST(FixedDt, MustBeSeconds) {
  Sequential model = built(network_named("cfc_wired"));
  const auto message = [&](double dt, double time_unit) {
    return message_of<ConfigError>([&] { Policy(model, {.time_unit = time_unit}, {.fixed_dt = dt}); });
  };
  const std::string rest =
      "; expected seconds, finite and at least 0. Leave it out where each step is given its own Δt.";
  EXPECT_EQ(message(-0.5, 1), "cfc_wired, Policy: fixed_dt is -0.5" + rest);
  EXPECT_EQ(message(std::nan(""), 1), "cfc_wired, Policy: fixed_dt is nan" + rest);
  EXPECT_EQ(message(std::numeric_limits<double>::infinity(), 1), "cfc_wired, Policy: fixed_dt is inf" + rest);
  EXPECT_EQ(
      message(1e30, 1e-10),
      "cfc_wired, Policy: fixed_dt is 1e+30; expected seconds whose number of time units (1e-10) is finite in f32.");
}

}  // namespace
}  // namespace elegans::model
