#pragma once
// Experiments of the literature, each repeated by one command: elegans results NAME.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/model/sequential.hpp"
#include "elegans/train/builtin.hpp"
#include "elegans/train/callback.hpp"
#include "elegans/train/history.hpp"

namespace elegans::cli {

struct ExperimentRun {
  std::uint64_t seed = 1;
  std::size_t threads = 0;
  std::string data;                                // a folder, for those whose recordings are not built in
  std::vector<train::CallbackPtr> callbacks = {};  // beside the experiment's own: progress
};

struct Experiment {
  std::string_view name;
  std::string_view protocol;  // data, split, windows
  std::string_view network;
  bool built_in = true;                                // whether the recordings are
  train::Evaluation (*run)(const ExperimentRun& run);  // figures of the test part
  std::vector<train::PublishedFigure> published;
};

// Japanese Vowels: the given split, a fully connected CfC.
Experiment japanese_vowels_experiment();
// Occupancy Detection: windows of 16 steps, labels at every step, an LTC over a circuit of 32 neurons.
Experiment occupancy_experiment();

// All of them.
std::vector<Experiment> experiments();

}  // namespace elegans::cli
