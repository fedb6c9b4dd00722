#pragma once
// The part that read_csv and ObservationReader share: rows of a CSV file as steps of recordings, with roles resolved,
// missing values treated and the gap to the step before computed.

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "elegans/train/csv.hpp"
#include "elegans/train/roles.hpp"
#include "elegans/train/time_stamps.hpp"

namespace elegans::train {

class StepReader {
 public:
  StepReader(std::istream& in, std::string source, const Roles& roles, const CsvOptions& options);

  // Moves to the next step; rows that Missing::drop leaves out are passed over.
  bool next();

  std::size_t group() const { return group_; }  // of the current step: 0, 1, … in order of appearance
  const std::vector<std::string>& group_names() const { return group_names_; }
  bool has_time() const { return time_.has_value(); }
  double time() const { return stamp_.value; }
  std::optional<double> gap() const { return gap_; }  // to the step before in its group, where there is one
  std::span<const double> features() const { return features_; }
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
  struct Group {
    bool started = false;
    TimeStamp stamp;
    std::string stamp_text;
    std::size_t line = 0;
    std::vector<double> features;
  };

  void resolve(const Roles& roles);
  bool lacks_a_value() const;
  void find_group();
  void read_time(Group& group);
  void read_features(Group& group);
  void check_kind(const TimeStamp& stamp, std::string_view text);

  CsvReader row_;
  Missing missing_;
  std::optional<std::size_t> time_, group_column_;
  std::vector<std::size_t> features_columns_, targets_;
  std::unordered_map<std::string, std::size_t> group_index_;
  std::vector<std::string> group_names_;
  std::vector<Group> groups_;
  std::optional<TimeStampKind> kind_;  // of the first stamp, which all others must share
  std::size_t first_stamp_line_ = 0;
  std::size_t group_ = 0;
  TimeStamp stamp_;
  std::optional<double> gap_;
  std::vector<double> features_;
};

}  // namespace elegans::train
