#pragma once
// Rows of a table, one at a time, as a running policy takes them: features in the model's order, and Δt.
//
//   ObservationReader rows(std::cin, "standard input", {.features = names_in_model, .time = "t", .first_dt = unit});
//   while (rows.next()) policy.step(rows.features(), rows.dt(), action);
//
// No row is read before the one before it was handed out. Columns that the model does not know are skipped. Errors are
// those of read_csv, but that a header without rows is the end.
//
// A row that throws, or that is refused, leaves no trace: the next Δt counts from the last row that was used, and
// next() goes on behind it. Where a column holds Δt, those of rows of the group that were not used, or were left out for
// a missing value, are added to it; a row that is too short, or whose Δt is no number, adds nothing.
//
//   try {
//     if (!rows.next()) break;
//     if (!policy.step(rows.features(), rows.dt(), action)) rows.refuse();
//   } catch (const FormatError& error) {
//     report(error);
//   }
//
// Rows of several recordings may be interleaved: each group has a last time stamp, last features and kept numbers (the
// state of a policy, say) of its own. Of the groups, those that were silent for longest are forgotten where there are
// more than `groups`; a forgotten one begins anew when it comes back.

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "elegans/train/csv.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

struct ObservationOptions {
  std::vector<std::string> features = {};  // the columns a model wants, in its order
  std::string time = {};                   // empty: no time stamps
  std::string dt = {};                     // instead of time, a column of seconds since the step before, ≥ 0; without
                                           // either, every Δt is 1
  std::string group = {};                  // rows of the same value are one recording; empty: all rows are one
  Missing missing = Missing::error;        // with Missing::drop a row is passed over without an answer
  std::vector<std::string> sporadic = {};  // with Missing::as_inputs, the features that are NaN where they are missing
  double first_dt = 1;       // Δt of the first row of a group, from time stamps, for which no median is known yet
  std::size_t groups = 256;  // that are remembered at once, at least 1
  CsvOptions csv = {};
};

class ObservationReader {
 public:
  // ConfigError for columns that are not there or have two roles, and for options out of their range.
  ObservationReader(std::istream& in, std::string source, ObservationOptions options);
  ~ObservationReader();

  bool next();                               // false at the end of the stream
  std::span<const double> features() const;  // [F], of the current row
  double dt() const;                         // seconds, not yet divided by a time unit
  std::string_view group() const;            // "" without a group column
  std::size_t line() const;                  // of the row that next() read last, if it threw, too
  std::string place() const;                 // "standard input, line 17"

  // The current row is not used.
  void refuse();

  // What keep() was given at the last row of the same group that was used; empty where a group begins.
  std::span<const double> kept() const;
  void keep(std::span<const double> numbers);

  // Groups that were forgotten so far.
  std::size_t forgotten() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace elegans::train
