#include "cli/row_source.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"

namespace elegans::cli {

using train::CsvReader;

RowSource::RowSource(std::istream& in, const std::string& name, const RowOptions& options)
    : row_(in, name), options_(options), features_(options.features.size()) {
  for (const std::string& feature : options.features) columns_.push_back(row_.find(feature, "feature"));
  if (!options.time.empty()) time_ = row_.find(options.time, "time column");
  if (!options.group.empty()) group_ = row_.find(options.group, "group column");
  if (options.dt.empty()) return;
  constant_dt_ = train::parse_number(options.dt);
  if (!constant_dt_) dt_column_ = row_.find(options.dt, "Δt column");
}

bool RowSource::next() { return row_.next(); }

double RowSource::number(std::size_t column) const {
  const std::string_view text = row_.field(column);
  const std::string what = fmt::format("column {}", quote(row_.columns()[column]));
  if (train::is_missing(text))
    throw FormatError(Complaint{row_.place(), what, text.empty() ? "empty" : fmt::format("missing ({})", quote(text)),
                                "a number", ""});
  const auto value = train::parse_number(text);
  if (!value || !std::isfinite(*value))
    throw FormatError(Complaint{row_.place(), what, quote(text), value ? "a finite number" : "a number", ""});
  return *value;
}

void RowSource::read_time() {
  const std::string_view text = row_.field(*time_);
  const std::string what = fmt::format("column {}", quote(row_.columns()[*time_]));
  const auto stamp = train::parse_time_stamp(text);
  if (!stamp)
    throw FormatError(Complaint{row_.place(), what, text.empty() ? "empty" : quote(text),
                                "a time stamp: seconds, or a calendar time by ISO 8601", ""});
  stamp_ = *stamp;
  stamp_text_ = text;
  dt_ = options_.first_dt;
  if (starts_group_) return;
  if (stamp->kind != accepted_stamp_.kind)
    throw FormatError(
        Complaint{row_.place(), what, quote(text),
                  fmt::format("a time stamp like {} of line {}", quote(accepted_stamp_text_), accepted_line_), ""});
  dt_ = train::seconds_between(accepted_stamp_, *stamp);
  if (dt_ < 0)
    throw FormatError(Complaint{
        row_.place(), what,
        fmt::format("{}, {:g} s before {} of line {}", quote(text), -dt_, quote(accepted_stamp_text_), accepted_line_),
        "time stamps that never run backwards", ""});
}

void RowSource::read() {
  if (group_) group_name_ = row_.field(*group_);
  starts_group_ = !any_accepted_ || group_name_ != accepted_group_;
  for (std::size_t f = 0; f < columns_.size(); ++f) features_[f] = number(columns_[f]);
  if (time_) {
    read_time();
  } else if (dt_column_) {
    dt_ = number(*dt_column_);
    if (dt_ < 0)
      throw FormatError(Complaint{row_.place(), fmt::format("column {}", quote(row_.columns()[*dt_column_])),
                                  fmt::format("{:g}", dt_), "seconds since the row before, at least 0", ""});
  } else {
    dt_ = constant_dt_.value_or(1);
  }
}

void RowSource::accept() {
  any_accepted_ = true;
  accepted_group_ = group_name_;
  accepted_stamp_ = stamp_;
  accepted_stamp_text_ = stamp_text_;
  accepted_line_ = row_.line();
}

}  // namespace elegans::cli
