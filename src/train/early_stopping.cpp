#include "elegans/train/early_stopping.hpp"

#include <fmt/format.h>

#include "elegans/train/trainer.hpp"
#include "train/monitor.hpp"

namespace elegans::train {
namespace {

class EarlyStopping final : public Callback {
 public:
  explicit EarlyStopping(const EarlyStoppingOptions& options)
      : options_(options),
        name_(fmt::format("early_stopping({}{})", monitor_text(options.monitor, options.min_delta),
                          options.restore_best ? "" : ", keeps the last")),
        monitor_("early_stopping", options.monitor, options.min_delta) {}

  void on_start(Trainer&, const FitPlan& plan) override {
    monitor_.start(plan);
    best_epoch_ = last_epoch_ = 0;
    waited_ = 0;
    weights_.clear();
  }

  Next on_epoch(Trainer& trainer, const EpochRecord& record) override {
    last_epoch_ = record.epoch;
    if (monitor_.improves(record)) {
      best_epoch_ = record.epoch;
      waited_ = 0;
      if (options_.restore_best) keep(trainer.model());
      return Next::go_on;
    }
    ++waited_;
    return *verdict();
  }

  std::optional<Next> verdict() const override {
    return options_.patience > 0 && waited_ >= options_.patience ? Next::stop : Next::go_on;
  }

  void on_end(Trainer& trainer, History& history) override {
    const bool failed = history.ending == Ending::failed;
    if (!options_.restore_best || best_epoch_ == 0 || (best_epoch_ == last_epoch_ && !failed)) return;
    const std::vector<nn::WeightPtr> weights = trainer.model().weights();
    for (std::size_t i = 0; i < weights.size(); ++i) copy(weights_[i], weights[i]->value);
    history.restored = best_epoch_;
  }

  // What decides which epoch is the best one; how long it waits for that may be another.
  std::string_view state_name() const override { return name_; }

  void save_state(CallbackState& state) const override {
    monitor_.save(state);
    state.set_count("best_epoch", best_epoch_);
    state.set_count("last_epoch", last_epoch_);
    state.set_count("waited", waited_);
    for (std::size_t i = 0; i < weights_.size(); ++i) state.set(weight_name(i), weights_[i]);
  }

  void load_state(Trainer& trainer, const CallbackState& state) override {
    monitor_.load(state);
    best_epoch_ = state.count("best_epoch");
    last_epoch_ = state.count("last_epoch");
    waited_ = state.count("waited");
    if (!options_.restore_best || best_epoch_ == 0) return;
    const std::vector<nn::WeightPtr> weights = trainer.model().weights();
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights_.push_back(state.tensor(weight_name(i), weights[i]->value.dtype(), weights[i]->stored_shape()));
  }

 private:
  static std::string weight_name(std::size_t i) { return "weight/" + std::to_string(i); }

  void keep(const Sequential& model) {
    weights_.clear();
    for (const nn::WeightPtr& weight : model.weights()) weights_.push_back(weight->value);
  }

  EarlyStoppingOptions options_;
  std::string name_;
  Monitor monitor_;
  std::uint64_t best_epoch_ = 0;  // 0 before there is one
  std::uint64_t last_epoch_ = 0;
  std::uint64_t waited_ = 0;
  std::vector<Tensor> weights_;  // of the best epoch
};

}  // namespace

CallbackPtr early_stopping(EarlyStoppingOptions options) { return std::make_shared<EarlyStopping>(options); }

}  // namespace elegans::train
