#include <fmt/format.h>

#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/train/events.hpp"

namespace elegans::train {
namespace {

// Steps that stay, and where their values stand: at `at`, or the run's first step for EventAt::end.
struct Event {
  std::size_t step;
  std::size_t value;
};

std::vector<Event> events_of(const Recording& recording, std::size_t width, const EventOptions& options) {
  const auto differs = [&](std::size_t a, std::size_t b) {
    for (std::size_t f = 0; f < width; ++f)
      if (std::abs(recording.features[a * width + f] - recording.features[b * width + f]) > options.threshold)
        return true;
    return false;
  };
  const std::size_t steps = recording.steps();
  std::vector<Event> events;
  std::size_t run = 0;  // where the present value began
  for (std::size_t t = 0; t < steps; ++t) {
    const bool changes = t > 0 && differs(t, run);
    if (options.at == EventAt::end && changes) events.push_back({t - 1, run});
    if (changes) run = t;
    if (options.at == EventAt::change && (changes || t == 0)) events.push_back({t, t});
  }
  if (options.at == EventAt::end) events.push_back({steps - 1, run});
  if (options.at == EventAt::change && events.back().step != steps - 1) events.push_back({steps - 1, steps - 1});
  return events;
}

Recording encode(const Recording& from, const Schema& schema, const EventOptions& options) {
  const std::size_t width = schema.features.size(), targets = schema.targets.size();
  const bool whole = schema.target_at == TargetAt::whole_recording;
  Recording made{.name = from.name, .source = from.source};
  if (whole) {
    made.targets = from.targets;
    made.weights = from.weights;
    made.labels = from.labels;
  }
  const auto copy_row = [](const std::vector<double>& rows, std::size_t row, std::size_t count,
                           std::vector<double>& to) {
    if (rows.empty()) return;
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(row * count);
    to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(count));
  };
  std::size_t next = 0;  // the first step whose Δt is not counted yet
  for (const auto& [step, value] : events_of(from, width, options)) {
    copy_row(from.features, value, width, made.features);
    double passed = 0;
    for (; next <= step; ++next) passed += from.dt[next];
    made.dt.push_back(passed);
    copy_row(from.time, step, 1, made.time);
    if (!from.lines.empty()) made.lines.push_back(from.lines[step]);
    if (whole) continue;
    copy_row(from.targets, step, targets, made.targets);
    copy_row(from.weights, step, 1, made.weights);
    if (!from.labels.empty()) made.labels.push_back(from.labels[step]);
  }
  return made;
}

}  // namespace

Dataset encode_events(const Dataset& data, const EventOptions& options) {
  const char* operation = "encode_events";
  if (!(std::isfinite(options.threshold) && options.threshold >= 0))
    throw ConfigError(
        Complaint{operation, "threshold", fmt::format("{}", options.threshold), "a finite number, 0 or more", ""});
  if (!is_whole(data))
    throw ConfigError(Complaint{operation, "the data set", "cut into windows or selected from one", "whole recordings",
                                "Cut windows afterwards."});
  if (!data.schema.sporadic.empty())
    throw ConfigError(Complaint{operation, "the data set", "with values that may be missing", "numbers for every step",
                                "Fill them, or encode what missing_as_inputs() makes."});
  std::vector<Recording> recordings;
  for (const Recording& recording : data.recordings) recordings.push_back(encode(recording, data.schema, options));
  return make_dataset(data.schema, std::move(recordings), operation);
}

}  // namespace elegans::train
