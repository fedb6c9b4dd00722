#pragma once
// Mean and deviation of the figures of several runs.

#include <span>

namespace elegans::cli {

struct Spread {
  double mean = 0;       // Σ x / n; NaN for no number
  double deviation = 0;  // of a sample: √(Σ (x − mean)² / (n − 1)); NaN for one number, of which there is none
};

Spread spread_of(std::span<const double> numbers);

}  // namespace elegans::cli
