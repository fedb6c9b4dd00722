#include "cli/experiment.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/timespans.hpp"

namespace elegans::cli {

std::vector<Experiment> experiments() {
  return {japanese_vowels_experiment(), basic_motions_experiment(), occupancy_experiment(), ozone_experiment(),
          cheetah_experiment(),         timespans_experiment(),     event_xor_experiment()};
}

void require_files(const Experiment& experiment, const std::string& data) {
  const std::string operation = fmt::format("results {}", experiment.name);
  if (experiment.files.empty()) {
    if (data.empty()) return;
    throw ConfigError({"results", "--data", "given", "nothing, for the recordings are built in", ""});
  }
  const std::string required = fmt::format("the folder with {}", experiment.files.front());
  const std::string origin = fmt::format("It is from {}.", experiment.source);
  if (data.empty()) throw ConfigError({operation, "--data", "not given", required, origin});
  std::error_code error;
  const std::filesystem::directory_iterator folder(data, error);
  if (error)
    throw FileError({operation, fmt::format("the folder {} cannot be opened ({})", quote(data, 400), error.message()),
                     "", required, "Check the name and permissions of --data. " + origin});
  for (const std::string& name : experiment.files)
    if (!std::filesystem::exists(std::filesystem::path(data) / name, error))
      throw FileError(
          {operation, fmt::format("the folder {}", quote(data, 400)), "without " + name, "it there", origin});
}

std::string recording_file(const ExperimentRun& run, const std::string& name) {
  return (std::filesystem::path(run.data) / name).string();
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
