#pragma once
// From a file to the three parts that a network is trained on.

#include "cli/train_settings.hpp"
#include "elegans/model/preprocessing.hpp"
#include "elegans/train/split.hpp"

namespace elegans::cli {

struct TrainingData {
  std::size_t rows = 0;  // of the file
  std::size_t recordings = 0;
  std::string split;   // the way it was split: what "auto" stands for
  train::Parts parts;  // standardised, Δt in time units, cut into windows
  model::Preprocessing preprocessing;
};

// Reads, splits, learns classes, standardisation and time unit on the training part, applies them and cuts windows.
TrainingData read_training_data(const TrainSettings& settings);

// Data in the units of the file, as the model takes it: standardised, and Δt in time units.
void prepare(const model::Preprocessing& preprocessing, train::Dataset& data);

}  // namespace elegans::cli
