#pragma once
// Standardisation: every column to mean 0 and standard deviation 1, learnt on the training part.
//
//   z = (x − mean) / std         std = √(Σ (x − mean)² / N)
//
// over the N steps that belong to a sequence, each counted once however many windows hold it. A column that never
// changes gets std 1, so that it becomes 0 and nothing is divided by 0. The result of apply() on the training part is
// finite, but for values that are missing (NaN): these are not counted and stay. Nor is a target of weight 0 counted
// (Recording::weights), which is none; other weights make no difference. A column of which nothing counts gets mean 0
// and std 1.

#include <cstddef>
#include <span>
#include <vector>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

struct Standardisation {
  std::vector<double> mean;  // [columns]
  std::vector<double> std;   // [columns], > 0

  std::size_t columns() const { return mean.size(); }

  // Rows of columns() values each, in place. Throws ShapeError where `rows` does not divide into such rows.
  void apply(std::span<double> rows) const;
  void invert(std::span<double> rows) const;  // x = z · std + mean
};

// Of the features; of the numeric targets (TargetAt::last_step: of all steps; whole_recording: one row a recording).
// Throws ConfigError where there is no step, or no numeric target.
Standardisation standardise_features(const Dataset& training);
Standardisation standardise_targets(const Dataset& training);

// Applies to every recording of `data`. Throws ShapeError where the number of columns differs.
void apply_to_features(const Standardisation& standardisation, Dataset& data);
void apply_to_targets(const Standardisation& standardisation, Dataset& data);

}  // namespace elegans::train
