#include "elegans/model/policy.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "elegans/model/forward.hpp"
#include "elegans/nn/bidirectional.hpp"
#include "elegans/nn/dense.hpp"
#include "model/networks.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::model {
namespace {

using elegans::testing::built;
using elegans::testing::CountAllocations;
using elegans::testing::message_of;
using elegans::testing::Network;
using elegans::testing::network_named;
using elegans::testing::random_numbers;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

struct Sequences {
  std::int64_t batch = 3;
  std::int64_t time = 7;
  Tensor x;
  Tensor dt;
  explicit Sequences(Dtype dtype)
      : x(random_numbers({batch, time, 3}, dtype, 11, -2, 2)), dt(random_numbers({batch, time}, dtype, 12, 0, 2)) {}
};

// The whole batch at once on `target`: Sequential::predict uses the best one only.
Tensor at_once(Sequential& model, const Sequences& data, kernels::Target target) {
  ForwardGraph written = write_forward(model, {.timespans = true});
  graph::Executable run =
      graph::compile(std::move(written.graph), {.target = target, .reserve = {.batch = data.batch, .time = data.time}});
  Tensor y(model.output_shape().at({.batch = data.batch, .time = data.time}), model.dtype());
  for (const auto& [weight, name] : written.weights) run.bind_input(run.input_index(name), weight->value.data());
  run.bind_input(run.input_index("x"), data.x.data());
  run.bind_input(run.input_index("timespans"), data.dt.data());
  run.bind_output(0, y.data());
  EXPECT_TRUE(run.run({.batch = data.batch, .time = data.time}).ok());
  return y;
}

std::vector<double> streamed(Policy& policy, const Sequences& data) {
  std::vector<double> all;
  const std::vector<double> x = data.x.values();
  const std::vector<double> dt = data.dt.values();
  std::vector<double> y(policy.action_size());
  for (std::int64_t b = 0; b < data.batch; ++b) {
    policy.reset();
    for (std::int64_t t = 0; t < data.time; ++t) {
      const auto step = static_cast<std::size_t>(b * data.time + t);
      EXPECT_TRUE(policy.step(std::span(x).subspan(step * 3, 3), dt[step], y).ok());
      all.insert(all.end(), y.begin(), y.end());
    }
  }
  return all;
}

class StreamedNetwork : public ::testing::TestWithParam<Network> {};
INSTANTIATE_TEST_SUITE_P(Policy, StreamedNetwork, ::testing::ValuesIn(elegans::testing::networks()),
                         [](const auto& info) { return info.param.name; });

TEST_P(StreamedNetwork, EqualsTheBatchBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
      Sequential model = built(GetParam(), dtype);
      const Sequences data(dtype);
      Policy policy(model, {}, {.target = target});
      EXPECT_EQ(streamed(policy, data), at_once(model, data, target).values())
          << to_string(dtype) << (target == kernels::Target::best ? ", best" : ", scalar");
    }
  }
}

TEST_P(StreamedNetwork, StepsWithoutAllocating) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  Sequential model = built(GetParam());
  Policy policy(model);
  std::vector<float> action(policy.action_size());
  std::vector<float> state(policy.state_size());
  const std::array<float, 3> x{0.5F, -0.25F, 1};
  const std::array<float, 3> bad{0.5F, nan, 1};
  const CountAllocations counting;
  for (int i = 0; i < 20; ++i) policy.step(x, 0.02F, action);
  policy.step(bad, 0.02F, action);
  policy.get_state(state);
  policy.reset();
  policy.set_state(std::span<const float>(state));
  EXPECT_EQ(counting.calls(), 0U);
}

TEST_P(StreamedNetwork, GoesOnFromASnapshot) {
  Sequential model = built(GetParam());
  Policy policy(model);
  const std::array<float, 3> x{0.5F, -0.25F, 1};
  std::vector<float> action(policy.action_size());
  std::vector<float> snapshot(policy.state_size());
  policy.step(x, 1, action);
  ASSERT_TRUE(policy.get_state(snapshot).ok());
  policy.step(x, 0.5F, action);
  std::vector<float> again(action.size());
  policy.reset();
  ASSERT_TRUE(policy.set_state(std::span<const float>(snapshot)).ok());
  policy.step(x, 0.5F, again);
  EXPECT_EQ(again, action);
  // From the start it is another answer: the state matters.
  policy.reset();
  policy.step(x, 0.5F, again);
  EXPECT_NE(again, action);
}

TEST(Policy, ListsItsStates) {
  Sequential model = built(network_named("stack"));
  const Policy policy(model);
  ASSERT_EQ(policy.states().size(), 2U);
  EXPECT_EQ(policy.states()[0].path, "ltc/v");
  EXPECT_EQ(to_string(policy.states()[0].shape), "[12]");
  EXPECT_EQ(policy.states()[1].offset, 12U);
  EXPECT_EQ(policy.states()[1].size, 7U);
  EXPECT_EQ(policy.state_size(), 19U);
  EXPECT_EQ(policy.observation_size(), 3U);
  EXPECT_EQ(policy.action_size(), 2U);
  EXPECT_GT(policy.flop_per_step(), 0);
}

TEST(Policy, BeginsInTheLearnedState) {
  Sequential model = built(network_named("own_cell"));
  const Policy policy(model);
  std::vector<float> state(policy.state_size());
  policy.get_state(state);
  EXPECT_THAT(state, ElementsAre(0.25F, 0.25F, 0.25F, 0.25F));
}

TEST(Policy, KeepsItsStateWhereItRefuses) {
  Sequential model = built(network_named("stack"));
  Policy policy(model, {.features = {"speed", "angle", "load"}});
  std::array<float, 3> x{1, 2, 3};
  std::vector<float> action(2, 42.0F);
  policy.step(x, 1, action);
  std::vector<float> before(policy.state_size());
  policy.get_state(before);
  const std::vector<float> last = action;
  const auto expect_refused = [&](const Status& status, Status::Code code, std::int64_t item, const char* words) {
    EXPECT_EQ(status.code, code) << words;
    EXPECT_EQ(status.item, item) << words;
    EXPECT_EQ(policy.describe(status), words);
    std::vector<float> after(policy.state_size());
    policy.get_state(after);
    EXPECT_EQ(after, before) << words;
    EXPECT_EQ(action, last) << words;
  };
  using Code = Status::Code;
  for (const float bad : {nan, infinity, -infinity}) {
    x[1] = bad;
    expect_refused(policy.step(x, 1, action), Code::not_finite, 1,
                   "observation 1 ('angle') is NaN, infinite or too large for f32");
  }
  x[1] = 0;
  expect_refused(policy.step(x, -1e-6F, action), Code::negative_time, -1, "Δt is negative");
  expect_refused(policy.step(x, nan, action), Code::not_finite, -1, "Δt is NaN, infinite or too large for f32");
  expect_refused(policy.step(x, infinity, action), Code::not_finite, -1, "Δt is NaN, infinite or too large for f32");
  const char* sizes = "a span has the wrong size: observations have 3 numbers, actions 2, states 19";
  expect_refused(policy.step(std::span(x).first(2), 1, action), Code::wrong_size, -1, sizes);
  expect_refused(policy.step(x, 1, std::span(action).first(1)), Code::wrong_size, -1, sizes);
  expect_refused(policy.set_state(std::span<const float>(before).first(3)), Code::wrong_size, -1, sizes);
  std::vector<float> bad_state = before;
  bad_state[4] = nan;
  expect_refused(policy.set_state(std::span<const float>(bad_state)), Code::state_not_finite, 4,
                 "state 4 is NaN, infinite or too large for f32");
  // Finite as a double, infinite as the float that the network computes in.
  const std::array<double, 3> huge{0, 0, 1e300};
  std::vector<double> answer(2);
  const Status status = policy.step(huge, 1, answer);
  EXPECT_EQ(policy.describe(status), "observation 2 ('load') is NaN, infinite or too large for f32");
  // And afterwards it goes on as if nothing had been.
  Policy other = policy.clone();
  EXPECT_TRUE(policy.step(x, 1, action).ok());
}

// Of many numbers, which are looked at several at a time, the first bad one is named.
TEST(Policy, NamesTheFirstNumberThatIsNotFinite) {
  constexpr std::size_t features = 35;
  Sequential model({.name = "m"});
  model.add(nn::Dense({.units = 2})).build(static_cast<std::int64_t>(features));
  Policy policy(model, Preprocessing{});
  std::array<float, 2> action{};
  for (const std::size_t first : {0, 1, 15, 16, 31, 32, 34})
    for (const std::size_t second : {first, features - 1}) {
      std::array<float, features> x{};
      x[second] = infinity;
      x[first] = nan;
      const Status status = policy.step(x, 1, action);
      EXPECT_EQ(status.code, Status::Code::not_finite) << first;
      EXPECT_EQ(status.item, static_cast<std::int64_t>(first));
    }
  EXPECT_TRUE(policy.step(std::array<float, features>{}, 1, action).ok());
}

TEST(Policy, RefusesAnAnswerThatIsNotFinite) {
  Sequential model({.name = "m"});
  model.add(nn::RNN(std::make_shared<elegans::testing::LeakyCell>(1))).build(1);
  const Preprocessing preprocessing{.features = {"x"}, .targets = {"y"}};
  Policy policy(model, preprocessing);
  std::array<float, 1> action{7};
  const std::array<float, 1> x{std::numeric_limits<float>::max()};
  std::array<float, 1> before{};
  policy.get_state(before);
  const Status status = policy.step(x, 1e30F, action);
  EXPECT_EQ(status.code, Status::Code::result_not_finite);
  EXPECT_EQ(policy.describe(status), "the next state is NaN or infinite");
  std::array<float, 1> after{};
  policy.get_state(after);
  EXPECT_EQ(before, after);
  EXPECT_EQ(action[0], 7);
}

// Finite as the network has it, and infinite in the caller's units, or in the caller's type.
TEST(Policy, RefusesAnAnswerThatItsCallerCannotHold) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    Sequential model({.name = "m", .dtype = dtype});
    model.add(nn::RNN(std::make_shared<elegans::testing::LeakyCell>(1))).add(nn::Dense(1)).build(1);
    for (const nn::WeightPtr& weight : model.weights()) {
      const double huge = dtype == Dtype::f32 ? 1e37 : 1e300;
      const double value = weight->path == "dense/bias" ? huge : 0;
      weight->value = Tensor::from(weight->value.shape(), std::vector<double>(weight->value.elements(), value), dtype);
    }
    Preprocessing units{.features = {"x"}, .targets = {"y"}};
    if (dtype == Dtype::f32) units.outputs = {{0}, {100}};
    Policy policy(model, units);
    std::array<float, 1> action{7};
    EXPECT_EQ(policy.step(std::array<float, 1>{1}, 1, action).code, Status::Code::result_not_finite);
    EXPECT_EQ(action[0], 7);
    std::array<double, 1> wide{7};
    EXPECT_TRUE(policy.step(std::array<double, 1>{1}, 1, wide).ok());
    EXPECT_NEAR(wide[0] / (dtype == Dtype::f32 ? 1e39 : 1e300), 1, 1e-6);
  }
}

TEST(Policy, SpeaksTheUnitsOfTheTable) {
  Sequential model = built(network_named("stack"), Dtype::f64);
  const Preprocessing units{.inputs = {{1, 2, 3}, {2, 4, 0.5}}, .outputs = {{10, -5}, {3, 0.1}}, .time_unit = 0.25};
  Policy policy(model, units);
  Policy plain(model);
  const std::array<double, 3> x{0.3, -1, 4};
  const std::array<double, 3> z{(0.3 - 1) / 2, (-1.0 - 2) / 4, (4.0 - 3) / 0.5};
  std::array<double, 2> y{};
  std::array<double, 2> raw{};
  ASSERT_TRUE(policy.step(x, 0.1, y).ok());
  ASSERT_TRUE(plain.step(z, 0.1 / 0.25, raw).ok());
  EXPECT_EQ(y[0], raw[0] * 3 + 10);
  EXPECT_EQ(y[1], raw[1] * 0.1 - 5);
}

TEST(Policy, ClassifiesByProbabilitiesOrLogits) {
  Sequential model = built(network_named("stack"), Dtype::f64);
  const Preprocessing units{.classes = {"walk", "run"}, .task = Task::classification};
  Policy probabilities(model, units);
  Policy logits(model, units, {.scores = Scores::logits});
  const std::array<double, 3> x{0.3, -1, 4};
  std::array<double, 2> p{};
  std::array<double, 2> s{};
  probabilities.step(x, 1, p);
  logits.step(x, 1, s);
  EXPECT_NEAR(p[0] + p[1], 1, 1e-15);
  EXPECT_NEAR(p[0], 1 / (1 + std::exp(s[1] - s[0])), 1e-15);
  EXPECT_THAT(probabilities.preprocessing().classes, ElementsAre("walk", "run"));
}

// One number, as of Dense(1) and binary cross-entropy, is the score of the second class.
TEST(Policy, OfOneScoreHasTwoClasses) {
  Sequential model({.dtype = Dtype::f64, .seed = 7});
  model.add(nn::Dense(4, "tanh")).add(nn::Dense(1)).build(3);
  const Preprocessing units{.classes = {"walk", "run"}, .task = Task::classification};
  Policy plain(model), probabilities(model, units), unnamed(model, {.task = Task::classification});
  Policy logits(model, units, {.scores = Scores::logits});
  ASSERT_EQ(plain.action_size(), 1U);
  ASSERT_EQ(probabilities.action_size(), 2U);
  const std::array<double, 3> x{0.3, -1, 4};
  std::array<double, 1> score{};
  std::array<double, 2> p{}, q{}, s{};
  ASSERT_TRUE(plain.step(x, 1, score).ok());
  ASSERT_TRUE(probabilities.step(x, 1, p).ok());
  ASSERT_TRUE(unnamed.step(x, 1, q).ok());
  ASSERT_TRUE(logits.step(x, 1, s).ok());
  EXPECT_NEAR(p[1], 1 / (1 + std::exp(-score[0])), 1e-15);
  EXPECT_NEAR(p[0] + p[1], 1, 1e-15);
  EXPECT_EQ(p, q);
  EXPECT_EQ(s, (std::array<double, 2>{0, score[0]}));
  EXPECT_EQ(probabilities.step(x, 1, score).code, Status::Code::wrong_size);
  EXPECT_EQ(message_of<ConfigError>([&] {
              Policy(model, {.classes = {"walk", "run", "rest"}, .task = Task::classification});
            }),
            model.name() +
                ", Policy: the number of classes is 3; expected 2, as the network answers with one number: the "
                "score of the second class.");
}

TEST(Policy, ClonesGoTheirOwnWay) {
  Sequential model = built(network_named("cfc_wired"));
  Policy a(model);
  const std::array<float, 3> x{1, 0, -1};
  const std::array<float, 3> other{-2, 1, 1};
  std::vector<float> ya(3);
  std::vector<float> yb(3);
  a.step(x, 1, ya);
  Policy b = a.clone();
  a.step(x, 1, ya);
  b.step(x, 1, yb);
  EXPECT_EQ(ya, yb);
  b.step(other, 1, yb);
  a.step(x, 1, ya);
  EXPECT_NE(ya, yb);
}

TEST(Policy, KeepsItsWeightsWhileTheModelTrainsOn) {
  Sequential model = built(network_named("cfc_wired"));
  Policy policy(model);
  const std::array<float, 3> x{1, 0, -1};
  std::vector<float> before(3);
  std::vector<float> after(3);
  policy.step(x, 1, before);
  for (const nn::WeightPtr& weight : model.weights()) weight->value = Tensor(weight->stored_shape());
  policy.reset();
  policy.step(x, 1, after);
  EXPECT_EQ(before, after);
}

TEST(Policy, RunsANetworkWithoutTime) {
  Sequential model;
  model.add(nn::Dense(2, "tanh")).build({1, 3});
  Policy policy(model);
  const Tensor x = Tensor::from({1, 3}, {0.5, -1, 2});
  std::vector<float> y(2);
  ASSERT_TRUE(policy.step(std::as_const(x).as<float>(), 1, y).ok());
  const Tensor expected = model.predict(x);
  EXPECT_EQ(y, std::vector<float>(expected.as<float>().begin(), expected.as<float>().end()));
}

TEST(Policy, AnswersAtEveryStepOfASequenceThatIsClassifiedAtItsEnd) {
  Sequential model({.seed = 3});
  model.add(nn::LTC(4, {.return_sequences = false})).add(nn::Dense(2)).build(3);
  const Sequences data(Dtype::f32);
  Policy policy(model);
  const auto y = streamed(policy, data);
  const auto expected = at_once(model, data, kernels::Target::best).values();
  for (std::size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(y[(b * 7 + 6) * 2], expected[b * 2]);
    EXPECT_EQ(y[(b * 7 + 6) * 2 + 1], expected[b * 2 + 1]);
  }
}

TEST(Policy, MakesActivationsFastWhereItIsAsked) {
  Sequential model({.seed = 3});
  model.add(nn::Dense({.units = 8, .activation = nn::Activation::tanh})).add(nn::Dense(1)).build(3);
  Policy exact(model), fast(model, {}, {.fast_activations = true});
  // What errors of 2^-15 in the eight tanh can do, and ten roundings of sums of them in both.
  double reach = 0;
  for (const double w : model.weights()[2]->value.values()) reach += std::abs(w);
  const Sequences data(Dtype::f32);
  const std::vector<double> y = streamed(fast, data), want = streamed(exact, data);
  double largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) largest = std::max(largest, std::abs(y[i] - want[i]));
  EXPECT_LE(largest, reach * (0x1p-15 + 2 * 10 * 0x1p-24));
  const bool is_exact = kernels::instruction_set(kernels::Target::best) == std::string("scalar");
  EXPECT_EQ(largest > 0, !is_exact) << "nothing was made fast";
}

TEST(Policy, RefusesANetworkThatLooksAhead) {
  for (const nn::LayerPtr& layer :
       {nn::LayerPtr(std::make_shared<nn::LTC>(4, nn::LTCOptions{.go_backwards = true})),
        nn::LayerPtr(std::make_shared<nn::Bidirectional>(nn::GRU(2))),
        nn::LayerPtr(std::make_shared<nn::ActivationLayer>("softmax", nn::ActivationLayerOptions{.axis = 1}))}) {
    Sequential model({.name = "m"});
    model.add(layer).build(3);
    EXPECT_EQ(
        message_of<ConfigError>([&] { Policy policy(model); }),
        "m, one step: the network is one that looks ahead in time; expected one that can be run step by step. Leave "
        "out layers that run backwards or in both directions.");
  }
}

}  // namespace
}  // namespace elegans::model
