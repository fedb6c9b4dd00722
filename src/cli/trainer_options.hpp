#pragma once
// What the settings of `elegans train` mean to a Trainer.

#include "cli/train_settings.hpp"
#include "cli/training_data.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::cli {

kernels::Target kernels_of(const TrainSettings& settings);

// Settings are checked. Callbacks: the rate on a plateau, the history, early stopping and checkpoints; no progress bar.
train::TrainerOptions trainer_options(const TrainSettings& settings, const TrainingData& data);

}  // namespace elegans::cli
