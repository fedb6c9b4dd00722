#pragma once
// Numbers of things, in words.

#include <fmt/format.h>

#include <string>

namespace elegans::cli {

// "1 output", "3 outputs"
template <class Integer>
std::string counted(Integer number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace elegans::cli
