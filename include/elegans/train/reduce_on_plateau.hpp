#pragma once
// A lower learning rate where a figure no longer gets better, as Keras' ReduceLROnPlateau:
//
//     η ← max(η·factor, min_lr)          after `patience` epochs without a better figure
//
// η is what the schedule makes its rates from (Trainer::base_learning_rate). After a reduction `cooldown` epochs pass
// before epochs without a better figure count again.

#include "elegans/train/callback.hpp"

namespace elegans::train {

struct ReduceOnPlateauOptions {
  std::string monitor = "val_loss";  // a figure of train/history.hpp; whether more or less is better is known
  double factor = 0.1;               // above 0 and below 1
  std::uint64_t patience = 10;       // epochs, 1 or more
  double min_delta = 1e-4;           // how much better counts as better
  std::uint64_t cooldown = 0;        // epochs
  double min_lr = 0;                 // finite, >= 0
};

// A figure that is not finite is never better. ConfigError for an option out of its range, and at the start of a fit
// that has no such figure, with the nearest names.
CallbackPtr reduce_on_plateau(ReduceOnPlateauOptions options = {});

}  // namespace elegans::train
