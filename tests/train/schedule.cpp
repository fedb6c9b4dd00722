// Learning-rate schedules against their formulas and numbers of torch, and in a fit.

#include "elegans/train/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "data.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/trainer.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

std::vector<double> rates(const Schedule& schedule, std::uint64_t count, double eta = 0.1, std::uint64_t of_fit = 0) {
  std::vector<double> made;
  for (std::uint64_t t = 0; t < count; ++t)
    made.push_back(schedule.at({.learning_rate = eta, .step = t, .steps = of_fit}));
  return made;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t t = 0; t < found.size(); ++t) EXPECT_NEAR(found[t], expected[t], 1e-15) << "step " << t;
}

TEST(Schedule, ConstantIsTheDefault) { EXPECT_EQ(rates({}, 3), (std::vector<double>{0.1, 0.1, 0.1})); }

TEST(Schedule, StepsDown) {
  expect_near(rates(StepDecay{.step_size = 2, .gamma = 0.5}, 6), {0.1, 0.1, 0.05, 0.05, 0.025, 0.025});
}

TEST(Schedule, DecaysExponentially) {
  expect_near(rates(ExponentialDecay{.decay_rate = 0.25, .decay_steps = 2}, 5), {0.1, 0.05, 0.025, 0.0125, 0.00625});
}

TEST(Schedule, FallsAlongHalfACosine) {
  const std::vector<double> found = rates(CosineDecay{.minimum = 0.02, .decay_steps = 10}, 14);
  for (std::size_t t = 0; t < found.size(); ++t) {
    const double angle = std::numbers::pi * std::min(1.0, static_cast<double>(t) / 10);
    EXPECT_NEAR(found[t], 0.02 + 0.08 * (0.5 + 0.5 * std::cos(angle)), 1e-15) << t;
  }
}

// Another way of writing the callback that this schedule took the place of: the same bits.
TEST(Schedule, CosineOverAFitHasTheBitsThatItHad) {
  for (const double warm : {0.0, 17.0}) {
    const std::vector<double> found =
        rates(CosineDecay{.warmup_steps = static_cast<std::uint64_t>(warm)}, 201, 0.004, 200);
    for (std::size_t t = 0; t < found.size(); ++t) {
      const auto done = static_cast<double>(t);
      const double share = std::min(1.0, (done - warm) / (200 - warm));
      const double expected =
          done < warm ? 0.004 * done / warm : 0 + (0.004 - 0) * (1 + std::cos(std::numbers::pi * share)) / 2;
      EXPECT_EQ(found[t], expected) << t;
    }
  }
}

TEST(Schedule, WarmsUpBeforeAnyOther) {
  expect_near(rates(Warmup{.warmup_steps = 4, .warmup_start = 0.02}, 6), {0.02, 0.04, 0.06, 0.08, 0.1, 0.1});
  expect_near(rates(Warmup{.warmup_steps = 2, .then = StepDecay{.step_size = 1, .gamma = 0.5}}, 5),
              {0, 0.05, 0.1, 0.05, 0.025});
  expect_near(rates(Warmup{.warmup_steps = 2, .then = Warmup{.warmup_steps = 2}}, 5), {0, 0, 0, 0.05, 0.1});
  EXPECT_EQ(rates(Warmup{.warmup_steps = 3, .then = CosineDecay{.decay_steps = 5}}, 12),
            rates(CosineDecay{.warmup_steps = 3, .decay_steps = 5}, 12));
}

// torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps, pct_start, cycle_momentum=False) of PyTorch 2.15.
TEST(Schedule, OneCycleIsThatOfTorch) {
  expect_near(rates(OneCycle{.steps = 10}, 10),
              {0.0040000000000000036, 0.052000000000000005, 0.1, 0.09504846320134738, 0.0811745653949763,
               0.06112620219362893, 0.03887419780637107, 0.0188258346050237, 0.004951936798652629, 4e-07});
  expect_near(rates(OneCycle{.rise = 0.5}, 8, 0.1, 8), {0.0040000000000000036, 0.027999999999999997, 0.076, 0.1,
                                                        0.08535539763797113, 0.0500002, 0.014645002362028864, 4e-07});
  expect_near(rates(OneCycle{.rise = 0.25, .steps = 7}, 7),
              {0.0040000000000000036, 0.09944154354509119, 0.08665264698111695, 0.06112620219362893,
               0.03173322184988512, 0.008688426531955128, 4e-07});
  for (const std::uint64_t steps : {1, 2, 3})
    for (const double rate : rates(OneCycle{.rise = 0.01, .steps = steps}, 5)) {
      EXPECT_GE(rate, 0);
      EXPECT_LE(rate, 0.1);
    }
}

TEST(Schedule, CountsUpdatesOfAnEpoch) {
  EXPECT_EQ(steps_per_epoch(100, 32), 4U);
  EXPECT_EQ(steps_per_epoch(96, 32), 3U);
  EXPECT_EQ(steps_per_epoch(100, 32, 3), 2U);
  EXPECT_EQ(steps_per_epoch(100, 32, static_cast<std::size_t>(-1)), 1U);
}

// The rate of every update: that of the trainer before it.
class Rates final : public Callback {
 public:
  void on_start(Trainer& trainer, const FitPlan&) override {
    trainer_ = &trainer;
    rates.push_back(trainer.learning_rate());
    rates.reserve(100);
  }
  void on_step(const StepRecord&) noexcept override { rates.push_back(trainer_->learning_rate()); }
  std::vector<double> rates;

 private:
  Trainer* trainer_ = nullptr;
};

std::vector<double> rates_of_a_fit(const Schedule& schedule, int fits = 1) {
  const Dataset data = random_sequences({.lengths = {3, 4, 5, 6}});
  Sequential model({.seed = 1});
  model.add(nn::Dense(2));
  const auto seen = std::make_shared<Rates>();
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.1},
                          .schedule = schedule,
                          .batch_size = 2,
                          .epochs = 5,
                          .callbacks = {seen}});
  for (int i = 0; i < fits; ++i) {
    seen->rates.clear();
    trainer.fit(data);
    EXPECT_EQ(trainer.base_learning_rate(), 0.1);
  }
  return seen->rates;
}

TEST(ScheduleOfAFit, EndsWithIt) {
  for (const int fits : {1, 2})
    expect_near(rates_of_a_fit(CosineDecay{}, fits), rates(CosineDecay{.decay_steps = 10}, 11));
  expect_near(rates_of_a_fit(Warmup{.warmup_steps = 4, .then = CosineDecay{}}),
              rates(CosineDecay{.warmup_steps = 4, .decay_steps = 6}, 11));
}

TEST(ScheduleOfALoop, CountsUpdates) {
  const Dataset data = random_sequences({.lengths = {3, 4}});
  Sequential model({.seed = 1});
  model.add(nn::Dense(2));
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.1}, .schedule = StepDecay{.gamma = 0.5}});
  EXPECT_EQ(trainer.learning_rate(), 0.1);
  trainer.gradients({data, all_of(data)});
  trainer.apply();
  EXPECT_EQ(trainer.learning_rate(), 0.05);
  trainer.set_learning_rate(0.4);
  EXPECT_EQ(trainer.learning_rate(), 0.2);

  Trainer endless(model, {.schedule = CosineDecay{}});
  EXPECT_EQ(endless.learning_rate(), 1e-3) << "outside of a fit it has no say";
  endless.gradients({data, all_of(data)});
  EXPECT_EQ(message_of<ConfigError>([&] { endless.apply(); }),
            "apply: the schedule cosine (minimum 0, decay_steps 0) is without a length of its own; expected one, in a "
            "loop of one's own. Give it the number of updates.");
}

TEST(ScheduleOfALoop, RefusesARateThatIsNone) {
  const Dataset data = random_sequences({.lengths = {3, 4}});
  Sequential model({.seed = 1});
  model.add(nn::Dense(2));
  Trainer trainer(model, {.schedule = {.name = "broken", .rate = [](const ScheduleInputs&) { return -1.0; }}});
  EXPECT_EQ(message_of<ConfigError>([&] { trainer.fit(data); }),
            "fit, epoch 1, step 1: the rate of schedule broken is -1; expected a finite number >= 0.");
}

TEST(Schedule, OptionsValidateThemselves) {
  const auto refused = [](auto options) { return message_of<ConfigError>([&] { const Schedule s = options; }); };
  EXPECT_EQ(refused(StepDecay{.step_size = 0}), "StepDecay: step_size is 0; expected 1 or more.");
  EXPECT_EQ(refused(StepDecay{.gamma = -1}), "StepDecay: gamma is -1; expected a finite number >= 0.");
  EXPECT_EQ(refused(ExponentialDecay{.decay_rate = std::nan("")}),
            "ExponentialDecay: decay_rate is nan; expected a finite number >= 0.");
  EXPECT_EQ(refused(ExponentialDecay{.decay_steps = 0}), "ExponentialDecay: decay_steps is 0; expected 1 or more.");
  EXPECT_EQ(refused(CosineDecay{.minimum = -1}), "CosineDecay: minimum is -1; expected a finite number >= 0.");
  EXPECT_EQ(refused(Warmup{.warmup_start = -1}), "Warmup: warmup_start is -1; expected a finite number >= 0.");
  EXPECT_EQ(refused(OneCycle{.rise = 1}), "OneCycle: rise is 1; expected above 0 and below 1.");
  EXPECT_EQ(refused(OneCycle{.div_factor = 0}), "OneCycle: div_factor is 0; expected a finite number > 0.");
}

}  // namespace
}  // namespace elegans::train
