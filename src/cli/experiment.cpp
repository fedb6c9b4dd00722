#include "cli/experiment.hpp"

#include <filesystem>

#include "elegans/base/error.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/timespans.hpp"

namespace elegans::cli {

std::vector<Experiment> experiments() {
  return {japanese_vowels_experiment(), basic_motions_experiment(), occupancy_experiment(), ozone_experiment(),
          cheetah_experiment(),         timespans_experiment(),     event_xor_experiment()};
}

std::string recording_file(const ExperimentRun& run, const char* experiment, const char* name, const char* source) {
  const std::filesystem::path file = std::filesystem::path(run.data) / name;
  if (run.data.empty() || !std::filesystem::exists(file))
    throw ConfigError({std::string("results ") + experiment, "--data", run.data.empty() ? "not given" : run.data,
                       std::string("the folder with ") + name, std::string("It is from ") + source + "."});
  return file.string();
}

void standardise(train::Dataset& training, std::initializer_list<train::Dataset*> others) {
  const train::Standardisation features = train::standardise_features(training);
  const double unit = train::time_unit(training);
  std::vector<train::Dataset*> parts{&training};
  parts.insert(parts.end(), others);
  for (train::Dataset* part : parts) {
    train::apply_to_features(features, *part);
    train::divide_timespans(*part, unit);
  }
}

double trained(Sequential& network, train::TrainerOptions options, const ExperimentRun& run,
               const train::Dataset& training, const train::Dataset* validation, const train::Dataset& test,
               std::string_view metric) {
  options.threads = run.threads;
  options.callbacks.insert(options.callbacks.end(), run.callbacks.begin(), run.callbacks.end());
  train::Trainer trainer(network, std::move(options));
  if (validation != nullptr)
    trainer.fit(training, *validation);
  else
    trainer.fit(training);
  return trainer.evaluate(test).metric(metric);
}

}  // namespace elegans::cli
