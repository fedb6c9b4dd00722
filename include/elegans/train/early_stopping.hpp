#pragma once
// Ends training where a figure no longer gets better.

#include "elegans/train/callback.hpp"

namespace elegans::train {

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";  // a figure of train/history.hpp; whether more or less is better is known
  std::uint64_t patience = 10;       // epochs without a better figure before it stops; 0 never stops, but restores
  double min_delta = 0;              // how much better counts as better
  // Whether the model gets the weights of its best epoch back at the end, however training ends.
  bool restore_best = true;
};

// A figure that is not finite is never better. Of a fit that is resumed the patience that is given then counts: with more
// of it a fit that was stopped goes on, with less than it has waited already it ends at once. ConfigError at the start of a
// fit that has no such figure, with the nearest names.
CallbackPtr early_stopping(EarlyStoppingOptions options = {});

}  // namespace elegans::train
