#pragma once
// How rows of several files, of the long format or of a stream of events become steps: options of `train` and `evaluate`.

#include <string>
#include <vector>

#include "cli/data_file.hpp"
#include "elegans/model/columns.hpp"

namespace elegans::cli {

struct MergingOptions {
  std::vector<std::string> merge = {};  // other files, whose rows are merged by time
  std::string channel = {};             // the column that names the channel of a row's value
  std::string value = {};               // and the column of the value
  bool events = false;                  // each row is an event of its channel
  double tolerance = 0;                 // seconds within which rows become one step
};

// ConfigError in the name of `command` for an option that would change nothing, or that does not go with another.
// `columns` are those that the file will be read with.
void check_merging(const char* command, const MergingOptions& options, DataFormat format,
                   const model::Columns& columns);

}  // namespace elegans::cli
