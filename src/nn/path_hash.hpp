#pragma once
// A number for a path, the same on every machine: the key of its random numbers.

#include <cstdint>
#include <string_view>

namespace elegans::nn {

// FNV-1a with 64 bits (Fowler, Noll, Vo).
constexpr std::uint64_t hash_of(std::string_view path) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace elegans::nn
