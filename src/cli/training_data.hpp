#pragma once
// From a file to the three parts that a network is trained on.

#include <cstddef>
#include <optional>
#include <string>

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

// What the folds of a cross-validation are made of: recordings, blocks of time, or windows.
enum class FoldBy { recording, time, window };

// One of the folds, whose sequences are the test part; the settings' shares of test and way to split have no say.
struct Fold {
  FoldBy by = FoldBy::recording;
  std::size_t number = 1;  // from 1 to `of`
  std::size_t of = 5;
};

// Reads, splits, learns classes, standardisation and time unit on the training part, applies them and cuts windows.
TrainingData read_training_data(const TrainSettings& settings, const std::optional<Fold>& fold = {});

// Data in the units of the file, as the model takes it: standardised, and Δt in time units.
void prepare(const model::Preprocessing& preprocessing, train::Dataset& data);

}  // namespace elegans::cli
