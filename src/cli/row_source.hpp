#pragma once
// Rows for a running policy, each of which may be refused without harm to the next.

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elegans/train/csv.hpp"
#include "elegans/train/time_stamps.hpp"

namespace elegans::cli {

struct RowOptions {
  std::vector<std::string> features = {};  // the columns a model wants, in its order
  std::string time = {};                   // column of time stamps
  std::string dt = {};                     // seconds since the row before: a number for all rows, or a column
  std::string group = {};
  double first_dt = 1;  // Δt of the first row of a group, from time stamps
};

// Δt from time stamps is the time since the last row that was accepted: a gap stays a gap.
class RowSource {
 public:
  // Throws as CsvReader does, and ConfigError for columns that are not there.
  RowSource(std::istream& in, const std::string& name, const RowOptions& options);

  // Moves to the next row; false at the end of the stream. Empty streams and headers without rows are the end, too.
  bool next();

  // Reads the row: FormatError naming line, column, what was found and what was expected. A row that throws leaves no
  // trace but its line.
  void read();
  // The row that was read was used: the next Δt counts from it.
  void accept();

  std::span<const double> features() const { return features_; }  // [F]
  double dt() const { return dt_; }                               // seconds; may be negative or not finite
  bool starts_group() const { return starts_group_; }
  std::size_t line() const { return row_.line(); }
  std::string place() const { return row_.place(); }

 private:
  double number(std::size_t column) const;
  void read_time();

  train::CsvReader row_;
  RowOptions options_;
  std::vector<std::size_t> columns_;
  std::optional<std::size_t> time_, dt_column_, group_;
  std::optional<double> constant_dt_;
  std::vector<double> features_;
  double dt_ = 1;
  bool any_accepted_ = false;
  bool starts_group_ = false;
  std::string group_name_, accepted_group_;
  train::TimeStamp stamp_, accepted_stamp_;
  std::string stamp_text_, accepted_stamp_text_;
  std::size_t accepted_line_ = 0;
};

}  // namespace elegans::cli
