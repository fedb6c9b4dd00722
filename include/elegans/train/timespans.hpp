#pragma once
// Δt, the time that passed before each step, and the time unit of a model.
//
//   Δt[t] = time[t] − time[t − 1]              t ≥ 1
//   Δt[0] = the median of Δt[1 …]              of the recording (or a value of the user's, 0 for one)
//
// A recording of a single step has no gap: its Δt is the median of all gaps of the file, or 1 where there is none.
// Without time stamps every Δt is 1. The median of an even number of values is the mean of the middle two.
//
// A model learns its time unit, the median Δt of its training data, and divides every Δt by it, for the gates of a cell
// saturate when Δt is 60 seconds. Whoever feeds a model divides (divide_timespans); Policy does so itself.

#include <optional>
#include <span>
#include <vector>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

// The median of `values` (0 for none), which are reordered.
double median(std::span<double> values);

// Δt of every step from the gaps before steps 1 …: one more than `gaps`. `first` is the Δt of the first step; nothing:
// the median of the gaps, or `otherwise` where there are none.
std::vector<double> timespans(std::span<const double> gaps, std::optional<double> first, double otherwise = 1);

// The median Δt of all steps that belong to a sequence. ConfigError where there is no step.
double median_dt(const Dataset& training);

// The same as a time unit: ConfigError also where it is 0 (more than half of the steps have the time stamp of the step
// before).
double time_unit(const Dataset& training);

// Divides every Δt by `unit` > 0, else ConfigError.
void divide_timespans(Dataset& data, double unit);

}  // namespace elegans::train
