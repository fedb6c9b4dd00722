#pragma once
// The version of this library; CMakeLists.txt says the same, and a test compares them.

#include <string_view>

namespace elegans {

inline constexpr std::string_view version = "0.1.0";

}  // namespace elegans
