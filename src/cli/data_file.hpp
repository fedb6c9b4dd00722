#pragma once
// Files of recordings, told apart by their names.

#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::cli {

enum class DataFormat {
  csv,     // any other ending
  ts,      // .ts: a time series archive, which says itself what its columns are
  arrays,  // .npy, .npz, or a folder of .npy files: columns by name, each file or item a recording
};

DataFormat format_of(const std::string& file);
// Whether recordings have names without a group column.
bool names_recordings(const std::string& file);

// Whether the rows of a CSV file are samples of a moment, or events (train/events.hpp).
enum class Rows { samples, events };

// Reads `file`, and merges `others` with it. What a .ts file says itself is taken from it whatever the roles say.
train::Dataset read_data(const std::string& file, const std::vector<std::string>& others, const train::Roles& roles,
                         Rows rows = Rows::samples);

// Whether the data tell when steps were measured: by time stamps, or by a Δt that is not 1 throughout.
bool has_time(const train::Dataset& data);
// The column of time that a stream for this model would have: the one named, else "t" where the data have time stamps.
std::string time_column(const train::Dataset& data, const std::string& named);

}  // namespace elegans::cli
