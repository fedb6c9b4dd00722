#include "cli/answer_digits.hpp"

#include <algorithm>
#include <cmath>

namespace elegans::cli {

std::vector<int> answer_digits(const model::Scaling& outputs, std::size_t answers) {
  constexpr double least = 7, most = 17;
  std::vector<int> digits(answers, static_cast<int>(least));
  for (std::size_t i = 0; i < std::min(answers, outputs.columns()); ++i) {
    // A mean of 0 is −∞ places above the deviation.
    const double places = std::floor(std::log10(std::abs(outputs.mean[i]))) - std::floor(std::log10(outputs.std[i]));
    digits[i] = static_cast<int>(std::clamp(places + 8, least, most));
  }
  return digits;
}

}  // namespace elegans::cli
