#pragma once
// A recording: what was measured, one step after the other, without a break.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace elegans::train {

// Where targets stand in a recording, and which of them a sequence is trained on.
enum class TargetAt {
  every_step,       // one a step; every step is trained on
  last_step,        // one a step; a sequence is trained on that of its last step
  whole_recording,  // one a recording, which all of its sequences share
};

// The names of the columns: F features, K targets or C classes (one of the two is empty, or both without targets).
struct Schema {
  std::vector<std::string> features = {};
  std::vector<std::string> targets = {};  // numeric targets; for classes, the name of the column that holds them
  std::vector<std::string> classes = {};  // the index of a name is its label
  TargetAt target_at = TargetAt::every_step;
  std::vector<std::string> sporadic = {};  // the features that may be NaN, where they were not measured (missing.hpp)

  bool classifies() const { return !classes.empty(); }
};

// T steps in the order of time. R is the number of rows of targets: T, or 1 for TargetAt::whole_recording.
struct Recording {
  std::string name = {};              // the value of the group column, else the file's name
  std::vector<double> features = {};  // [T, F], row by row
  std::vector<double> dt = {};        // [T], seconds since the step before (see timespans.hpp)
  std::vector<double> time = {};      // [T] in seconds, or empty without a time column; since 1970 for calendar times
  std::vector<double> targets = {};   // [R, K], or empty
  std::vector<double> weights = {};   // [R] how much each target counts, finite and >= 0: 0 masks it; empty for 1
  std::vector<std::int32_t> labels = {};  // [R] indices of Schema::classes, or empty
  std::string source = {};                // the file it came from, for messages; may be empty
  std::vector<std::size_t> lines = {};    // [T] the line of each step in that file, or empty

  std::size_t steps() const { return dt.size(); }
  // "data.csv, line 17", or "x.npz, recording 'a', step 16" where the lines are not known, without the file where there is none.
  std::string place(std::size_t step) const;
};

}  // namespace elegans::train
