#pragma once
// A figure of training that is to get better: what early stopping and its like look at.

#include <string>

#include "elegans/train/callback.hpp"

namespace elegans::train {

// "val_loss, min_delta 0.1"
std::string monitor_text(const std::string& figure, double min_delta);

class Monitor {
 public:
  // ConfigError, in the name of `operation`, where min_delta is not 0 or more.
  Monitor(const char* operation, std::string figure, double min_delta);

  // Nothing seen yet. ConfigError, with the nearest names, where the fit has no such figure.
  void start(const FitPlan& plan);
  // Whether the figure is better than the best so far by more than min_delta; it is then the best. One that is not
  // finite never is.
  bool improves(const EpochRecord& record);

  void save(CallbackState& state) const { state.set_number("best", best_); }
  void load(const CallbackState& state) { best_ = state.number("best"); }

 private:
  const char* operation_;
  std::string figure_;
  double min_delta_;
  nn::Better better_ = nn::Better::lower;
  double best_ = 0;
};

}  // namespace elegans::train
