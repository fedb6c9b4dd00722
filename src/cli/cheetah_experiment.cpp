// Half-cheetah: 17 observations of a simulated runner, frame by frame; what will the next one be? By the protocol of the
// LTC paper: traces 15 to 24 to train on, 5 to 14 to test on, windows of 32 frames, 10 apart. Its traces 0 to 4, for
// validation, run quite differently, and are left out: the number of epochs is fixed.
//
// And what Δt is worth: half of the frames are dropped at random, and the next one that is left is foreseen, one or many
// frames away. Δt is the time until it; without, every gap looks like the median one.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "cli/experiment.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/forecast.hpp"
#include "elegans/train/read_arrays.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/windows.hpp"

namespace elegans::cli {
namespace {

constexpr std::string_view source = "the data of Hasani et al., \"Liquid time-constant networks\" (cheetah)";

std::string file_of_trace(int number) { return fmt::format("trace_{:04}.npy", number); }

// Of the traces that are trained and tested on.
std::vector<std::string> files() {
  std::vector<std::string> names;
  for (int i = 5; i < 25; ++i) names.push_back(file_of_trace(i));
  return names;
}

// Traces first … last − 1, one recording each.
train::Dataset read(const ExperimentRun& run, int first, int last) {
  train::Dataset all;
  for (int i = first; i < last; ++i) {
    train::Dataset one = train::read_arrays(recording_file(run, file_of_trace(i)));
    all.schema = one.schema;
    all.recordings.push_back(std::move(one.recordings.at(0)));
  }
  return train::make_dataset(all.schema, std::move(all.recordings));
}

// What is left of a recording where each frame but the first is dropped with probability 1/2. Δt of a frame is the time
// until the next, which is foreseen.
train::Recording thinned(const train::Recording& recording, std::size_t width, std::mt19937_64& random) {
  train::Recording kept{.name = recording.name};
  for (std::size_t t = 0; t < recording.steps(); ++t) {
    if (t > 0 && random() % 2 == 0) continue;
    const auto row = recording.features.begin() + static_cast<std::ptrdiff_t>(t * width);
    kept.features.insert(kept.features.end(), row, row + static_cast<std::ptrdiff_t>(width));
    kept.time.push_back(static_cast<double>(t));
  }
  kept.dt.assign(kept.time.size(), 1);
  for (std::size_t t = 0; t + 1 < kept.time.size(); ++t) kept.dt[t] = kept.time[t + 1] - kept.time[t];
  return kept;
}

train::Dataset thinned(const train::Dataset& data, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<train::Recording> recordings;
  for (const train::Recording& one : data.recordings) recordings.push_back(thinned(one, data.feature_count(), random));
  return train::make_dataset(data.schema, std::move(recordings));
}

// The mean squared error on the test part, over all observations in their own units.
double foresee(train::Dataset training, train::Dataset test, const ExperimentRun& run) {
  training = train::forecast(training, {});
  test = train::forecast(test, {});
  // One scale for all targets: errors shall count as they do in the figure.
  train::Standardisation targets = train::standardise_targets(training);
  double squares = 0;
  for (const double std : targets.std) squares += std * std;
  std::fill(targets.std.begin(), targets.std.end(), std::sqrt(squares / static_cast<double>(targets.std.size())));
  for (train::Dataset* part : {&training, &test}) train::apply_to_targets(targets, *part);
  standardise(training, {&test});
  const auto cut = [](train::Dataset data) {
    return train::windows(std::move(data), {.length = 32, .stride = 10, .remainder = train::Remainder::drop});
  };

  Sequential network({.name = "cheetah", .seed = run.seed});
  network.add(nn::CfC(32, {.activation = nn::Activation::silu, .backbone_units = 256})).add(nn::Dense(17));
  const double error = trained(network,
                               {.optimizer = train::Adam{.learning_rate = 0.005},
                                .schedule = train::CosineDecay{.warmup_steps = 40},
                                .batch_size = 32,
                                .epochs = 25,
                                .clip_norm = 1.0,
                                .target_scaling = {targets.mean, targets.std}},
                               run, cut(std::move(training)), nullptr, cut(std::move(test)), "root_mean_squared_error");
  return error * error;
}

double all_frames(const ExperimentRun& run) { return foresee(read(run, 15, 25), read(run, 5, 15), run); }

double with_timespans(const ExperimentRun& run) {
  return foresee(thinned(read(run, 15, 25), 2 * run.seed), thinned(read(run, 5, 15), 2 * run.seed + 1), run);
}

double without_timespans(const ExperimentRun& run) {
  train::Dataset training = thinned(read(run, 15, 25), 2 * run.seed),
                 test = thinned(read(run, 5, 15), 2 * run.seed + 1);
  for (train::Dataset* part : {&training, &test})
    for (train::Recording& recording : part->recordings) recording.dt.assign(recording.steps(), 1);
  return foresee(std::move(training), std::move(test), run);
}

}  // namespace

Experiment cheetah_experiment() {
  return {.name = "cheetah",
          .protocol = "10 traces to train on, 10 to test on, windows of 32 frames, 10 apart; the next frame",
          .figure = "mean squared error",
          .better = nn::Better::lower,
          .percent = false,
          .variants = {{"CfC(32, backbone 256, silu), Dense(17)", all_frames}},
          .files = files(),
          .source = source,
          .published = {{"LTC, 32 neurons", "2.308 ± 0.015", "Hasani et al., AAAI 2021"},
                        {"LSTM, 32 neurons", "2.500", "Hasani et al., AAAI 2021"},
                        {"CT-RNN, 32 neurons", "2.838", "Hasani et al., AAAI 2021"}}};
}

Experiment timespans_experiment() {
  return {.name = "timespans",
          .protocol = "cheetah with half of its frames dropped at random; the next frame that is left",
          .figure = "mean squared error",
          .better = nn::Better::lower,
          .percent = false,
          .variants = {{"CfC(32, backbone 256, silu), Dense(17), with Δt", with_timespans},
                       {"the same without Δt", without_timespans}},
          .files = files(),
          .source = source};
}

}  // namespace elegans::cli
