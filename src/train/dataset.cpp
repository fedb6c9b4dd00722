#include "elegans/train/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {
namespace {

std::span<const double> rows(const std::vector<double>& values, std::size_t width, std::size_t first,
                             std::size_t count) {
  return std::span(values).subspan(first * width, count * width);
}

// The rows of targets that a sequence is trained on.
struct Rows {
  std::size_t first, count;
};
Rows target_rows(TargetAt target_at, const Sequence& s) {
  if (target_at == TargetAt::every_step) return {s.first, s.steps};
  if (target_at == TargetAt::last_step) return {s.first + s.steps - 1, 1};
  return {0, 1};
}

void check_size(const char* operation, const Recording& recording, const char* what, std::size_t actual,
                std::size_t required, const char* shape) {
  if (actual == required) return;
  throw FormatError(Complaint{operation, fmt::format("{} of recording {}", what, quote(recording.name)),
                              fmt::format("{} values long", actual), fmt::format("{} ({})", required, shape), ""});
}

void check_recording(const char* operation, const Schema& schema, const Recording& recording) {
  const std::size_t steps = recording.steps();
  if (steps == 0)
    throw FormatError(Complaint{operation, fmt::format("recording {}", quote(recording.name)), "empty",
                                "at least one step", "Leave it out."});
  const std::size_t target_steps = schema.target_at == TargetAt::whole_recording ? 1 : steps;
  const std::size_t target_count = schema.classifies() ? 0 : schema.targets.size();
  check_size(operation, recording, "features", recording.features.size(), steps * schema.features.size(),
             "steps × features");
  check_size(operation, recording, "targets", recording.targets.size(), target_steps * target_count, "rows × targets");
  check_size(operation, recording, "labels", recording.labels.size(), schema.classifies() ? target_steps : 0,
             schema.classifies() ? "one a row of targets" : "none without classes");
  if (!recording.weights.empty())
    check_size(operation, recording, "weights", recording.weights.size(), target_steps, "one a row of targets");
  if (!recording.time.empty()) check_size(operation, recording, "time", recording.time.size(), steps, "one a step");
  if (!recording.lines.empty()) check_size(operation, recording, "lines", recording.lines.size(), steps, "one a step");
}

// `may_lack` says of each column whether it may be NaN; empty: of none.
void check_finite(const char* operation, const Recording& recording, const std::vector<double>& values,
                  const std::vector<std::string>& names, const char* what, const std::vector<bool>& may_lack = {}) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    if (std::isnan(values[i]) && !may_lack.empty() && may_lack[i % names.size()]) continue;
    throw FormatError(Complaint{fmt::format("{}: {}", operation, recording.place(i / names.size())),
                                fmt::format("{} {}", what, quote(names[i % names.size()])),
                                fmt::format("{}", values[i]), "a finite number", ""});
  }
}

void check_weights(const char* operation, const Recording& recording) {
  for (std::size_t i = 0; i < recording.weights.size(); ++i) {
    if (std::isfinite(recording.weights[i]) && recording.weights[i] >= 0) continue;
    throw FormatError(Complaint{fmt::format("{}: {}", operation, recording.place(i)), "the weight of the target",
                                fmt::format("{}", recording.weights[i]), "a finite number, 0 or more",
                                "0 leaves a target out."});
  }
}

void check_timespans(const char* operation, const Recording& recording) {
  for (std::size_t t = 0; t < recording.steps(); ++t) {
    if (std::isfinite(recording.dt[t]) && recording.dt[t] >= 0) continue;
    throw FormatError(Complaint{fmt::format("{}: {}", operation, recording.place(t)), "Δt",
                                fmt::format("{}", recording.dt[t]), "a finite number of seconds, 0 or more",
                                "Sort the steps by time."});
  }
  for (std::size_t t = 0; t < recording.time.size(); ++t) {
    if (std::isfinite(recording.time[t]) && (t == 0 || recording.time[t - 1] <= recording.time[t])) continue;
    throw FormatError(Complaint{fmt::format("{}: {}", operation, recording.place(t)), "the time",
                                fmt::format("{}", recording.time[t]), "a finite number, not before the step before",
                                "Sort the steps by time."});
  }
}

void check_names(const char* operation, const std::vector<std::string>& names, const char* what) {
  std::unordered_set<std::string> seen;
  for (const auto& name : names)
    if (!seen.insert(name).second)
      throw FormatError(Complaint{operation, fmt::format("the {} {} is listed twice", what, quote(name)), "",
                                  "distinct names", "Rename one."});
}

std::vector<bool> sporadic_columns(const char* operation, const Schema& schema) {
  if (schema.sporadic.empty()) return {};
  std::vector<bool> columns(schema.features.size());
  for (const auto& name : schema.sporadic) {
    const auto found = std::find(schema.features.begin(), schema.features.end(), name);
    if (found == schema.features.end())
      throw FormatError(Complaint{operation, fmt::format("the sporadic feature {}", quote(name)), "unknown",
                                  "one of the features", ""});
    columns[static_cast<std::size_t>(found - schema.features.begin())] = true;
  }
  return columns;
}

void check_sequences(const char* operation, const Dataset& data) {
  for (std::size_t s = 0; s < data.sequences.size(); ++s) {
    const auto& [recording, first, steps] = data.sequences[s];
    const bool fits = recording < data.recordings.size() && steps > 0 && first < data.recordings[recording].steps() &&
                      steps <= data.recordings[recording].steps() - first;
    if (!fits)
      throw FormatError(Complaint{operation, fmt::format("sequence {}", s),
                                  fmt::format("steps {} … {} of recording {}", first, first + steps, recording),
                                  "one or more steps within a recording", ""});
  }
}

void check_labels(const char* operation, const Dataset& data) {
  if (!data.schema.classifies()) return;
  for (std::size_t s = 0; s < data.size(); ++s) {
    const auto labels = data.labels(s);
    for (std::size_t t = 0; t < labels.size(); ++t) {
      if (labels[t] >= 0 && static_cast<std::size_t>(labels[t]) < data.schema.classes.size()) continue;
      const Sequence& sequence = data.sequences[s];
      const Rows at = target_rows(data.schema.target_at, sequence);
      throw FormatError(Complaint{
          fmt::format("{}: {}", operation, data.recordings[sequence.recording].place(at.first + t)), "the label",
          fmt::format("{}", labels[t]), fmt::format("0 … {}", data.schema.classes.size() - 1), ""});
    }
  }
}

}  // namespace

std::string Recording::place(std::size_t step) const {
  if (step < lines.size()) return fmt::format("{}, line {}", source, lines[step]);
  return fmt::format("{}{}recording {}, step {}", source, source.empty() ? "" : ", ", quote(name), step);
}

std::size_t Dataset::longest() const {
  std::size_t longest = 0;
  for (const Sequence& sequence : sequences) longest = std::max(longest, sequence.steps);
  return longest;
}

std::span<const double> Dataset::features(std::size_t sequence) const {
  const Sequence& s = sequences[sequence];
  return rows(recordings[s.recording].features, schema.features.size(), s.first, s.steps);
}

std::span<const double> Dataset::dt(std::size_t sequence) const {
  const Sequence& s = sequences[sequence];
  return rows(recordings[s.recording].dt, 1, s.first, s.steps);
}

std::span<const double> Dataset::targets(std::size_t sequence) const {
  if (schema.classifies()) return {};
  const Sequence& s = sequences[sequence];
  const Rows at = target_rows(schema.target_at, s);
  return rows(recordings[s.recording].targets, schema.targets.size(), at.first, at.count);
}

std::span<const std::int32_t> Dataset::labels(std::size_t sequence) const {
  if (!schema.classifies()) return {};
  const Sequence& s = sequences[sequence];
  const Rows at = target_rows(schema.target_at, s);
  return std::span(recordings[s.recording].labels).subspan(at.first, at.count);
}

std::span<const double> Dataset::weights(std::size_t sequence) const {
  const Sequence& s = sequences[sequence];
  const std::vector<double>& all = recordings[s.recording].weights;
  if (all.empty()) return {};
  const Rows at = target_rows(schema.target_at, s);
  return std::span(all).subspan(at.first, at.count);
}

Dataset make_dataset(Schema schema, std::vector<Recording> recordings, const char* operation) {
  Dataset data{std::move(schema), std::move(recordings), {}};
  for (std::size_t r = 0; r < data.recordings.size(); ++r) data.sequences.push_back({r, 0, data.recordings[r].steps()});
  validate(data, operation);
  return data;
}

void validate(const Dataset& data, const char* operation) {
  if (data.schema.features.empty())
    throw FormatError(Complaint{operation, "the data set has no features", "", "at least one", ""});
  check_names(operation, data.schema.features, "feature");
  check_names(operation, data.schema.classes, "class");
  check_names(operation, data.schema.sporadic, "sporadic feature");
  const std::vector<bool> sporadic = sporadic_columns(operation, data.schema);
  for (const Recording& recording : data.recordings) {
    check_recording(operation, data.schema, recording);
    check_finite(operation, recording, recording.features, data.schema.features, "feature", sporadic);
    check_finite(operation, recording, recording.targets, data.schema.targets, "target");
    check_weights(operation, recording);
    check_timespans(operation, recording);
  }
  check_sequences(operation, data);
  check_labels(operation, data);
}

bool is_whole(const Dataset& data) {
  if (data.sequences.size() != data.recordings.size()) return false;
  for (std::size_t s = 0; s < data.sequences.size(); ++s) {
    const auto& [recording, first, steps] = data.sequences[s];
    if (recording != s || first != 0 || steps != data.recordings[s].steps()) return false;
  }
  return true;
}

Dataset select(const Dataset& data, std::span<const std::size_t> sequences) {
  constexpr std::size_t unused = static_cast<std::size_t>(-1);
  std::vector<std::size_t> place(data.recordings.size(), unused);
  for (const std::size_t s : sequences) {
    if (s >= data.size())
      throw ConfigError(Complaint{"select", fmt::format("sequence {}", s), "not there",
                                  fmt::format("less than {}, the number of sequences", data.size()), ""});
    place[data.sequences[s].recording] = 0;
  }
  Dataset selected{data.schema, {}, {}};
  for (std::size_t r = 0; r < place.size(); ++r) {
    if (place[r] == unused) continue;
    place[r] = selected.recordings.size();
    selected.recordings.push_back(data.recordings[r]);
  }
  for (const std::size_t s : sequences) {
    selected.sequences.push_back(data.sequences[s]);
    selected.sequences.back().recording = place[data.sequences[s].recording];
  }
  return selected;
}

Dataset repeat_targets(Dataset data) {
  if (data.schema.target_at != TargetAt::whole_recording)
    throw ConfigError(
        Complaint{"repeat_targets", "the targets", "given for every step already", "one for each whole recording", ""});
  const auto repeat = [](auto& values, std::size_t times) {
    const std::size_t width = values.size();
    values.reserve(width * times);
    for (std::size_t i = width; i < width * times; ++i) values.push_back(values[i - width]);
  };
  for (Recording& recording : data.recordings) {
    repeat(recording.targets, recording.steps());
    repeat(recording.labels, recording.steps());
    repeat(recording.weights, recording.steps());
  }
  data.schema.target_at = TargetAt::every_step;
  return data;
}

std::vector<std::vector<bool>> covered_steps(const Dataset& data) {
  std::vector<std::vector<bool>> covered;
  for (const Recording& recording : data.recordings) covered.emplace_back(recording.steps(), false);
  for (const Sequence& s : data.sequences)
    std::fill_n(covered[s.recording].begin() + static_cast<std::ptrdiff_t>(s.first), s.steps, true);
  return covered;
}

}  // namespace elegans::train
