#include "train/toml_nesting.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/error.hpp"

namespace elegans::train {
namespace {

// Position behind the string that begins at `start`; the end of the text where nothing closes it.
std::size_t skip_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const bool escapes = quote == '"';
  const auto is_triple = [&](std::size_t at) { return text.substr(at, 3) == std::string(3, quote); };
  const bool multiline = is_triple(start);
  for (std::size_t i = start + (multiline ? 3 : 1); i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (!multiline && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    } else if (multiline && is_triple(i)) {
      i += 3;
      // Up to two more quotes belong to the string: """a""""" is a"".
      for (int extra = 0; extra < 2 && i < text.size() && text[i] == quote; ++extra) ++i;
      return i;
    }
  }
  return text.size();
}

}  // namespace

void check_toml_nesting(std::string_view text, std::string_view source_name) {
  int brackets = 0;
  int dots = 0;  // since the last character that ends a key or a number
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = skip_string(text, i);
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if (c == ']' || c == '}') --brackets;
    if (c == '.') {
      ++dots;
    } else if (std::string_view("[]{},=\n").find(c) != std::string_view::npos) {
      dots = 0;
    }
    // A table of an array of tables stands in two brackets of its own.
    if (brackets > max_settings_depth + 2 || dots > max_settings_depth) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n');
      throw FormatError(Complaint{fmt::format("{}, line {}", source_name, line),
                                  "tables or lists are nested too deeply", "",
                                  fmt::format("at most {} levels", max_settings_depth), ""});
    }
    ++i;
  }
}

}  // namespace elegans::train
