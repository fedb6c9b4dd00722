#include "elegans/train/read_arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/timespans.hpp"
#include "train/array_columns.hpp"

namespace elegans::train {
namespace {

bool are_classes(const ArrayColumn& target, TargetKind kind) {
  if (kind != TargetKind::detect) return kind == TargetKind::classes;
  return target.array->holds_text() || target.array->holds_integers();
}

// Builds recordings from one set of arrays after the other.
class Recordings {
 public:
  explicit Recordings(const Roles& roles) : roles_(roles) {}

  void add(const ArrayColumns& columns, const std::string& source, const std::string& name) {
    Schema schema = schema_of(columns, source);
    if (recordings_.empty()) {
      schema_ = std::move(schema);
    } else if (schema.features != schema_.features || schema.targets != schema_.targets) {
      throw FormatError(Complaint{
          source, "its columns",
          fmt::format("{} features and {} targets", schema.features.size(), schema.targets.size()),
          fmt::format("{} and {}, as in {}", schema_.features.size(), schema_.targets.size(), recordings_[0].source),
          "All files of a folder have the same columns."});
    }
    for (std::size_t n = 0; n < columns.recordings(); ++n) {
      Recording& recording = recordings_.emplace_back();
      recording.name = columns.is_single() ? name : fmt::format("{}", n);
      recording.source = source;
      read_features(columns, n, recording);
      read_targets(columns, n, recording);
      read_time(columns, n, recording);
    }
  }

  Dataset finish() {
    std::vector<double> all;
    for (const auto& gaps : gaps_) all.insert(all.end(), gaps.begin(), gaps.end());
    const double otherwise = all.empty() ? 1 : median(all);
    for (std::size_t r = 0; r < recordings_.size(); ++r)
      if (recordings_[r].dt.empty()) recordings_[r].dt = timespans(gaps_[r], roles_.first_dt, otherwise);
    sort_classes();
    return treat_missing({std::move(schema_), std::move(recordings_), {}}, roles_.missing, roles_.sporadic);
  }

 private:
  Schema schema_of(const ArrayColumns& columns, const std::string& source) {
    Schema schema{.target_at = roles_.target_at};
    for (const ArrayColumn& column : columns.features()) schema.features.push_back(column.name);
    for (const ArrayColumn& column : columns.targets()) schema.targets.push_back(column.name);
    if (columns.targets().empty()) return schema;
    const ArrayColumn& first = columns.targets()[0];
    if (first.whole) schema.target_at = TargetAt::whole_recording;
    if (!first.whole && roles_.target_at == TargetAt::whole_recording)
      throw ConfigError(Complaint{source, "the target", "one of every step", "one of each recording",
                                  "Save y of shape [N] or [N, K]."});
    classifies_ = are_classes(first, roles_.target_kind);
    if (classifies_ && columns.targets().size() > 1)
      throw ConfigError(Complaint{source, "the number of target columns", fmt::format("{}", columns.targets().size()),
                                  "one column of class names",
                                  "Train a model for each, or take the targets as numbers."});
    for (const ArrayColumn& target : columns.targets())
      if (!classifies_ && target.array->holds_text())
        throw FormatError(Complaint{source, fmt::format("the target {}", quote(target.name)), "text", "numbers", ""});
    return schema;
  }

  static void read_features(const ArrayColumns& columns, std::size_t n, Recording& recording) {
    const std::size_t steps = columns.steps(n);
    recording.features.reserve(steps * columns.features().size());
    for (std::size_t t = 0; t < steps; ++t)
      for (const ArrayColumn& column : columns.features()) recording.features.push_back(columns.number(column, n, t));
  }

  void read_targets(const ArrayColumns& columns, std::size_t n, Recording& recording) {
    if (columns.targets().empty()) return;
    const std::size_t rows = columns.targets()[0].whole ? 1 : columns.steps(n);
    for (std::size_t t = 0; t < rows; ++t) {
      if (columns.weights()) recording.weights.push_back(columns.number(*columns.weights(), n, t));
      for (const ArrayColumn& target : columns.targets()) {
        if (classifies_) {
          recording.labels.push_back(label_of(columns.text(target, n, t)));
        } else {
          recording.targets.push_back(columns.number(target, n, t));
        }
      }
    }
  }

  std::int32_t label_of(const std::string& name) {
    const auto [found, is_new] = labels_.try_emplace(name, static_cast<std::int32_t>(schema_.classes.size()));
    if (is_new) schema_.classes.push_back(name);
    return found->second;
  }

  void read_time(const ArrayColumns& columns, std::size_t n, Recording& recording) {
    const std::size_t steps = columns.steps(n);
    std::vector<double>& gaps = gaps_.emplace_back();
    if (columns.dt()) {
      for (std::size_t t = 0; t < steps; ++t) {
        recording.dt.push_back(columns.number(*columns.dt(), n, t));
        if (!(std::isfinite(recording.dt[t]) && recording.dt[t] >= 0))
          throw FormatError(Complaint{fmt::format("{}, array 'dt'", recording.source),
                                      fmt::format("Δt of recording {}, step {}", quote(recording.name), t),
                                      fmt::format("{}", recording.dt[t]), "a finite number of seconds, 0 or more",
                                      "dt holds durations; time stamps are the array t."});
      }
    } else if (!columns.time()) {
      recording.dt.assign(steps, 1);
    } else {
      for (std::size_t t = 0; t < steps; ++t) {
        recording.time.push_back(columns.number(*columns.time(), n, t));
        const double gap = t == 0 ? 0 : recording.time[t] - recording.time[t - 1];
        if (!(std::isfinite(recording.time[t]) && std::isfinite(gap) && gap >= 0))
          throw FormatError(
              Complaint{recording.source, fmt::format("the time of recording {}, step {}", quote(recording.name), t),
                        fmt::format("{}", recording.time[t]),
                        t == 0 ? "a finite number of seconds"
                               : fmt::format("a finite number of seconds, {} or more, as the step before has",
                                             recording.time[t - 1]),
                        "Sort the steps by time."});
        if (t > 0) gaps.push_back(gap);
      }
    }
  }

  void sort_classes() {
    if (!classifies_) return;
    const std::vector<std::string> names = std::move(schema_.classes);
    schema_.classes = sorted_classes(names);
    std::unordered_map<std::string, std::int32_t> place;
    for (std::size_t c = 0; c < names.size(); ++c) place.emplace(schema_.classes[c], static_cast<std::int32_t>(c));
    for (Recording& recording : recordings_)
      for (std::int32_t& label : recording.labels) label = place.at(names[static_cast<std::size_t>(label)]);
  }

  const Roles& roles_;
  Schema schema_;
  bool classifies_ = false;
  std::unordered_map<std::string, std::int32_t> labels_;
  std::vector<Recording> recordings_;
  std::vector<std::vector<double>> gaps_;
};

void add_file(const std::filesystem::path& file, const Roles& roles, Recordings& recordings) {
  std::vector<NamedArray> arrays;
  if (file.extension() == ".npz") {
    arrays = read_npz(file);
  } else {
    arrays.push_back({"x", read_npy(file)});
  }
  recordings.add(ArrayColumns(arrays, file.string(), roles), file.string(), file.filename().string());
}

std::vector<std::filesystem::path> arrays_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".npy") files.push_back(entry->path());
  if (error)
    throw FileError(
        Complaint{"", fmt::format("the folder {} cannot be read ({})", quote(folder.string(), 400), error.message()),
                  "", "a folder of .npy files", "Check its permissions."});
  if (files.empty())
    throw FileError(Complaint{"", fmt::format("the folder {}", quote(folder.string(), 400)), "without .npy files",
                              "one or more, each a recording", ""});
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Dataset read_arrays(const std::filesystem::path& path, const Roles& roles) {
  Recordings recordings(roles);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    for (const auto& file : arrays_in(path)) add_file(file, roles, recordings);
  } else {
    add_file(path, roles, recordings);
  }
  return recordings.finish();
}

Dataset to_dataset(std::span<const NamedArray> arrays, const std::string& source, const Roles& roles) {
  Recordings recordings(roles);
  recordings.add(ArrayColumns(arrays, source, roles), source, std::filesystem::path(source).filename().string());
  return recordings.finish();
}

}  // namespace elegans::train
