#include "cli/merging.hpp"

#include <utility>

#include "elegans/base/error.hpp"

namespace elegans::cli {

void check_merging(const char* command, const MergingOptions& o, DataFormat format, const model::Columns& columns) {
  const auto refuse = [command](const char* option, std::string actual, std::string required, std::string remedy) {
    throw ConfigError(Complaint{command, option, std::move(actual), std::move(required), std::move(remedy)});
  };
  const auto check = [&](const char* option, bool is_given, bool applies, const char* where) {
    if (is_given && !applies) refuse(option, "given where it would change nothing", where, "Leave it out.");
  };
  const bool is_csv = format == DataFormat::csv, merges = !o.merge.empty(), is_long = !o.channel.empty();
  check("--merge", merges, is_csv, "a CSV file");
  check("--channel", is_long, is_csv, "a CSV file");
  check("--value", !o.value.empty(), is_long, "--channel");
  check("--events", o.events, is_long, "--channel");
  if (o.events && merges) refuse("--events", "given beside --merge", "one of the two", "");
  check("--tolerance", o.tolerance != 0, merges || (is_long && !o.events), "--merge, or --channel without --events");

  const bool fills = columns.missing == model::Missing::forward_fill;
  if (o.events && (fills || columns.missing == model::Missing::as_inputs))
    refuse("--missing", fills ? "forward-fill, beside --events" : "inputs, beside --events", "error or drop",
           "An event that lacks a value is none.");
  if (is_long && o.value.empty() && !o.events)
    refuse("--value", "missing beside --channel", "the column of the value", "See the header line of the file.");
  if ((merges || is_long) && columns.time.empty())
    refuse("--time", merges ? "missing beside --merge" : "missing beside --channel",
           "the column of time stamps, by which rows become steps", "");
}

}  // namespace elegans::cli
