// Occupancy Detection: is somebody in the office? By the protocol of the LTC paper: standardised by the training file,
// windows of 16 steps, one apart for training and 8 for testing, a tenth of the training windows for validation, a
// label at every step, 32 neurons.

#include <filesystem>

#include "cli/experiment.hpp"
#include "cli/training_data.hpp"
#include "elegans/base/error.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/timespans.hpp"
#include "elegans/train/trainer.hpp"
#include "elegans/train/windows.hpp"

namespace elegans::cli {
namespace {

train::Dataset read(const std::string& folder, const char* name) {
  const std::filesystem::path file = std::filesystem::path(folder) / name;
  if (folder.empty() || !std::filesystem::exists(file))
    throw ConfigError({"results occupancy", "--data", folder.empty() ? "not given" : folder,
                       "the folder with datatraining.txt, datatest.txt and datatest2.txt",
                       "They are those of UCI Occupancy Detection (Candanedo, 2016)."});
  return train::read_csv(file, {.time = "date",
                                .targets = {"Occupancy"},
                                .features = {"Temperature", "Humidity", "Light", "CO2", "HumidityRatio"},
                                .target_kind = train::TargetKind::classes});
}

train::Dataset cut(train::Dataset data, std::size_t stride) {
  return train::windows(std::move(data), {.length = 16, .stride = stride, .remainder = train::Remainder::drop});
}

train::Evaluation run(const ExperimentRun& run) {
  train::Dataset training = read(run.data, "datatraining.txt");
  // The two test files, one after the other: their recordings stay apart.
  train::Dataset test = read(run.data, "datatest.txt"), second = read(run.data, "datatest2.txt");
  for (train::Dataset* part : {&test, &second}) train::relabel(*part, training.schema.classes);
  test.recordings.push_back(std::move(second.recordings.at(0)));
  test = train::make_dataset(test.schema, std::move(test.recordings));

  const train::Standardisation features = train::standardise_features(training);
  const double unit = train::time_unit(training);
  for (train::Dataset* part : {&training, &test}) {
    train::apply_to_features(features, *part);
    train::divide_timespans(*part, unit);
  }
  const train::Parts parts =
      train::split_at_random(cut(std::move(training), 1), {.fractions = {.validation = 0.1}, .seed = run.seed});
  test = cut(std::move(test), 8);

  Sequential network({.name = "occupancy", .seed = run.seed});
  network.add(nn::LTC(wiring::AutoNCP({.units = 32, .output_size = 2})));
  train::TrainerOptions options{.optimizer = train::Adam{.learning_rate = 0.01},
                                .schedule = train::CosineDecay{},
                                .batch_size = 64,
                                .epochs = 5,
                                .clip_norm = 1.0,
                                .threads = run.threads,
                                .callbacks = {train::early_stopping({.patience = 0})}};
  options.callbacks.insert(options.callbacks.end(), run.callbacks.begin(), run.callbacks.end());
  train::Trainer trainer(network, std::move(options));
  trainer.fit(parts.train, parts.validation);
  return trainer.evaluate(test);
}

}  // namespace

Experiment occupancy_experiment() {
  return {.name = "occupancy",
          .protocol = "windows of 16 steps (1 apart, 8 for testing), a label at every step, both test files",
          .network = "LTC over AutoNCP(32, 2)",
          .built_in = false,
          .run = run,
          .published = {{"LTC, 32 neurons", "94.63 ± 0.17 %", "Hasani et al., AAAI 2021"},
                        {"LSTM, 32 neurons", "93.18 %", "Hasani et al., AAAI 2021"}}};
}

}  // namespace elegans::cli
