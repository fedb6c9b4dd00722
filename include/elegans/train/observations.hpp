#pragma once
// Rows of a table, one at a time, as a running policy takes them: features in the model's order, and Δt.
//
//   ObservationReader rows(std::cin, "standard input", {.features = names_in_model, .time = "t", .first_dt = unit});
//   while (rows.next()) policy.step(rows.features(), rows.dt(), action);
//
// No row is read before the one before it was handed out, and all rows are one recording. Columns that the model does
// not know are skipped. Errors are those of read_csv.

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
  std::string time = {};                   // empty: every Δt is 1
  Missing missing = Missing::error;        // with Missing::drop a row is passed over without an answer
  double first_dt = 1;                     // Δt of the first row, for which no median is known yet
  CsvOptions csv = {};
};

class ObservationReader {
 public:
  ObservationReader(std::istream& in, std::string source, ObservationOptions options);
  ~ObservationReader();

  bool next();                               // false at the end of the stream
  std::span<const double> features() const;  // [F], of the current row
  double dt() const;                         // seconds, not yet divided by a time unit
  std::size_t line() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace elegans::train
