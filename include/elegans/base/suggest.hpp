#pragma once
// "Did you mean …?": the known names nearest to a misspelt one.

#include <span>
#include <string>
#include <string_view>

namespace elegans {

// A remedy sentence for the unknown `name`: "Did you mean 'a' or 'b'?" with up to three of the nearest `known` names by
// edit distance, or "Known are 'a', 'b', ….", where nothing is near.
std::string suggest(std::string_view name, std::span<const std::string> known);

}  // namespace elegans
