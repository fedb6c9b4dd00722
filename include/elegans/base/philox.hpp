#pragma once
// Counter-based random numbers: Philox4x32-10.
//
//   (key, counter) → four words of 32 random bits
//
// is a pure function: no state, no order of drawing. Whoever needs numbers chooses a key (a seed) and counts: the n-th
// weight of a tensor or the mask of sample b at step t is the same for any number of threads and whatever else was
// drawn.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace elegans {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

// The key of a 64-bit seed: its low word, then its high word.
constexpr PhiloxKey philox_key(std::uint64_t seed) noexcept {
  return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

// Counter number `index` of stream `stream` (two 64-bit numbers, low words first): streams of one key never meet.
constexpr PhiloxCounter philox_counter(std::uint64_t index, std::uint64_t stream = 0) noexcept {
  return {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
          static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
}

// Ten rounds of Philox4x32.
constexpr std::array<std::uint32_t, 4> philox(PhiloxKey key, PhiloxCounter counter) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xd2511f53U} * counter[0];
    const std::uint64_t b = std::uint64_t{0xcd9e8d57U} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9e3779b9U;
    key[1] += 0xbb67ae85U;
  }
  return counter;
}

// Uniform on [0, 1): multiples of 2^-24 from the upper 24 bits of one word.
constexpr float uniform_f32(std::uint32_t word) noexcept { return static_cast<float>(word >> 8) * 0x1p-24F; }

// Uniform on [0, 1): multiples of 2^-53 from the upper 53 bits of `high`·2^32 + `low`.
constexpr double uniform_f64(std::uint32_t low, std::uint32_t high) noexcept {
  return static_cast<double>(((std::uint64_t{high} << 32) | low) >> 11) * 0x1p-53;
}

// Normal with mean 0 and deviation 1, from the four words of one counter (Box and Muller, 1958).
inline double normal_f64(const std::array<std::uint32_t, 4>& words) noexcept {
  const double u = 1 - uniform_f64(words[0], words[1]);  // not 0
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * uniform_f64(words[2], words[3]));
}

// Uniform on 0 … count − 1 from 64 random bits; off by less than count / 2^64 of even. count >= 1.
constexpr std::uint64_t uniform_index(std::uint32_t low, std::uint32_t high, std::uint32_t count) noexcept {
  const std::uint64_t carried = (std::uint64_t{low} * count) >> 32;
  return (std::uint64_t{high} * count + carried) >> 32;
}

}  // namespace elegans
