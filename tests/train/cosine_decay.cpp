#include "elegans/train/cosine_decay.hpp"

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

std::vector<double> rates_of(const CosineDecayOptions& options) {
  const Dataset data = random_sequences({.lengths = {3, 4, 5, 6}});
  Sequential model({.seed = 1});
  model.add(nn::Dense(2));
  const auto seen = std::make_shared<Rates>();
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.1},
                          .batch_size = 2,
                          .epochs = 5,
                          .callbacks = {cosine_decay(options), seen}});
  trainer.fit(data);
  EXPECT_EQ(trainer.learning_rate(), 0.1) << "the rate after the fit";
  return seen->rates;
}

TEST(CosineDecay, FallsAlongHalfACosine) {
  const std::vector<double> rates = rates_of({.minimum = 0.02});
  ASSERT_EQ(rates.size(), 11u);  // before each of 10 updates, and after the last
  for (std::size_t t = 0; t <= 10; ++t) {
    const double angle = std::numbers::pi * static_cast<double>(t) / 10;
    EXPECT_NEAR(rates[t], 0.02 + 0.08 * (0.5 + 0.5 * std::cos(angle)), 1e-15) << t;
  }
}

TEST(CosineDecay, RisesFirst) {
  const std::vector<double> rates = rates_of({.warmup = 0.4});
  EXPECT_EQ(rates[0], 0);
  EXPECT_NEAR(rates[1], 0.025, 1e-15);
  EXPECT_NEAR(rates[4], 0.1, 1e-15);
  EXPECT_NEAR(rates[7], 0.05, 1e-15);
  EXPECT_NEAR(rates[10], 0, 1e-15);
}

TEST(CosineDecay, OptionsValidateThemselves) {
  EXPECT_THAT(message_of<ConfigError>([] { cosine_decay({.warmup = 1}); }),
              HasSubstr("warmup is 1; expected in [0, 1)"));
  EXPECT_THAT(message_of<ConfigError>([] { cosine_decay({.minimum = -1}); }),
              HasSubstr("minimum is -1; expected a finite number >= 0"));
}

}  // namespace
}  // namespace elegans::train
