#include "elegans/train/read_csv.hpp"

#include <fmt/format.h>

#include <fstream>
#include <unordered_map>

#include "elegans/base/error.hpp"
#include "elegans/train/missing.hpp"
#include "train/csv_recordings.hpp"
#include "train/open_file.hpp"
#include "train/read_samples.hpp"

namespace elegans::train {

Dataset read_csv(const std::filesystem::path& file, const Roles& roles, const CsvOptions& options) {
  std::ifstream in = open_file(file);
  return read_csv(in, file.string(), roles, options);
}

Dataset merge_csv(const std::vector<std::filesystem::path>& files, const Roles& roles, const CsvOptions& options) {
  if (files.empty()) throw ConfigError(Complaint{"merge_csv", "the list of files", "empty", "one or more", ""});
  if (!roles.channel.empty() || !roles.value.empty())
    throw ConfigError(Complaint{"merge_csv", "the long format", "asked of several files", "one file", ""});
  SampleTable table(roles, most_merged_cells);
  std::unordered_map<std::string, std::string> seen;
  for (const auto& file : files) {
    std::ifstream in = open_file(file);
    read_wide(in, file.string(), roles, options, table, seen);
  }
  return table.finish("merge_csv");
}

Dataset read_csv(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options) {
  if (!roles.channel.empty() || !roles.value.empty()) {
    SampleTable table(roles, most_merged_cells);
    read_long(in, source, roles, options, table);
    return table.finish("read_csv");
  }
  if (roles.tolerance != 0)
    throw ConfigError(Complaint{source, "tolerance", fmt::format("{}", roles.tolerance),
                                "0, where no channels are merged", "Name the channel column, or several files."});
  StepReader steps(in, source, roles, options);
  TargetReader targets(steps, roles);
  Growing growing(source);
  while (steps.next()) {
    const std::size_t r = growing.find(steps.group());
    growing.add(r, steps);
    targets.read(growing.recordings[r]);
  }
  if (growing.recordings.empty())
    throw FormatError(Complaint{source, "no row is left: each has a missing value", "", "at least one row without",
                                "Ignore the columns that miss most values, or fill features with their last one."});
  growing.set_timespans(roles);
  Schema schema{
      .features = steps.feature_names(), .targets = roles.targets, .classes = {}, .target_at = roles.target_at};
  schema.classes = targets.sort_classes(growing.recordings);
  if (roles.missing == Missing::as_inputs)
    return treat_missing({std::move(schema), std::move(growing.recordings), {}}, roles.missing, roles.sporadic);
  return make_dataset(std::move(schema), std::move(growing.recordings), "read_csv");
}

}  // namespace elegans::train
