#include "train/read_samples.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"

namespace elegans::train {
namespace {

[[noreturn]] void refuse_roles(const char* role, const char* actual, const char* required) {
  throw ConfigError(Complaint{"Roles", role, actual, required, ""});
}

std::string_view required_cell(const CsvReader& row, std::size_t column, const char* what) {
  const std::string_view text = row.field(column);
  if (is_missing(text))
    throw FormatError(Complaint{row.place(), fmt::format("column {}", quote(row.columns()[column])),
                                text.empty() ? "empty" : fmt::format("missing ({})", quote(text)), what,
                                "Mend the cell, or cut the row."});
  return text;
}

TimeStamp stamp_of(const CsvReader& row, std::size_t column) {
  const std::string_view text = required_cell(row, column, "a time stamp");
  const auto stamp = parse_time_stamp(text);
  if (!stamp)
    throw FormatError(Complaint{row.place(), fmt::format("column {}", quote(row.columns()[column])), quote(text),
                                "seconds as a finite number, or a calendar time that exists", "Convert the column."});
  return *stamp;
}

std::size_t time_column(const CsvReader& row, const Roles& roles) {
  if (roles.time.empty()) refuse_roles("time", "empty", "the column of time stamps, by which channels are merged");
  return row.find(roles.time, "time column");
}

std::optional<std::size_t> group_column(const CsvReader& row, const Roles& roles) {
  if (roles.group.empty()) return {};
  return row.find(roles.group, "group column");
}

std::string_view group_of(const CsvReader& row, const std::optional<std::size_t>& column) {
  return column ? required_cell(row, *column, "a group") : std::string_view();
}

}  // namespace

void read_long(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options,
               SampleTable& table) {
  if (roles.channel.empty() || roles.value.empty())
    refuse_roles(roles.channel.empty() ? "channel" : "value", "empty beside the other",
                 "the columns of both, or neither");
  CsvReader row(in, source, options);
  const std::size_t time = time_column(row, roles), channel = row.find(roles.channel, "channel column"),
                    value = row.find(roles.value, "value column");
  const auto group = group_column(row, roles);
  std::vector<std::size_t> columns{time, channel, value};
  if (group) columns.push_back(*group);
  std::sort(columns.begin(), columns.end());
  if (std::adjacent_find(columns.begin(), columns.end()) != columns.end())
    throw ConfigError(
        Complaint{source, "the columns of time, channel, value and group", "not distinct", "one role a column", ""});
  const std::size_t file = table.add_file(source);
  while (row.next()) {
    const auto number = table.channel(required_cell(row, channel, "the name of a channel"));
    if (!number) continue;
    table.add(group_of(row, group), stamp_of(row, time), row.field(time), *number, row.field(value), file, row.line());
  }
}

void read_wide(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options,
               SampleTable& table, std::unordered_map<std::string, std::string>& seen) {
  CsvReader row(in, source, options);
  const std::size_t time = time_column(row, roles);
  const auto group = group_column(row, roles);
  std::vector<std::pair<std::size_t, std::size_t>> channels;  // column, channel
  for (std::size_t c = 0; c < row.columns().size(); ++c) {
    if (c == time || c == group) continue;
    const std::string& name = row.columns()[c];
    const auto channel = table.channel(name);
    if (!channel) continue;
    const auto [other, is_new] = seen.emplace(name, source);
    if (!is_new)
      throw ConfigError(Complaint{source, fmt::format("column {}", quote(name)),
                                  fmt::format("in {}, too", other->second),
                                  "distinct names in the files that are merged", "Rename one of them, or ignore it."});
    channels.emplace_back(c, *channel);
  }
  const std::size_t file = table.add_file(source);
  while (row.next()) {
    const std::string_view recording = group_of(row, group);
    const TimeStamp stamp = stamp_of(row, time);
    for (const auto& [column, channel] : channels)
      table.add(recording, stamp, row.field(time), channel, row.field(column), file, row.line());
  }
}

}  // namespace elegans::train
