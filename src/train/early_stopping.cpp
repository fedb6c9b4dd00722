#include "elegans/train/early_stopping.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::train {
namespace {

class EarlyStopping final : public Callback {
 public:
  explicit EarlyStopping(EarlyStoppingOptions options) : options_(std::move(options)) {
    if (!(options_.min_delta >= 0))
      throw ConfigError({"early_stopping", "min_delta", fmt::format("{}", options_.min_delta), "0 or more", ""});
  }

  void on_start(Trainer&, const FitPlan& plan) override {
    std::vector<std::string> known;
    for (const NamedFigure& figure : plan.figures) known.push_back(figure.name);
    const auto found = std::find(known.begin(), known.end(), options_.monitor);
    if (found == known.end())
      throw ConfigError({"early_stopping", "monitor", quote(options_.monitor), "a figure of this training",
                         known.size() == 1 ? "Monitor 'loss', or pass a validation part to fit()."
                                           : suggest(options_.monitor, known)});
    better_ = plan.figures[static_cast<std::size_t>(found - known.begin())].better;
    best_epoch_ = last_epoch_ = 0;
    waited_ = 0;
    weights_.clear();
  }

  Next on_epoch(Trainer& trainer, const EpochRecord& record) override {
    last_epoch_ = record.epoch;
    const double value = figure(record, options_.monitor);
    // Of NaN neither is true; of infinity the first may be.
    const bool improves =
        better_ == nn::Better::lower ? value < best_ - options_.min_delta : value > best_ + options_.min_delta;
    if (improves || (best_epoch_ == 0 && std::isfinite(value))) {
      best_ = value;
      best_epoch_ = record.epoch;
      waited_ = 0;
      if (options_.restore_best) keep(trainer.model());
      return Next::go_on;
    }
    return ++waited_ == options_.patience ? Next::stop : Next::go_on;
  }

  void on_end(Trainer& trainer, History& history) override {
    const bool failed = history.ending == Ending::failed;
    if (!options_.restore_best || best_epoch_ == 0 || (best_epoch_ == last_epoch_ && !failed)) return;
    const std::vector<nn::WeightPtr> weights = trainer.model().weights();
    for (std::size_t i = 0; i < weights.size(); ++i) copy(weights_[i], weights[i]->value);
    history.restored = best_epoch_;
  }

 private:
  void keep(const Sequential& model) {
    weights_.clear();
    for (const nn::WeightPtr& weight : model.weights()) weights_.push_back(weight->value);
  }

  EarlyStoppingOptions options_;
  nn::Better better_ = nn::Better::lower;
  double best_ = 0;
  std::uint64_t best_epoch_ = 0;  // 0 before there is one
  std::uint64_t last_epoch_ = 0;
  std::uint64_t waited_ = 0;
  std::vector<Tensor> weights_;  // of the best epoch
};

}  // namespace

CallbackPtr early_stopping(EarlyStoppingOptions options) { return std::make_shared<EarlyStopping>(std::move(options)); }

}  // namespace elegans::train
