#pragma once
// Files under data/ that the build turns into sources (cmake/ElegansEmbed.cmake).

#include <string_view>

namespace elegans::train::embedded {

extern const std::string_view japanese_vowels_train;
extern const std::string_view japanese_vowels_test;

}  // namespace elegans::train::embedded
