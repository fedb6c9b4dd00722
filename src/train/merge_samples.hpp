#pragma once
// Samples of several channels, each with a time stamp of its own, become rows: the common part of all readers of
// asynchronous data.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "elegans/train/time_stamps.hpp"

namespace elegans::train {

struct Sample {
  TimeStamp time;
  std::size_t channel = 0;
  double value = 0;
  std::size_t file = 0;  // where it stands, for messages
  std::size_t line = 0;
};

struct MergedRows {
  std::vector<TimeStamp> time;
  std::vector<double> values;      // [rows, channels], NaN where a channel has no sample
  std::vector<std::size_t> lines;  // of each row's first sample
};

// How messages name a sample's place, and a channel.
struct SampleNames {
  std::function<std::string(const Sample&)> place;
  std::function<std::string(std::size_t)> channel;
};

// Rows in the order of time. A row begins with the earliest sample that has none yet and takes those of other channels
// that are no more than `tolerance` seconds later; its time is that of its first sample. All stamps are of one kind.
// FormatError where a channel has two samples of one time; ConfigError where rows × channels are more than `max_cells`.
MergedRows merge_samples(std::vector<Sample> samples, std::size_t channels, double tolerance, std::size_t max_cells,
                         const SampleNames& names);

// The cells of a table that readers of files make: 512 MiB.
inline constexpr std::size_t most_merged_cells = std::size_t{1} << 26;

// Seconds between the rows: one fewer than there are.
std::vector<double> gaps_between(const std::vector<TimeStamp>& time);

// ConfigError in the name of `operation` unless `seconds` is finite and not negative.
void check_tolerance(const char* operation, double seconds);

}  // namespace elegans::train
