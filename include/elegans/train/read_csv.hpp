#pragma once
// A CSV file becomes a data set of recordings.
//
//   Dataset data = read_csv("office.csv", {.time = "date", .targets = {"Occupancy"}, .ignore = {"sno"},
//                                          .target_kind = TargetKind::classes});
//
// Rows of one recording must be in the order of time (equal stamps are allowed and give Δt = 0); recordings may be
// interleaved. Recordings stand in the order in which they first appear, steps in that of the file.
//
// Class names become labels in sorted order (see classes.hpp); these are all classes of the file, and a model learns
// them from its training part alone (learn_classes).
//
// Channels that were measured each in its own time are merged into steps (merge_channels.hpp), from one file in the long
// format or from several files, in each of which every feature and target column is a channel:
//
//   read_csv("log.csv", {.time = "t", .missing = Missing::as_inputs, .channel = "sensor", .value = "reading"})
//   merge_csv({"imu.csv", "gps.csv"}, {.time = "t", .targets = {"slip"}, .missing = Missing::as_inputs})
//
// Roles::features, targets and ignore then name channels, which in several files are distinct. Rows may stand in any
// order. A cell without a value is no sample. A step at which a target has no sample does not count (weight 0); with
// TargetAt::whole_recording one sample tells it, and others must agree.
//
// Besides what CsvReader throws:
//   FileError    the file cannot be opened or read
//   ConfigError  a column that does not exist (with the nearest names) or has two roles, several columns of classes
//   FormatError  with file, line, column, what was found and what was expected: a cell that is not a number, is
//   infinite or
//                missing; nothing to fill a missing cell with; a time stamp that cannot be read, is of another kind
//                than the first or runs backwards (with both stamps); a target that differs within a recording
//                (TargetAt::whole_recording); no row left

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "elegans/train/csv.hpp"
#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

Dataset read_csv(const std::filesystem::path& file, const Roles& roles, const CsvOptions& options = {});

// The same from a stream; `source` is the file's name in messages.
Dataset read_csv(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options = {});

// Files whose columns are merged by time.
Dataset merge_csv(const std::vector<std::filesystem::path>& files, const Roles& roles, const CsvOptions& options = {});

}  // namespace elegans::train
