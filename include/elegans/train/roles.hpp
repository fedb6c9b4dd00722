#pragma once
// What the columns of a table are to a model.

#include <optional>
#include <string>
#include <vector>

#include "elegans/model/columns.hpp"
#include "elegans/train/recording.hpp"

namespace elegans::train {

enum class TargetKind {
  detect,   // by the first target that is not missing: numbers if it is one, classes if not
  numbers,  // a regression on one or several columns
  classes,  // a classification: one column of class names (which may look like numbers, as 0 and 1 do)
};

using model::Missing;  // what to do about cells without a value

struct Roles {
  std::string time = {};                   // seconds or ISO 8601; empty: none, and every Δt is 1
  std::vector<std::string> targets = {};   // empty: none (a file to predict on)
  std::vector<std::string> features = {};  // empty: every column without another role, in the order of the file
  std::vector<std::string> ignore = {};    // columns that are no features though nobody names them
  std::string group = {};                  // rows of the same value are one recording; empty: the file is one
  TargetKind target_kind = TargetKind::detect;
  TargetAt target_at = TargetAt::every_step;
  Missing missing = Missing::error;
  std::vector<std::string> sporadic = {};  // Missing::as_inputs: the features that may be missing; empty: those that
                                           // are somewhere in the file
  std::optional<double> first_dt = {};     // Δt of a recording's first step; nothing: the recording's median Δt
  // Of channels that were measured each in its own time (read_csv.hpp).
  std::string channel = {};  // the long format: a row is one value of the channel that this column names,
  std::string value = {};    // and the column of the value; both or none
  double tolerance = 0;      // seconds within which samples of different channels become one step
};

}  // namespace elegans::train
