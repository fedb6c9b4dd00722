#include "elegans/train/cosine_decay.hpp"

#include <fmt/format.h>
#include <cmath>
#include <numbers>

#include "elegans/train/trainer.hpp"

namespace elegans::train {
namespace {

class CosineDecay final : public Callback {
 public:
  explicit CosineDecay(CosineDecayOptions options) : options_(options) {
    if (!(std::isfinite(options.minimum) && options.minimum >= 0))
      throw ConfigError({"cosine_decay", "minimum", fmt::format("{}", options.minimum), "a finite number >= 0", ""});
    if (!(options.warmup >= 0 && options.warmup < 1))
      throw ConfigError({"cosine_decay", "warmup", fmt::format("{}", options.warmup), "in [0, 1)", ""});
  }

  void on_start(Trainer& trainer, const FitPlan& plan) override {
    trainer_ = &trainer;
    highest_ = trainer.learning_rate();
    steps_ = static_cast<double>(plan.epochs) * static_cast<double>(plan.steps_per_epoch);
    warm_ = std::round(options_.warmup * steps_);
    done_ = 0;
    trainer.set_learning_rate(rate());
  }
  void on_step(const StepRecord&) noexcept override {
    ++done_;
    trainer_->set_learning_rate(rate());
  }
  void on_end(Trainer& trainer, History&) override { trainer.set_learning_rate(highest_); }

 private:
  double rate() const noexcept {
    if (done_ < warm_) return highest_ * done_ / warm_;
    const double share = std::min(1.0, (done_ - warm_) / (steps_ - warm_));
    return options_.minimum + (highest_ - options_.minimum) * (1 + std::cos(std::numbers::pi * share)) / 2;
  }

  CosineDecayOptions options_;
  Trainer* trainer_ = nullptr;
  double highest_ = 0, steps_ = 1, warm_ = 0, done_ = 0;
};

}  // namespace

CallbackPtr cosine_decay(CosineDecayOptions options) { return std::make_shared<CosineDecay>(options); }

}  // namespace elegans::train
