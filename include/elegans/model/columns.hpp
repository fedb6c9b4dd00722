#pragma once
// How the rows of a table become the steps of recordings: what a model was trained on, so that another file, or a
// stream, can be read in the same way without being told again.

#include <optional>
#include <string>
#include <vector>

namespace elegans::model {

// What to do about cells without a value.
enum class Missing {
  error,         // refuse the row
  forward_fill,  // a feature keeps its last value of the same recording; Δt is not touched. Other cells: refuse the row
  drop,          // leave the row out; the next row's Δt then spans the gap
  as_inputs,     // let the network see it: value, whether it is there, how long not (model/sporadic.hpp)
};

struct Columns {
  std::string time = {};   // of time stamps: seconds or ISO 8601; empty: none, and every Δt is 1
  std::string group = {};  // rows of the same value are one recording; empty: all rows are one
  Missing missing = Missing::error;
  std::vector<std::string> sporadic = {};  // Missing::as_inputs: the features that may lack a value, in their order
  std::optional<double> first_dt = {};   // Δt of a recording's first step in seconds; nothing: the recording's median
  std::optional<double> median_dt = {};  // of the training part in seconds: stands for the median that a stream has not

  friend bool operator==(const Columns&, const Columns&) = default;
};

}  // namespace elegans::model
