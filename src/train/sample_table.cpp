#include "train/sample_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/timespans.hpp"

namespace elegans::train {
namespace {

bool is_in(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

SampleTable::SampleTable(Roles roles, std::size_t max_cells)
    : roles_(std::move(roles)), max_cells_(max_cells), target_kind_(roles_.target_kind) {
  check_tolerance("Roles", roles_.tolerance);
  if (target_kind_ == TargetKind::classes && roles_.targets.size() > 1) read_target_kind("");
  // A sensor that may be silent is a feature even where it never speaks.
  for (const std::string& name : roles_.sporadic) channel(name);
}

std::size_t SampleTable::add_file(std::string source) {
  files_.push_back(std::move(source));
  return files_.size() - 1;
}

std::optional<std::size_t> SampleTable::channel(std::string_view name) {
  if (const auto found = by_name_.find(std::string(name)); found != by_name_.end()) return found->second;
  const bool is_target = is_in(roles_.targets, name);
  const bool is_wanted = is_target || roles_.features.empty() || is_in(roles_.features, name);
  if (!is_wanted || is_in(roles_.ignore, name)) return {};
  channels_.push_back({std::string(name), is_target});
  by_name_.emplace(std::string(name), channels_.size() - 1);
  return channels_.size() - 1;
}

std::string SampleTable::place(std::size_t file, std::size_t line) const {
  return fmt::format("{}, {} {}", files_[file], roles_.time.empty() ? "sample" : "line", line);
}

void SampleTable::check_kind(const TimeStamp& time, std::string_view text, std::size_t file, std::size_t line) {
  if (!kind_) {
    kind_ = time.kind;
    first_stamp_place_ = place(file, line);
  }
  if (time.kind == *kind_) return;
  throw FormatError(Complaint{place(file, line), "the time stamp",
                              fmt::format("{}, of another kind than that in {}", quote(text), first_stamp_place_),
                              "seconds throughout, or calendar times, all with a zone or none",
                              "Write all time stamps in one way."});
}

void SampleTable::read_target_kind(std::string_view text) {
  if (target_kind_ == TargetKind::detect) target_kind_ = parse_number(text) ? TargetKind::numbers : TargetKind::classes;
  if (target_kind_ == TargetKind::classes && roles_.targets.size() > 1)
    throw ConfigError(Complaint{"Roles", "the number of targets", fmt::format("{}", roles_.targets.size()),
                                "one channel of class names",
                                "Train a model for each, or take the targets as numbers."});
}

double SampleTable::read(std::string_view text, std::size_t channel, const std::string& place) {
  if (channels_[channel].is_target) {
    read_target_kind(text);
    if (target_kind_ == TargetKind::classes) {
      const auto [found, is_new] = by_class_.try_emplace(std::string(text), classes_.size());
      if (is_new) classes_.push_back(found->first);
      return static_cast<double>(found->second);
    }
  }
  const auto value = parse_number(text);
  if (!value || !std::isfinite(*value))
    throw FormatError(Complaint{place, fmt::format("the value of {}", quote(channels_[channel].name)), quote(text),
                                "a finite number", "Mend the cell; where it stands for no value, leave it empty."});
  return *value;
}

void SampleTable::add(std::string_view recording, const TimeStamp& time, std::string_view stamp_text,
                      std::size_t channel, std::string_view text, std::size_t file, std::size_t line) {
  check_kind(time, stamp_text, file, line);
  if (is_missing(text)) return;
  add(recording, time, channel, read(text, channel, place(file, line)), file, line);
}

void SampleTable::add(std::string_view recording, const TimeStamp& time, std::size_t channel, double value,
                      std::size_t file, std::size_t line) {
  const auto [found, is_new] = by_recording_.try_emplace(std::string(recording), recordings_.size());
  if (is_new) recordings_.push_back({std::string(recording), {}, file});
  recordings_[found->second].samples.push_back({time, channel, value, file, line});
  ++channels_[channel].samples;
}

std::vector<std::size_t> SampleTable::order_of(const std::vector<std::string>& names, const char* role) const {
  std::vector<std::size_t> order;
  std::vector<std::string> known;
  for (const NamedChannel& channel : channels_) known.push_back(channel.name);
  for (const std::string& name : names) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end())
      throw ConfigError(Complaint{files_.empty() ? "merge_channels" : files_[0],
                                  fmt::format("the {} channel {}", role, quote(name)), "not there",
                                  "a channel with samples", suggest(name, known)});
    if (std::find(order.begin(), order.end(), found->second) != order.end() ||
        (role == std::string_view("feature") && channels_[found->second].is_target))
      throw ConfigError(Complaint{files_.empty() ? "merge_channels" : files_[0],
                                  fmt::format("the channel {}", quote(name)), "listed twice", "one role a channel",
                                  "Take it out of one of the two."});
    order.push_back(found->second);
  }
  return order;
}

Dataset SampleTable::finish(const char* operation) {
  const std::string where = files_.empty() ? operation : files_[0];
  const std::vector<std::size_t> targets = order_of(roles_.targets, "target");
  std::vector<std::size_t> features = order_of(roles_.features, "feature");
  for (std::size_t c = 0; c < channels_.size(); ++c)
    if (roles_.features.empty() && !channels_[c].is_target) features.push_back(c);
  if (features.empty())
    throw ConfigError(Complaint{where, "no channel is left for the features", "",
                                "at least one beside targets and the ignored ones", ""});
  if (recordings_.empty())
    throw FormatError(Complaint{where, "there is no sample", "", "at least one row with a value", ""});

  Schema schema{.target_at = roles_.target_at};
  for (const std::size_t c : features) schema.features.push_back(channels_[c].name);
  schema.targets = roles_.targets;
  std::vector<Recording> recordings(recordings_.size());
  for (std::size_t r = 0; r < recordings.size(); ++r) {
    fill(recordings[r], recordings_[r], features, targets);
    recordings_[r].samples = {};
  }
  std::vector<double> all;
  for (const auto& gaps : gaps_) all.insert(all.end(), gaps.begin(), gaps.end());
  const double otherwise = all.empty() ? 1 : median(all);
  for (std::size_t r = 0; r < recordings.size(); ++r)
    recordings[r].dt = timespans(gaps_[r], roles_.first_dt, otherwise);
  set_classes(schema, recordings);
  Dataset merged{std::move(schema), std::move(recordings), {}};
  if (roles_.missing == Missing::forward_fill) merged = fill_forward_once_seen(std::move(merged));
  return treat_missing(std::move(merged), roles_.missing, roles_.sporadic);
}

void SampleTable::fill(Recording& recording, const Growing& growing, const std::vector<std::size_t>& features,
                       const std::vector<std::size_t>& targets) {
  recording.source = files_[growing.file];
  recording.name = growing.name.empty() ? std::filesystem::path(recording.source).filename().string() : growing.name;
  const MergedRows rows = merge_samples(
      growing.samples, channels_.size(), roles_.tolerance, max_cells_,
      {.place = [this](const Sample& sample) { return place(sample.file, sample.line); },
       .channel = [this](std::size_t channel) { return fmt::format("channel {}", quote(channels_[channel].name)); }});
  for (std::size_t t = 0; t < rows.time.size(); ++t) {
    recording.time.push_back(rows.time[t].value);
    for (const std::size_t c : features) recording.features.push_back(rows.values[t * channels_.size() + c]);
  }
  // Lines of several files cannot be told apart by their numbers.
  if (files_.size() == 1 && !roles_.time.empty()) recording.lines = rows.lines;
  gaps_.push_back(gaps_between(rows.time));
  if (!targets.empty()) fill_targets(recording, rows, growing, targets);
}

void SampleTable::fill_targets(Recording& recording, const MergedRows& rows, const Growing& growing,
                               const std::vector<std::size_t>& targets) const {
  if (roles_.target_at == TargetAt::whole_recording) return put_target(recording, only_target(growing, targets));
  std::vector<double> values(targets.size());
  for (std::size_t t = 0; t < rows.time.size(); ++t) {
    bool is_known = true;
    for (std::size_t k = 0; k < targets.size(); ++k) {
      values[k] = rows.values[t * channels_.size() + targets[k]];
      is_known = is_known && !std::isnan(values[k]);
    }
    if (!is_known) std::fill(values.begin(), values.end(), 0);
    put_target(recording, values);
    recording.weights.push_back(is_known ? 1 : 0);
  }
}

void SampleTable::put_target(Recording& recording, const std::vector<double>& values) const {
  if (target_kind_ == TargetKind::classes) {
    recording.labels.push_back(static_cast<std::int32_t>(values[0]));
  } else {
    recording.targets.insert(recording.targets.end(), values.begin(), values.end());
  }
}

std::vector<double> SampleTable::only_target(const Growing& growing, const std::vector<std::size_t>& targets) const {
  std::vector<double> values;
  for (const std::size_t channel : targets) {
    const Sample* first = nullptr;
    for (const Sample& sample : growing.samples) {
      if (sample.channel != channel) continue;
      if (first == nullptr) first = &sample;
      if (sample.value != first->value)
        throw FormatError(Complaint{place(sample.file, sample.line),
                                    fmt::format("the target {}", quote(channels_[channel].name)),
                                    fmt::format("another than in {}", place(first->file, first->line)),
                                    "one target a recording", "Name the group column that separates recordings."});
    }
    if (first == nullptr)
      throw FormatError(
          Complaint{files_[growing.file],
                    fmt::format("the target {} of recording {}", quote(channels_[channel].name), quote(growing.name)),
                    "missing", "one sample or more", ""});
    values.push_back(first->value);
  }
  return values;
}

void SampleTable::set_classes(Schema& schema, std::vector<Recording>& recordings) const {
  if (classes_.empty()) return;
  schema.classes = sorted_classes(classes_);
  std::vector<std::int32_t> place;
  for (const std::string& name : classes_)
    place.push_back(static_cast<std::int32_t>(std::find(schema.classes.begin(), schema.classes.end(), name) -
                                              schema.classes.begin()));
  for (Recording& recording : recordings)
    for (std::int32_t& label : recording.labels) label = place[static_cast<std::size_t>(label)];
}

}  // namespace elegans::train
