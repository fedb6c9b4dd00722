#pragma once
// Experiments of the literature, each repeated by one command: elegans results NAME.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/model/sequential.hpp"
#include "elegans/train/builtin.hpp"
#include "elegans/train/callback.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::cli {

struct ExperimentRun {
  std::uint64_t seed = 1;
  std::size_t threads = 0;
  std::string data;                                // a folder, for those whose recordings are not built in
  std::vector<train::CallbackPtr> callbacks = {};  // beside the experiment's own: progress
};

// What is compared: one network on one form of the data.
struct Variant {
  std::string_view network;
  double (*run)(const ExperimentRun& run);  // the figure of the test part
};

struct Experiment {
  std::string_view name;
  std::string_view protocol;  // data, split, windows
  std::string_view figure;    // "accuracy", "F1", "mean squared error"
  nn::Better better = nn::Better::higher;
  bool percent = true;  // whether the figure is printed as one
  std::vector<Variant> variants;
  std::vector<std::string> files = {};  // of the folder of --data; none where recordings are built in, or drawn
  std::string_view source = {};         // of the files
  std::vector<train::PublishedFigure> published = {};
};

Experiment japanese_vowels_experiment();
Experiment basic_motions_experiment();
Experiment occupancy_experiment();
Experiment ozone_experiment();
Experiment cheetah_experiment();
// The half-cheetah with half of its frames dropped, with Δt and without.
Experiment timespans_experiment();
Experiment event_xor_experiment();

// All of them.
std::vector<Experiment> experiments();

// That the folder of --data holds the files of the experiment. ConfigError where it is not named, or named in vain;
// FileError where it cannot be opened, or a file is not in it.
void require_files(const Experiment& experiment, const std::string& data);

// The path of a recording in the folder of --data.
std::string recording_file(const ExperimentRun& run, const std::string& name);

// Standardises features by the training part, divides Δt by its time unit: a part each.
void standardise(train::Dataset& training, std::initializer_list<train::Dataset*> others);

// A figure of `network` on the test part, trained by these options and those of the run.
double trained(Sequential& network, train::TrainerOptions options, const ExperimentRun& run,
               const train::Dataset& training, const train::Dataset* validation, const train::Dataset& test,
               std::string_view metric);

}  // namespace elegans::cli
