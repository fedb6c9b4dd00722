#pragma once
// How often the program asks for memory: malloc and its kin, and so operator new, by any thread.
//
//   const std::uint64_t before = allocations();
//   policy.step(observation, dt, action);
//   allocations() - before

#include <cstdint>

namespace elegans::cli {

// Whether requests are counted: not where a sanitizer has an allocator of its own, or the C library is not glibc.
bool counts_allocations() noexcept;

// Requests since the program began; a realloc is one.
std::uint64_t allocations() noexcept;

}  // namespace elegans::cli
