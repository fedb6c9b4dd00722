#include "cli/spread.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace elegans::cli {

Spread spread_of(std::span<const double> numbers) {
  const auto n = static_cast<double>(numbers.size());
  const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / n;
  double squares = 0;
  for (const double x : numbers) squares += (x - mean) * (x - mean);
  return {.mean = mean, .deviation = n > 1 ? std::sqrt(squares / (n - 1)) : std::numeric_limits<double>::quiet_NaN()};
}

}  // namespace elegans::cli
