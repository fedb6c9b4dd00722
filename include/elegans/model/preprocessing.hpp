#pragma once
// What stands between a table of measurements and a network: which columns it reads, in which units, and what its
// numbers mean. It is learnt on the training part and travels with the model.
//
//   z = (x − mean) / std        every feature on its way in; those that may be missing: model/sporadic.hpp
//   τ = Δt / time_unit          seconds on their way in
//   y = z · std + mean          every numeric target on its way out
//
// Arithmetic is in f64, and the result is rounded once to the element type asked for: a policy sees the very numbers
// that the trainer saw.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "elegans/model/columns.hpp"

namespace elegans::model {

// What an answer of the network means: numbers (one a target), or a score for each class (its logits). A network of one
// output has two classes, and scores the second one against 0 for the first.
enum class Task { regression, classification };

// Where in a sequence it was trained to answer: at every step, at the last one, or once for a recording (by its last
// step, too, but a recording is never cut).
enum class AnswerAt { every_step, last_step, whole_recording };

// Mean and standard deviation of each column; empty where the numbers are taken as they are.
struct Scaling {
  std::vector<double> mean;
  std::vector<double> std;  // > 0

  std::size_t columns() const { return mean.size(); }
  bool empty() const { return mean.empty(); }
  friend bool operator==(const Scaling&, const Scaling&) = default;
};

struct Preprocessing {
  std::vector<std::string> features;  // names, in the network's order; empty where they have none
  std::vector<std::string> targets;   // names of the numeric targets, or the column that held the classes
  std::vector<std::string> classes;   // the index of a name is its label; empty for a regression
  Task task = Task::regression;
  AnswerAt answer_at = AnswerAt::every_step;
  Scaling inputs;
  Scaling outputs;  // of a regression
  double time_unit = 1;
  Columns columns = {};  // how rows became steps
  // Targets are features so many steps later (train/forecast.hpp); 0: they are columns of their own.
  std::size_t horizon = 0;

  friend bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

// ConfigError, in the name of `operation`, unless everything fits a network of `inputs` features and `outputs` numbers:
// one name and one mean a column, deviations and time unit > 0, distinct names, no feature that is the column of time
// or groups, classes only for a classification, sporadic features among the features. Each of these is three inputs.
// A target is named as a feature where there is a horizon, and only there; a forecast is a regression at every step.
void validate(const Preprocessing& preprocessing, std::int64_t inputs, std::int64_t outputs,
              std::string_view operation);

// Each number as it is. `to` has the size of `from`.
template <class From, class To>
void convert(std::span<const From> from, std::span<To> to) noexcept {
  if constexpr (std::is_same_v<From, To>) {
    std::copy(from.begin(), from.end(), to.begin());
  } else {
    std::transform(from.begin(), from.end(), to.begin(), [](From x) { return static_cast<To>(x); });
  }
}

// One row of scaling.columns() numbers, or of any size where the scaling is empty. `to` has the size of `from`.
template <class From, class To>
void standardise(const Scaling& scaling, std::span<const From> from, std::span<To> to) noexcept {
  if (scaling.empty()) return convert(from, to);
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<To>((from[i] - scaling.mean[i]) / scaling.std[i]);
}
// Number i of a row.
template <class To, class From>
To unstandardised(const Scaling& scaling, std::size_t i, From x) noexcept {
  return static_cast<To>(scaling.empty() ? static_cast<double>(x) : x * scaling.std[i] + scaling.mean[i]);
}
template <class From, class To>
void unstandardise(const Scaling& scaling, std::span<const From> from, std::span<To> to) noexcept {
  if (scaling.empty()) return convert(from, to);
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = unstandardised<To>(scaling, i, from[i]);
}

// In place: scores become probabilities, exp(s − max) / Σ exp(s − max).
template <class T>
void softmax(std::span<T> scores) noexcept {
  double highest = -std::numeric_limits<double>::infinity();
  for (const T s : scores) highest = std::max(highest, static_cast<double>(s));
  double sum = 0;
  for (const T s : scores) sum += std::exp(s - highest);
  for (T& s : scores) s = static_cast<T>(std::exp(s - highest) / sum);
}

// Everything but the numbers, which are tensors in a file (model/save.hpp):
// {"task": "classification", "answer_at": "every_step", "features": ["x", "y"], "targets": ["label"],
//  "time": "t", "group": "", "missing": "forward_fill", "first_dt": 0.5, "median_dt": 0.02}
// The last two are left out where there are none; "sporadic": ["x"] stands beside "missing": "as_inputs" alone, and
// "horizon": 1 where there is one. A file of format version 1 has none of the last five, none before version 3 knows
// "as_inputs", none before version 4 a horizon.
nlohmann::json to_config(const Preprocessing& preprocessing);
// FormatError, beginning with `source_name`, for a missing or unknown key or value.
// Version 1 of the format has no columns, later ones must have them.
Preprocessing preprocessing_from_config(const nlohmann::json& config, std::string_view source_name,
                                        std::int64_t version = 4);

}  // namespace elegans::model

namespace elegans {
using model::Preprocessing;
}  // namespace elegans
