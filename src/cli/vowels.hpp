#pragma once
// Japanese Vowels as the demo and the experiment train on them: how so few recordings become enough.
//
// 270 recordings of nine speakers are few. Copies with an offset for each recording and noise at each step
// (train/jitter.hpp) say what does not matter, a target at every step teaches to answer early, and a rate that falls to
// 0 ends on weights that have settled: the last ones are kept, since a validation part of 27 is too small to choose by.
// Deviations, rate and epochs were chosen by 3-fold cross-validation on the training part.

#include "elegans/model/preprocessing.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::cli {

struct VowelData {
  train::Dataset train;             // standardised, with copies, a target at every step
  std::size_t recordings = 0;       // of the training part, before copying
  train::Dataset validation, test;  // standardised; validation may be empty
  train::Dataset raw_test;          // in the units of the file, as a policy takes it
  model::Preprocessing preprocessing;
};

// `validation` is the share of the training recordings of each speaker that is held back.
VowelData vowel_data(std::uint64_t seed, double validation);

// What to train with; `epochs` 0 for the usual number.
train::TrainerOptions vowel_training(std::uint64_t epochs, std::size_t threads);

}  // namespace elegans::cli
