#pragma once
// What the text of one cell means: a number, or nothing. Independent of the locale.

#include <optional>
#include <string_view>

namespace elegans::train {

// Whether a cell holds no value: empty, NA, NaN, nan, ? or null, blanks around it not counted.
bool is_missing(std::string_view text);

// A decimal number ("-1.5", "+2", ".5", "1e-3"), blanks around it not counted; nothing where `text` is anything else,
// hexadecimal or a decimal comma included. "inf" and numbers beyond the range of double give an infinity, "-nan" a NaN:
// callers refuse both with a message of their own.
std::optional<double> parse_number(std::string_view text);

}  // namespace elegans::train
