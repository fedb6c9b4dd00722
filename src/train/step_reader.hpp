#pragma once
// The part that read_csv and ObservationReader share: rows of a CSV file as steps of recordings, with roles resolved,
// missing values treated and the gap to the step before computed.
//
//   while (rows.next()) {
//     rows.read(memory_of[rows.group()]);      // throws, and nothing has happened
//     use(rows.features(), rows.gap());
//     rows.remember(memory_of[rows.group()]);  // only now is the row the last step of its recording
//   }

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elegans/train/csv.hpp"
#include "elegans/train/roles.hpp"
#include "elegans/train/time_stamps.hpp"

namespace elegans::train {

// What the last step of a recording leaves for the next.
struct StepMemory {
  bool started = false;
  TimeStamp stamp;
  std::string stamp_text;
  std::size_t line = 0;
  std::vector<double> features;  // with Missing::forward_fill
};

class StepReader {
 public:
  StepReader(std::istream& in, std::string source, const Roles& roles, const CsvOptions& options);

  // Moves to the next row; rows that Missing::drop leaves out are passed over.
  bool next();
  // The same for whoever wants to see these, too: moves to the next row whatever it is, and whether it is to be left out.
  bool next_of_all() { return row_.next(); }
  bool is_dropped() const { return missing_ == Missing::drop && lacks_a_value(); }
  // The recording that the row belongs to: the value of the group column, or "" without one.
  std::string_view group() const;
  // The same of a row that may lack it: its cell as it is.
  std::string_view group_cell() const { return group_column_ ? row_.field(*group_column_) : std::string_view(); }
  // Reads the row as the step after the one that `memory` knows of.
  void read(const StepMemory& memory);
  // The row that was read counts.
  void remember(StepMemory& memory);

  bool has_time() const { return time_.has_value(); }
  double time() const { return stamp_.value; }
  std::optional<double> gap() const { return gap_; }  // to the step before in its recording, where there is one
  std::span<const double> features() const { return features_; }
  std::string_view channel() const;  // of an event (Roles::channel)
  std::size_t target_count() const { return targets_.size(); }
  std::size_t target_column(std::size_t target) const { return targets_[target]; }
  std::vector<std::string> feature_names() const;

  const CsvReader& row() const { return row_; }
  // The number in a column that may not be missing.
  double number(std::size_t column) const;
  // Throws if a cell that is never filled has no value.
  void require(std::size_t column, const char* what) const;
  // "column 'light'"
  std::string name_of(std::size_t column) const;

 private:
  void resolve(const Roles& roles);
  void resolve_sporadic(const Roles& roles);
  bool lacks_a_value() const;
  void read_time(const StepMemory& memory);
  void read_features(const StepMemory& memory);
  void check_kind(const TimeStamp& stamp, std::string_view text) const;

  CsvReader row_;
  Missing missing_;
  std::optional<std::size_t> time_, group_column_, channel_;
  std::vector<std::size_t> features_columns_, targets_;
  std::vector<bool> may_lack_;         // one a feature, with Missing::as_inputs; else empty
  std::optional<TimeStampKind> kind_;  // of the first stamp that counts, which all others must share
  std::size_t first_stamp_line_ = 0;
  TimeStamp stamp_;
  std::optional<double> gap_;
  std::vector<double> features_;
};

}  // namespace elegans::train
