// Occupancy Detection: is somebody in the office? By the protocol of the LTC paper: standardised by the training file,
// windows of 16 steps, one apart for training and 8 for testing, a tenth of the training windows for validation, a
// label at every step, 32 neurons.

#include "cli/experiment.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/windows.hpp"

namespace elegans::cli {
namespace {

train::Dataset read(const ExperimentRun& run, const char* name) {
  const std::string file = recording_file(run, name);
  return train::read_csv(file, {.time = "date",
                                .targets = {"Occupancy"},
                                .features = {"Temperature", "Humidity", "Light", "CO2", "HumidityRatio"},
                                .target_kind = train::TargetKind::classes});
}

train::Dataset cut(train::Dataset data, std::size_t stride) {
  return train::windows(std::move(data), {.length = 16, .stride = stride, .remainder = train::Remainder::drop});
}

double run(const ExperimentRun& run) {
  train::Dataset training = read(run, "datatraining.txt");
  // The two test files, one after the other: their recordings stay apart.
  train::Dataset test = read(run, "datatest.txt"), second = read(run, "datatest2.txt");
  for (train::Dataset* part : {&test, &second}) train::relabel(*part, training.schema.classes);
  test.recordings.push_back(std::move(second.recordings.at(0)));
  test = train::make_dataset(test.schema, std::move(test.recordings));

  standardise(training, {&test});
  const train::Parts parts =
      train::split_at_random(cut(std::move(training), 1), {.fractions = {.validation = 0.1}, .seed = run.seed});
  test = cut(std::move(test), 8);

  Sequential network({.name = "occupancy", .seed = run.seed});
  network.add(nn::LTC(wiring::AutoNCP({.units = 32, .output_size = 2})));
  return trained(network,
                 {.optimizer = train::Adam{.learning_rate = 0.01},
                  .schedule = train::CosineDecay{},
                  .batch_size = 64,
                  .epochs = 5,
                  .clip_norm = 1.0,
                  .callbacks = {train::early_stopping({.patience = 0})}},
                 run, parts.train, &parts.validation, test, "accuracy");
}

}  // namespace

Experiment occupancy_experiment() {
  return {.name = "occupancy",
          .protocol = "windows of 16 steps (1 apart, 8 for testing), a label at every step, both test files",
          .figure = "accuracy",
          .variants = {{"LTC over AutoNCP(32, 2)", run}},
          .files = {"datatraining.txt", "datatest.txt", "datatest2.txt"},
          .source = "UCI Occupancy Detection (Candanedo, 2016)",
          .published = {{"LTC, 32 neurons", "94.63 ± 0.17 %", "Hasani et al., AAAI 2021"},
                        {"LSTM, 32 neurons", "93.18 %", "Hasani et al., AAAI 2021"}}};
}

}  // namespace elegans::cli
