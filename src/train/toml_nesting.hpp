#pragma once

#include <string_view>

namespace elegans::train {

// Levels of settings: tables and lists inside one another.
inline constexpr int max_settings_depth = 32;

// FormatError where brackets or a dotted key in `text` go deeper than max_settings_depth.
//
// toml++ bounds the brackets and not the keys, and destroys its tables by recursion: "[a.a.a. … .a]" of a hundred
// thousand levels ends the process for want of stack. So the text is looked through before it is parsed.
void check_toml_nesting(std::string_view text, std::string_view source_name);

}  // namespace elegans::train
