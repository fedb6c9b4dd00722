// Ozone: will the eight-hour ozone level be above the limit today? One row a day, 72 measurements of which many are
// missing, 160 of 2534 days positive. By the protocol of the LTC paper: windows of 32 days, 4 apart, 10 % of them drawn
// for validation and 15 % for testing, a class-weighted loss, a label every day. Such windows overlap, so that most
// days of the test part were trained on: the second variant tests on the last days instead, which were not.

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "cli/experiment.hpp"
#include "elegans/base/error.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/windows.hpp"

namespace elegans::cli {
namespace {

// The file with its dates, "1/31/1998", as ISO 8601 has them.
std::istringstream with_iso_dates(const std::string& file) {
  std::ifstream in(file);
  std::string text, line;
  while (std::getline(in, line)) {
    int month = 0, day = 0, year = 0;
    const std::size_t comma = line.find(',');
    if (comma == std::string::npos || std::sscanf(line.c_str(), "%d/%d/%d", &month, &day, &year) != 3)
      throw FormatError({file, "a row", line.substr(0, 20), "a date like 1/31/1998, then measurements", ""});
    text += fmt::format("{:04}-{:02}-{:02}{}\n", year, month, day, line.substr(comma));
  }
  return std::istringstream(text);
}

train::Dataset read(const ExperimentRun& run) {
  const std::string file = recording_file(run, "eighthr.data");
  std::vector<std::string> names{"date"};
  for (int i = 1; i <= 72; ++i) names.push_back(fmt::format("x{}", i));
  names.emplace_back("ozone");
  std::istringstream text = with_iso_dates(file);
  return train::read_csv(text, file,
                         {.time = "date",
                          .targets = {"ozone"},
                          .target_kind = train::TargetKind::classes,
                          .missing = train::Missing::as_inputs},
                         {.names = std::move(names)});
}

train::Dataset cut(train::Dataset data) {
  return train::windows(std::move(data), {.length = 32, .stride = 4, .remainder = train::Remainder::drop});
}

double f1(train::Parts parts, const ExperimentRun& run) {
  Sequential network({.name = "ozone", .seed = run.seed});
  network.add(nn::LTC(32, {.output_mapping = nn::Mapping::none})).add(nn::Dense(2));
  return trained(network,
                 {.loss = {.class_weight = {0.1, 1.6}},
                  .optimizer = train::Adam{.learning_rate = 0.01},
                  .schedule = train::CosineDecay{},
                  .metrics = {nn::Metric::named("f1")},
                  .batch_size = 16,
                  .epochs = 30,
                  .clip_norm = 1.0,
                  .callbacks = {train::early_stopping({.monitor = "val_f1", .patience = 0})}},
                 run, parts.train, &parts.validation, parts.test, "f1");
}

double drawn_windows(const ExperimentRun& run) {
  // Units are those of the days that windows of the training part hold; overlapping windows share days with the others.
  train::Parts parts =
      train::split_at_random(cut(read(run)), {.fractions = {.validation = 0.1, .test = 0.15}, .seed = run.seed});
  standardise(parts.train, {&parts.validation, &parts.test});
  for (train::Dataset* part : {&parts.train, &parts.validation, &parts.test})
    *part = train::missing_as_inputs(std::move(*part));
  return f1(std::move(parts), run);
}

double last_days(const ExperimentRun& run) {
  train::Parts parts = train::split_by_time(read(run), {.fractions = {.validation = 0.1, .test = 0.15}});
  standardise(parts.train, {&parts.validation, &parts.test});
  for (train::Dataset* part : {&parts.train, &parts.validation, &parts.test})
    *part = cut(train::missing_as_inputs(std::move(*part)));
  return f1(std::move(parts), run);
}

}  // namespace

Experiment ozone_experiment() {
  return {.name = "ozone",
          .protocol = "windows of 32 days, 4 apart, a label every day; 15 % of the windows drawn to test on",
          .figure = "F1",
          .percent = false,
          .variants = {{"LTC(32), Dense(2), missing values as inputs", drawn_windows},
                       {"the same, tested on the last 15 % of the days", last_days}},
          .files = {"eighthr.data"},
          .source = "UCI Ozone Level Detection",
          .published = {{"LTC, 32 neurons", "0.302 ± 0.016", "Hasani et al., AAAI 2021"},
                        {"LSTM, 32 neurons", "0.284", "Hasani et al., AAAI 2021"}}};
}

}  // namespace elegans::cli
