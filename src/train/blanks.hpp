#pragma once
// Characters of a text file, without the locale.

#include <string_view>

namespace elegans::train {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `text` without the blanks and tabs at its ends.
inline std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace elegans::train
