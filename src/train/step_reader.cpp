#include "train/step_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "train/blanks.hpp"

namespace elegans::train {
namespace {

const char* name_of(TimeStampKind kind) {
  switch (kind) {
    case TimeStampKind::number:
      return "a number of seconds";
    case TimeStampKind::calendar:
      return "a calendar time without a zone";
    case TimeStampKind::zoned:
      return "a calendar time with a zone";
  }
  return "";
}

bool has_decimal_comma(std::string_view text) {
  const auto comma = text.find(',');
  return comma != text.npos && comma > 0 && comma + 1 < text.size() && is_digit(text[comma - 1]) &&
         is_digit(text[comma + 1]) && text.find(',', comma + 1) == text.npos;
}

// Hands out columns, each for one role.
class Assignment {
 public:
  explicit Assignment(const CsvReader& csv) : csv_(csv), roles_(csv.columns().size()) {}

  std::size_t assign(const std::string& name, const char* role) {
    const std::size_t column = csv_.find(name, fmt::format("{} column", role));
    if (!roles_[column].empty())
      throw ConfigError(Complaint{csv_.source(), fmt::format("column {}", quote(name)),
                                  roles_[column] == role ? fmt::format("listed twice as {}", role)
                                                         : fmt::format("both {} and {}", roles_[column], role),
                                  "one role a column", "Take it out of one of the two."});
    roles_[column] = role;
    return column;
  }

  std::vector<std::size_t> unassigned() const {
    std::vector<std::size_t> columns;
    for (std::size_t c = 0; c < roles_.size(); ++c)
      if (roles_[c].empty()) columns.push_back(c);
    return columns;
  }

 private:
  const CsvReader& csv_;
  std::vector<std::string> roles_;
};

}  // namespace

StepReader::StepReader(std::istream& in, std::string source, const Roles& roles, const CsvOptions& options)
    : row_(in, std::move(source), options), missing_(roles.missing) {
  if (roles.first_dt && !(std::isfinite(*roles.first_dt) && *roles.first_dt >= 0))
    throw ConfigError(Complaint{"Roles", "first_dt", fmt::format("{}", *roles.first_dt),
                                "a finite number of seconds, 0 or more",
                                "Leave it out for the recording's median Δt."});
  resolve(roles);
  resolve_sporadic(roles);
}

void StepReader::resolve(const Roles& roles) {
  Assignment columns(row_);
  if (!roles.time.empty()) time_ = columns.assign(roles.time, "time");
  if (!roles.group.empty()) group_column_ = columns.assign(roles.group, "group");
  for (const auto& name : roles.targets) targets_.push_back(columns.assign(name, "target"));
  for (const auto& name : roles.ignore) columns.assign(name, "ignored");
  if (!roles.channel.empty()) {
    // Features of an event are its channel and its value; the columns beside them are not looked at.
    channel_ = columns.assign(roles.channel, "channel");
    if (!roles.value.empty()) features_columns_ = {columns.assign(roles.value, "value")};
    features_.resize(features_columns_.size());
    return;
  }
  for (const auto& name : roles.features) features_columns_.push_back(columns.assign(name, "feature"));
  if (roles.features.empty()) features_columns_ = columns.unassigned();
  if (features_columns_.empty())
    throw ConfigError(Complaint{row_.source(), "no column is left for the features", "",
                                "at least one beside those of time, group, targets and the ignored ones", ""});
  features_.resize(features_columns_.size());
}

void StepReader::resolve_sporadic(const Roles& roles) {
  if (!roles.sporadic.empty() && missing_ != Missing::as_inputs)
    throw ConfigError(Complaint{"Roles", "sporadic", "given", "none, unless missing values are inputs",
                                "Set .missing = Missing::as_inputs."});
  if (missing_ != Missing::as_inputs) return;
  may_lack_.assign(features_columns_.size(), roles.sporadic.empty());
  for (const auto& name : roles.sporadic) {
    const std::size_t column = row_.find(name, "sporadic column");
    const auto found = std::find(features_columns_.begin(), features_columns_.end(), column);
    if (found == features_columns_.end())
      throw ConfigError(Complaint{row_.source(), fmt::format("the sporadic column {}", quote(name)), "no feature",
                                  "one of the features", ""});
    may_lack_[static_cast<std::size_t>(found - features_columns_.begin())] = true;
  }
}

std::vector<std::string> StepReader::feature_names() const {
  std::vector<std::string> names;
  for (const std::size_t column : features_columns_) names.push_back(row_.columns()[column]);
  return names;
}

std::string StepReader::name_of(std::size_t column) const {
  return fmt::format("column {}", quote(row_.columns()[column]));
}

bool StepReader::lacks_a_value() const {
  const auto missing = [&](std::size_t column) { return is_missing(row_.field(column)); };
  return (time_ && missing(*time_)) || (group_column_ && missing(*group_column_)) || (channel_ && missing(*channel_)) ||
         std::any_of(targets_.begin(), targets_.end(), missing) ||
         std::any_of(features_columns_.begin(), features_columns_.end(), missing);
}

bool StepReader::next() {
  do {
    if (!next_of_all()) return false;
  } while (is_dropped());
  return true;
}

std::string_view StepReader::group() const {
  if (!group_column_) return {};
  require(*group_column_, "a group");
  return row_.field(*group_column_);
}

std::string_view StepReader::channel() const {
  require(*channel_, "the name of a channel");
  return row_.field(*channel_);
}

void StepReader::read(const StepMemory& memory) {
  gap_.reset();
  if (time_) {
    read_time(memory);
  } else if (memory.started) {
    gap_ = 1;
  }
  read_features(memory);
}

void StepReader::remember(StepMemory& memory) {
  memory.started = true;
  if (time_) {
    if (!kind_) first_stamp_line_ = row_.line();
    kind_ = stamp_.kind;
    memory.stamp = stamp_;
    memory.stamp_text = row_.field(*time_);
  }
  memory.line = row_.line();
  if (missing_ == Missing::forward_fill) memory.features = features_;
}

void StepReader::check_kind(const TimeStamp& stamp, std::string_view text) const {
  if (!kind_ || stamp.kind == *kind_) return;
  throw FormatError(Complaint{row_.place(), name_of(*time_),
                              fmt::format("{}, {}", quote(text), train::name_of(stamp.kind)),
                              fmt::format("{}, as in line {}", train::name_of(*kind_), first_stamp_line_),
                              "Write all time stamps of a file in one way."});
}

void StepReader::read_time(const StepMemory& memory) {
  const std::string_view text = row_.field(*time_);
  require(*time_, "a time stamp");
  const auto stamp = parse_time_stamp(text);
  if (!stamp)
    throw FormatError(
        Complaint{row_.place(), name_of(*time_), quote(text),
                  "seconds as a finite number, or a calendar time that exists, as 2015-02-04 17:51:00.5 or "
                  "2015-02-04T17:51:00Z",
                  "Convert the column, or leave the time column out: every Δt is 1 then."});
  check_kind(*stamp, text);
  stamp_ = *stamp;
  if (!memory.started) return;
  gap_ = seconds_between(memory.stamp, *stamp);
  if (*gap_ < 0)
    throw FormatError(
        Complaint{row_.place(), name_of(*time_),
                  fmt::format("{}, before {} of line {}", quote(text), quote(memory.stamp_text), memory.line),
                  "time stamps that never run backwards",
                  fmt::format("Sort the rows by time{}.", group_column_ ? ""
                                                                        : ", or name the group column that separates "
                                                                          "recordings")});
  if (!std::isfinite(*gap_))
    throw FormatError(Complaint{row_.place(), fmt::format("the time since line {}", memory.line), "infinite",
                                "a finite number of seconds", "Check the time column."});
}

void StepReader::read_features(const StepMemory& memory) {
  for (std::size_t f = 0; f < features_.size(); ++f) {
    const std::size_t column = features_columns_[f];
    const bool may_lack = missing_ == Missing::forward_fill || (!may_lack_.empty() && may_lack_[f]);
    if (!may_lack || !is_missing(row_.field(column))) {
      features_[f] = number(column);
    } else if (missing_ == Missing::as_inputs) {
      features_[f] = std::numeric_limits<double>::quiet_NaN();
    } else if (memory.started) {
      features_[f] = memory.features[f];
    } else {
      throw FormatError(
          Complaint{row_.place(), name_of(column),
                    "missing in the first row of its recording, where there is nothing to fill it with", "a number",
                    "Mend the cell, cut the row, leave out rows with missing values, or let them be inputs."});
    }
  }
}

void StepReader::require(std::size_t column, const char* what) const {
  const std::string_view text = row_.field(column);
  if (!is_missing(text)) return;
  const bool is_feature =
      std::find(features_columns_.begin(), features_columns_.end(), column) != features_columns_.end();
  throw FormatError(Complaint{
      row_.place(), name_of(column), text.empty() ? "empty" : fmt::format("missing ({})", quote(text)), what,
      is_feature && missing_ == Missing::as_inputs ? "Mend the cell, or name its column among the sporadic features."
      : is_feature ? "Mend the cell, fill missing values with the last one (--missing forward-fill), let them be "
                     "inputs (--missing inputs), or leave such rows out (--missing drop)."
                   : "Mend the cell, or leave out rows with missing values (only features are filled)."});
}

double StepReader::number(std::size_t column) const {
  require(column, "a number");
  const std::string_view text = row_.field(column);
  const auto value = parse_number(text);
  if (!value)
    throw FormatError(Complaint{
        row_.place(), name_of(column), quote(text), "a number",
        has_decimal_comma(text) ? "Write numbers with a decimal point." : "Mend the cell, or leave the column out."});
  if (!std::isfinite(*value))
    throw FormatError(Complaint{row_.place(), name_of(column), quote(text), "a finite number",
                                "Mend the cell; where it stands for no value, leave it empty."});
  return *value;
}

}  // namespace elegans::train
