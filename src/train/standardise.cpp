#include "elegans/train/standardise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {
namespace {

// Rows of values, a column each of `names`, visited several times.
struct Rows {
  std::vector<std::span<const double>> rows;
  const std::vector<std::string>* names;
  bool any_step = false;  // though none of its rows may count
};

Rows feature_rows(const Dataset& data) {
  const std::size_t width = data.schema.features.size();
  Rows rows{{}, &data.schema.features};
  for_each_step(data, [&](std::size_t r, std::size_t t) {
    rows.any_step = true;
    rows.rows.push_back(std::span(data.recordings[r].features).subspan(t * width, width));
  });
  return rows;
}

// What stands in a row of weight 0 is no target: readers write zeros where there is none.
Rows target_rows(const Dataset& data) {
  const std::size_t width = data.schema.targets.size();
  const bool one_a_recording = data.schema.target_at == TargetAt::whole_recording;
  Rows rows{{}, &data.schema.targets};
  std::size_t last = static_cast<std::size_t>(-1);
  for_each_step(data, [&](std::size_t r, std::size_t t) {
    rows.any_step = true;
    if (one_a_recording && r == last) return;
    last = r;
    const Recording& recording = data.recordings[r];
    const std::size_t row = one_a_recording ? 0 : t;
    if (!recording.weights.empty() && recording.weights[row] == 0) return;
    rows.rows.push_back(std::span(recording.targets).subspan(row * width, width));
  });
  return rows;
}

// Mean and deviation of one column. The mean is a running one, corrected by the mean of the residuals; the deviation is
// taken of residuals divided by the largest: neither overflows, nor vanishes for values near the smallest numbers.
void learn_column(const Rows& data, std::size_t column, Standardisation& result) {
  std::vector<double> values;
  for (const auto& row : data.rows)
    if (!std::isnan(row[column])) values.push_back(row[column]);
  const auto count = static_cast<double>(values.size());
  double mean = 0, seen = 0;
  for (const double x : values) mean += (x - mean) / ++seen;
  double residual = 0, largest = 0;
  for (const double x : values) {
    residual += (x - mean) / count;
    largest = std::max(largest, std::abs(x - mean));
  }
  double std = 1;
  if (std::all_of(values.begin(), values.end(), [&](double x) { return x == values[0]; })) {
    if (!values.empty()) mean = values[0];
  } else {
    mean += residual;
    double squares = 0;
    for (const double x : values) {
      const double scaled = (x - mean) / largest;
      squares += scaled * scaled;
    }
    std = largest * std::sqrt(squares / count);
  }
  if (!std::isfinite(mean) || !std::isnormal(std))
    throw FormatError(Complaint{"standardise", fmt::format("the spread of {}", quote((*data.names)[column])),
                                "beyond the range of a double", "", "Use another unit for this column."});
  result.mean.push_back(mean);
  result.std.push_back(std);
}

Standardisation learn(const Rows& data) {
  if (!data.any_step)
    throw ConfigError(Complaint{"standardise", "the training part", "empty", "at least one step", "Change the split."});
  Standardisation result;
  for (std::size_t c = 0; c < data.names->size(); ++c) learn_column(data, c, result);
  return result;
}

void check_width(const Standardisation& s, std::size_t columns, const char* what) {
  if (s.columns() == columns) return;
  throw ShapeError(Complaint{"standardise", fmt::format("the number of {}", what), fmt::format("{}", columns),
                             fmt::format("{}, as in the training part", s.columns()), ""});
}

void check_rows(const Standardisation& s, std::size_t values) {
  if (s.columns() > 0 && values % s.columns() == 0) return;
  throw ShapeError(Complaint{"standardise", "the number of values", fmt::format("{}", values),
                             fmt::format("a multiple of the {} columns", s.columns()), ""});
}

}  // namespace

void Standardisation::apply(std::span<double> rows) const {
  check_rows(*this, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = (rows[i] - mean[i % columns()]) / std[i % columns()];
}

void Standardisation::invert(std::span<double> rows) const {
  check_rows(*this, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = rows[i] * std[i % columns()] + mean[i % columns()];
}

Standardisation standardise_features(const Dataset& training) { return learn(feature_rows(training)); }

Standardisation standardise_targets(const Dataset& training) {
  if (training.schema.classifies() || training.schema.targets.empty())
    throw ConfigError(Complaint{"standardise", "the data set has no numeric targets", "", "at least one",
                                "Standardise the features only."});
  return learn(target_rows(training));
}

void apply_to_features(const Standardisation& standardisation, Dataset& data) {
  check_width(standardisation, data.schema.features.size(), "features");
  for (Recording& recording : data.recordings) standardisation.apply(recording.features);
}

void apply_to_targets(const Standardisation& standardisation, Dataset& data) {
  check_width(standardisation, data.schema.classifies() ? 0 : data.schema.targets.size(), "targets");
  for (Recording& recording : data.recordings) standardisation.apply(recording.targets);
}

}  // namespace elegans::train
