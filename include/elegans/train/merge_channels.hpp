#pragma once
// Channels that were measured each in its own time become the steps of one recording: the union of their time stamps.
//
//   speed     t = 0    0.1       0.2              t    speed  load                     Δt
//   load      t = 0         0.15                  0    1      5                        0.1
//                                                 0.1  2      - (Missing decides)      0.1
//                                                 0.15 -      7                        0.05
//                                                 0.2  3      -                        0.05
//
// Stamps are compared exactly. With a tolerance, a step begins with the earliest sample that has none yet and takes
// those of other channels that are no more than `tolerance` seconds later; its time is that of its first sample.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

struct Channel {
  std::string name;
  std::vector<double> time;    // seconds, in any order
  std::vector<double> values;  // one a time; NaN is no sample
};

struct MergeOptions {
  std::vector<std::string> targets = {};  // channels that are to be predicted; a step without a sample of each counts 0
  double tolerance = 0;
  Missing missing = Missing::as_inputs;
  std::vector<std::string> sporadic = {};        // Roles::sporadic
  std::optional<double> first_dt = {};           // Δt of the first step; nothing: the median
  std::size_t max_cells = std::size_t{1} << 26;  // steps × channels that may be made
};

// Features are the channels that are no targets, in their order. FormatError for a channel whose times and values are
// not of one number, a time or value that is not finite, two samples of a channel at one time, and what treat_missing
// refuses; ConfigError for names that are not there, a tolerance below 0, and a table larger than max_cells.
Dataset merge_channels(std::span<const Channel> channels, const MergeOptions& options = {});

}  // namespace elegans::train
