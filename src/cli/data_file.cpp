#include "cli/data_file.hpp"

#include <algorithm>
#include <filesystem>

#include "elegans/base/error.hpp"
#include "elegans/train/events.hpp"
#include "elegans/train/read_arrays.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/ts_format.hpp"

namespace elegans::cli {

DataFormat format_of(const std::string& file) {
  std::error_code ignored;
  if (file.ends_with(".ts")) return DataFormat::ts;
  const bool is_array = file.ends_with(".npy") || file.ends_with(".npz");
  return is_array || std::filesystem::is_directory(file, ignored) ? DataFormat::arrays : DataFormat::csv;
}

bool names_recordings(const std::string& file) { return format_of(file) != DataFormat::csv; }

train::Dataset read_data(const std::string& file, const std::vector<std::string>& others, const train::Roles& roles,
                         Rows rows) {
  const DataFormat format = format_of(file);
  if (format == DataFormat::ts)
    return train::read_ts(file, {.missing = roles.missing, .sporadic = roles.sporadic, .first_dt = roles.first_dt});
  if (format == DataFormat::arrays) return train::read_arrays(file, roles);
  if (rows == Rows::events) return train::read_events(file, roles);
  if (others.empty()) return train::read_csv(file, roles);
  std::vector<std::filesystem::path> files{file};
  files.insert(files.end(), others.begin(), others.end());
  return train::merge_csv(files, roles);
}

bool has_time(const train::Dataset& data) {
  return std::any_of(data.recordings.begin(), data.recordings.end(), [](const train::Recording& recording) {
    return !recording.time.empty() ||
           std::any_of(recording.dt.begin(), recording.dt.end(), [](double dt) { return dt != 1; });
  });
}

std::string time_column(const train::Dataset& data, const std::string& named) {
  const bool has_stamps = std::any_of(data.recordings.begin(), data.recordings.end(),
                                      [](const train::Recording& recording) { return !recording.time.empty(); });
  return named.empty() && has_stamps ? "t" : named;
}

}  // namespace elegans::cli
