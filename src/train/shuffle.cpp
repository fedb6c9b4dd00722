#include "train/shuffle.hpp"

#include <utility>

#include "elegans/base/philox.hpp"

namespace elegans::train {

void shuffle(std::span<std::size_t> items, std::uint64_t seed, ShufflePurpose purpose, std::uint64_t number) noexcept {
  const PhiloxKey key = philox_key(seed);
  const std::uint64_t stream = (static_cast<std::uint64_t>(purpose) << 48) | (number & 0xffff'ffff'ffffU);
  for (std::size_t i = items.size(); i-- > 1;) {
    const auto words = philox(key, philox_counter(i, stream));
    std::swap(items[i], items[uniform_index(words[0], words[1], static_cast<std::uint32_t>(i + 1))]);
  }
}

}  // namespace elegans::train
