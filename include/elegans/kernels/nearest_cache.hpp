#pragma once
// The first-level data cache of a core: how large it is, and how to have numbers in it before they are needed.

#include <cstddef>
#include <cstdint>

namespace elegans::kernels {

// As the C library tells it.
std::size_t first_level_cache_bytes();
// What it tells, or 32 KiB where that is no size: 0 or -1.
std::size_t first_level_cache_bytes(long told);

// What of a first-level cache of `cache` bytes matrices may take: an eighth is left to operands.
constexpr std::size_t room_for_matrices(std::size_t cache) { return cache / 8 * 7; }

// Asks for the cache lines of these bytes and does not wait for them. Bytes that are nobody's do no harm.
inline void fetch(const std::byte* from, std::size_t bytes) {
  constexpr std::uintptr_t line = 64;
  const auto first = reinterpret_cast<std::uintptr_t>(from), end = first + bytes;
#pragma GCC unroll 8
  for (std::uintptr_t at = first / line * line; at < end; at += line)
    __builtin_prefetch(reinterpret_cast<const void*>(at));
}

}  // namespace elegans::kernels
