#pragma once
// Random permutations that depend on a key and a stream alone.

#include <cstddef>
#include <cstdint>
#include <span>

namespace elegans::train {

// Streams of different purposes never meet, though all take the user's one seed: the purpose is the upper 16 bits.
enum class ShufflePurpose : std::uint64_t { batches = 0xba7c, split = 0x5b17, folds = 0xf01d };

// Fisher–Yates. `number` < 2^48 tells streams of one purpose apart (the epoch, the class). At most 2^32 − 1 items.
void shuffle(std::span<std::size_t> items, std::uint64_t seed, ShufflePurpose purpose, std::uint64_t number) noexcept;

}  // namespace elegans::train
