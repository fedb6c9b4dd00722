#include "elegans/train/reduce_on_plateau.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/train/trainer.hpp"
#include "train/monitor.hpp"

namespace elegans::train {
namespace {

void require(bool fits, const char* option, double actual, const char* required) {
  if (!fits) throw ConfigError({"reduce_on_plateau", option, fmt::format("{}", actual), required, ""});
}

class ReduceOnPlateau final : public Callback {
 public:
  explicit ReduceOnPlateau(const ReduceOnPlateauOptions& options)
      : options_(options),
        name_(fmt::format("reduce_on_plateau({}, factor {}, patience {}, cooldown {}, min_lr {})",
                          monitor_text(options.monitor, options.min_delta), options.factor, options.patience,
                          options.cooldown, options.min_lr)),
        monitor_("reduce_on_plateau", options.monitor, options.min_delta) {
    require(options.factor > 0 && options.factor < 1, "factor", options.factor, "above 0 and below 1");
    require(options.patience > 0, "patience", 0, "1 or more");
    require(std::isfinite(options.min_lr) && options.min_lr >= 0, "min_lr", options.min_lr, "a finite number >= 0");
  }

  void on_start(Trainer&, const FitPlan& plan) override {
    monitor_.start(plan);
    waited_ = cooling_ = 0;
  }

  Next on_epoch(Trainer& trainer, const EpochRecord& record) override {
    if (cooling_ > 0) {
      --cooling_;
      waited_ = 0;
    }
    if (monitor_.improves(record)) {
      waited_ = 0;
    } else if (cooling_ == 0 && ++waited_ >= options_.patience) {
      const double rate = trainer.base_learning_rate();
      if (rate <= options_.min_lr) return Next::go_on;
      trainer.set_learning_rate(std::max(rate * options_.factor, options_.min_lr));
      cooling_ = options_.cooldown;
      waited_ = 0;
    }
    return Next::go_on;
  }

  std::string_view state_name() const override { return name_; }
  void save_state(CallbackState& state) const override {
    monitor_.save(state);
    state.set_count("waited", waited_);
    state.set_count("cooling", cooling_);
  }
  void load_state(Trainer&, const CallbackState& state) override {
    monitor_.load(state);
    waited_ = state.count("waited");
    cooling_ = state.count("cooling");
  }

 private:
  ReduceOnPlateauOptions options_;
  std::string name_;
  Monitor monitor_;
  std::uint64_t waited_ = 0;   // epochs without a better figure
  std::uint64_t cooling_ = 0;  // epochs in which they do not count
};

}  // namespace

CallbackPtr reduce_on_plateau(ReduceOnPlateauOptions options) { return std::make_shared<ReduceOnPlateau>(options); }

}  // namespace elegans::train
