#pragma once
// Text that came from outside: whether it is UTF-8, and how a message shows it.
//
// Names and values in a file may hold anything: control characters that would move a terminal's cursor, bytes that are
// no text, a megabyte without a space. A message shows them through printable() or quote().

#include <cstddef>
#include <string>
#include <string_view>

namespace elegans {

// Whether `text` is well-formed UTF-8 (shortest forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

// `text` fit for a message: control characters and bytes that are not UTF-8 become \n, \t, \r or \xNN; after about
// `limit` bytes it ends in "…". Never cuts a character in two.
std::string printable(std::string_view text, std::size_t limit = 80);

// printable(text) between single quotes.
std::string quote(std::string_view text, std::size_t limit = 80);

}  // namespace elegans
