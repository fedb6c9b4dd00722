#pragma once
// Recordings as they grow row by row out of a CSV file, and their targets.

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/timespans.hpp"
#include "train/step_reader.hpp"

namespace elegans::train {

// Numbers of classes in order of appearance.
class ClassNumbers {
 public:
  std::int32_t of(std::string_view name) {
    const auto [found, is_new] = numbers_.try_emplace(std::string(name), static_cast<std::int32_t>(names_.size()));
    if (is_new) names_.push_back(found->first);
    return found->second;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, std::int32_t> numbers_;
  std::vector<std::string> names_;
};

// Collects the targets of each step in the recording it belongs to.
class TargetReader {
 public:
  TargetReader(const StepReader& steps, const Roles& roles)
      : steps_(steps), kind_(roles.target_kind), at_(roles.target_at) {
    if (kind_ == TargetKind::classes) check_single();
  }

  void read(Recording& recording) {
    if (steps_.target_count() == 0) return;
    if (kind_ == TargetKind::detect) detect();
    if (kind_ == TargetKind::classes) {
      read_class(recording);
    } else {
      read_numbers(recording);
    }
  }

  // The names of the classes, sorted; the labels of `recordings` become indices of them.
  std::vector<std::string> sort_classes(std::vector<Recording>& recordings) const {
    std::vector<std::string> sorted = sorted_classes(classes_.names());
    std::unordered_map<std::string_view, std::int32_t> place;
    for (std::size_t c = 0; c < sorted.size(); ++c) place.emplace(sorted[c], static_cast<std::int32_t>(c));
    for (Recording& recording : recordings)
      for (std::int32_t& label : recording.labels) label = place.at(classes_.names()[static_cast<std::size_t>(label)]);
    return sorted;
  }

 private:
  void check_single() const {
    if (steps_.target_count() <= 1) return;
    throw ConfigError(Complaint{steps_.row().source(), "the number of target columns",
                                fmt::format("{}", steps_.target_count()), "one column of class names",
                                "Train a model for each, or take the targets as numbers."});
  }

  void detect() {
    const std::size_t column = steps_.target_column(0);
    steps_.require(column, "a target");
    kind_ = parse_number(steps_.row().field(column)) ? TargetKind::numbers : TargetKind::classes;
    if (kind_ == TargetKind::classes) check_single();
  }

  void refuse_change(std::size_t column, const Recording& recording, const std::string& first) const {
    throw FormatError(
        Complaint{steps_.row().place(), steps_.name_of(column), quote(steps_.row().field(column)),
                  fmt::format("{}, as in line {} of the same recording", quote(first), recording.lines[0]),
                  "A recording has one target here: name the group column that separates recordings, or take "
                  "a target at every step."});
  }

  void read_class(Recording& recording) {
    const std::size_t column = steps_.target_column(0);
    steps_.require(column, "the name of a class");
    const std::int32_t label = classes_.of(steps_.row().field(column));
    if (at_ == TargetAt::whole_recording && !recording.labels.empty()) {
      if (label != recording.labels[0])
        refuse_change(column, recording, classes_.names()[static_cast<std::size_t>(recording.labels[0])]);
      return;
    }
    recording.labels.push_back(label);
  }

  void read_numbers(Recording& recording) {
    const bool is_known = at_ == TargetAt::whole_recording && !recording.targets.empty();
    for (std::size_t k = 0; k < steps_.target_count(); ++k) {
      const std::size_t column = steps_.target_column(k);
      const double value = steps_.number(column);
      if (!is_known) {
        recording.targets.push_back(value);
      } else if (value != recording.targets[k]) {
        refuse_change(column, recording, fmt::format("{}", recording.targets[k]));
      }
    }
  }

  const StepReader& steps_;
  TargetKind kind_;
  TargetAt at_;
  ClassNumbers classes_;
};

// Recordings as they grow row by row.
class Growing {
 public:
  explicit Growing(std::string source) : source_(std::move(source)) {}

  // The number of the recording of this name, which may be new.
  std::size_t find(std::string_view name) {
    const auto [found, is_new] = index_.try_emplace(std::string(name), recordings.size());
    if (is_new) {
      // Without groups the recording is called as its file.
      recordings.emplace_back().name =
          name.empty() ? std::filesystem::path(source_).filename().string() : std::string(name);
      recordings.back().source = source_;
      memories_.emplace_back();
      gaps_.emplace_back();
    }
    return found->second;
  }

  // Reads the row as the next step of recording r, its targets left out.
  void add(std::size_t r, StepReader& steps) {
    steps.read(memories_[r]);
    steps.remember(memories_[r]);
    Recording& recording = recordings[r];
    recording.features.insert(recording.features.end(), steps.features().begin(), steps.features().end());
    if (steps.has_time()) recording.time.push_back(steps.time());
    if (steps.gap()) gaps_[r].push_back(*steps.gap());
    recording.lines.push_back(steps.row().line());
  }

  void set_timespans(const Roles& roles) {
    std::vector<double> all;
    for (const auto& gaps : gaps_) all.insert(all.end(), gaps.begin(), gaps.end());
    const double otherwise = all.empty() ? 1 : median(all);
    for (std::size_t r = 0; r < recordings.size(); ++r)
      recordings[r].dt = timespans(gaps_[r], roles.time.empty() ? 1 : roles.first_dt, otherwise);
  }

  std::vector<Recording> recordings;

 private:
  std::string source_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<StepMemory> memories_;
  std::vector<std::vector<double>> gaps_;
};

}  // namespace elegans::train
