#pragma once
// A policy stepped through sequences as it would be in a loop, with a clock beside it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "elegans/model/policy.hpp"
#include "elegans/train/dataset.hpp"

namespace elegans::cli {

struct StreamFigures {
  std::size_t steps = 0;
  std::size_t correct = 0;  // sequences whose last answer names the right class
  double median_us = 0;     // of one step, in microseconds
  double p99_us = 0;
  double max_us = 0;
  std::uint64_t allocations = 0;  // requests for memory by anybody while steps ran
};

// Steps through every sequence of `data` (a class for each, features in the units of the file), each from the first
// state. Error where a step is refused.
StreamFigures stream(Policy& policy, const train::Dataset& data);

}  // namespace elegans::cli
