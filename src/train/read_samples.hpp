#pragma once
// CSV files of asynchronous channels, read into a table of samples.

#include <iosfwd>
#include <string>

#include "elegans/train/csv.hpp"
#include "train/sample_table.hpp"

namespace elegans::train {

// The long format: a row is a sample.
void read_long(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options,
               SampleTable& table);

// One of several files: a cell is a sample of the channel that its column names. `seen` are the channels of the files
// before, which must be others, and takes those of this one.
void read_wide(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options,
               SampleTable& table, std::unordered_map<std::string, std::string>& seen);

}  // namespace elegans::train
