#include "elegans/train/timespans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "elegans/base/error.hpp"

namespace elegans::train {

double median(std::span<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  return below + (*middle - below) / 2;
}

std::vector<double> timespans(std::span<const double> gaps, std::optional<double> first, double otherwise) {
  std::vector<double> dt(gaps.begin(), gaps.end());
  if (!first) first = dt.empty() ? otherwise : median(dt);
  dt.resize(gaps.size() + 1);
  dt[0] = *first;
  std::copy(gaps.begin(), gaps.end(), dt.begin() + 1);
  return dt;
}

double median_dt(const Dataset& training) {
  std::vector<double> dt;
  for_each_step(training, [&](std::size_t r, std::size_t t) { dt.push_back(training.recordings[r].dt[t]); });
  if (dt.empty())
    throw ConfigError(Complaint{"median_dt", "the training part", "empty", "at least one step", "Change the split."});
  return median(dt);
}

double time_unit(const Dataset& training) {
  const double unit = median_dt(training);
  if (unit > 0) return unit;
  throw ConfigError(
      Complaint{"time_unit", "the median Δt of the training part", "0", "more than 0",
                "More than half of the steps have the time stamp of the step before: check the time column "
                "and the group column, or switch the time unit off."});
}

void divide_timespans(Dataset& data, double unit) {
  if (!std::isfinite(unit) || unit <= 0)
    throw ConfigError(Complaint{"divide_timespans", "unit", fmt::format("{}", unit), "a finite number above 0", ""});
  for (Recording& recording : data.recordings)
    for (double& dt : recording.dt) dt /= unit;
}

}  // namespace elegans::train
