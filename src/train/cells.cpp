#include "elegans/train/cells.hpp"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>

#include "train/blanks.hpp"

namespace elegans::train {

bool is_missing(std::string_view text) {
  static constexpr std::array<std::string_view, 6> markers{"", "NA", "NaN", "nan", "?", "null"};
  return std::find(markers.begin(), markers.end(), without_blanks(text)) != markers.end();
}

std::optional<double> parse_number(std::string_view text) {
  text = without_blanks(text);
  if (text.size() > 1 && text[0] == '+' && (is_digit(text[1]) || text[1] == '.')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = fast_float::from_chars(text.data(), end, value);
  // Some versions report numbers beyond the range of double as an error and hand out the infinity or 0 all the same.
  if (result.ec == std::errc::invalid_argument || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace elegans::train
