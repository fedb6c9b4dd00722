#include "elegans/base/numpy_random.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "elegans/base/error.hpp"

namespace elegans {
namespace {

void check_sample(const char* operation, std::int64_t n, std::int64_t size) {
  if (n < 0 || size < 0 || size > n) {
    throw ConfigError({operation, "size", fmt::format("{} of a population of {}", size, n),
                       "0 <= size <= population, for nothing is drawn twice", ""});
  }
}

void check_population(const char* operation, std::int64_t n) {
  if (n < 1) throw ConfigError({operation, "n", fmt::format("{}", n), "at least 1", ""});
}

// numpy.random.SeedSequence(seed).generate_state(4, uint64), for seeds of at most two 32-bit words.
std::array<std::uint64_t, 4> seed_sequence(std::uint64_t seed) {
  constexpr std::size_t pool_size = 4;
  constexpr std::uint32_t entropy_multiplier = 0x931e8875U;
  constexpr std::uint32_t output_multiplier = 0x58f38dedU;
  std::uint32_t constant = 0x43b0d7e5U;
  const auto hashed = [&constant](std::uint32_t value) {
    value ^= constant;
    constant *= entropy_multiplier;
    value *= constant;
    return value ^ (value >> 16);
  };
  const auto mixed = [](std::uint32_t x, std::uint32_t y) {
    const std::uint32_t result = 0xca01f9ddU * x - 0x4973f715U * y;
    return result ^ (result >> 16);
  };
  std::array<std::uint32_t, pool_size> pool{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), 0,
                                            0};
  for (auto& word : pool) word = hashed(word);
  for (std::size_t source = 0; source < pool_size; ++source) {
    for (std::size_t target = 0; target < pool_size; ++target) {
      if (source != target) pool[target] = mixed(pool[target], hashed(pool[source]));
    }
  }
  constant = 0x8b51f9ddU;
  std::array<std::uint64_t, 4> state{};
  for (std::size_t i = 0; i < 2 * state.size(); ++i) {
    std::uint32_t value = pool[i % pool_size] ^ constant;
    constant *= output_multiplier;
    value *= constant;
    value ^= value >> 16;
    state[i / 2] |= std::uint64_t{value} << (32 * (i % 2));
  }
  return state;
}

}  // namespace

NumpyRandomState::NumpyRandomState(std::uint64_t seed) : key_{}, position_(key_.size()) {
  if (seed > max_seed) {
    throw ConfigError({"RandomState", "seed", fmt::format("{}", seed), "a seed from 0 to 4294967295 (2^32 - 1)",
                       "NumPy's RandomState, which NCP and AutoNCP draw from, takes 32 bits."});
  }
  auto word = static_cast<std::uint32_t>(seed);
  for (std::uint32_t i = 0; i < key_.size(); ++i) {
    key_[i] = word;
    word = 1812433253U * (word ^ (word >> 30)) + i + 1;
  }
}

void NumpyRandomState::twist() {
  const std::size_t n = key_.size();
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t y = (key_[i] & 0x80000000U) | (key_[(i + 1) % n] & 0x7fffffffU);
    key_[i] = key_[(i + 397) % n] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
  }
  position_ = 0;
}

std::uint32_t NumpyRandomState::next_u32() {
  if (position_ == key_.size()) twist();
  std::uint32_t y = key_[position_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680U;
  y ^= (y << 15) & 0xefc60000U;
  return y ^ (y >> 18);
}

std::uint32_t NumpyRandomState::interval(std::uint32_t max) {
  if (max == 0) return 0;
  const std::uint32_t mask = 0xffffffffU >> std::countl_zero(max);
  std::uint32_t value = next_u32() & mask;
  while (value > max) value = next_u32() & mask;
  return value;
}

std::int64_t NumpyRandomState::choice(std::int64_t n) {
  check_population("RandomState.choice", n);
  if (n > std::int64_t{1} << 32) {
    throw ConfigError({"RandomState.choice", "n", fmt::format("{}", n), "at most 4294967296 (2^32)", ""});
  }
  return interval(static_cast<std::uint32_t>(n - 1));
}

std::vector<std::int64_t> NumpyRandomState::choice_without_replacement(std::int64_t n, std::int64_t size) {
  check_sample("RandomState.choice", n, size);
  std::vector<std::int64_t> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), std::int64_t{0});
  for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[interval(static_cast<std::uint32_t>(i))]);
  values.resize(static_cast<std::size_t>(size));
  return values;
}

NumpyGenerator::NumpyGenerator(std::uint64_t seed) {
  const auto words = seed_sequence(seed);
  increment_ = (((Word128{words[2]} << 64) | words[3]) << 1) | 1;
  next_u64();
  state_ += (Word128{words[0]} << 64) | words[1];
  next_u64();
}

std::uint64_t NumpyGenerator::next_u64() {
  constexpr Word128 multiplier = (Word128{0x2360ed051fc65da4ULL} << 64) | 0x4385df649fccf645ULL;
  state_ = state_ * multiplier + increment_;
  const auto high = static_cast<std::uint64_t>(state_ >> 64);
  const auto low = static_cast<std::uint64_t>(state_);
  return std::rotr(high ^ low, static_cast<int>(high >> 58));
}

std::uint32_t NumpyGenerator::next_u32() {
  if (has_kept_half_) {
    has_kept_half_ = false;
    return kept_half_;
  }
  const std::uint64_t both = next_u64();
  kept_half_ = static_cast<std::uint32_t>(both >> 32);
  has_kept_half_ = true;
  return static_cast<std::uint32_t>(both);
}

std::uint64_t NumpyGenerator::bounded(std::uint64_t max) {
  if (max == 0) return 0;
  if (max == 0xffffffffU) return next_u32();
  if (max < 0xffffffffU) {
    const auto count = static_cast<std::uint32_t>(max + 1);
    const std::uint32_t threshold = (0U - count) % count;
    std::uint64_t product = std::uint64_t{next_u32()} * count;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next_u32()} * count;
    return product >> 32;
  }
  const std::uint64_t count = max + 1;
  if (count == 0) return next_u64();
  const std::uint64_t threshold = (std::uint64_t{0} - count) % count;
  Word128 product = Word128{next_u64()} * count;
  while (static_cast<std::uint64_t>(product) < threshold) product = Word128{next_u64()} * count;
  return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t NumpyGenerator::choice(std::int64_t n) {
  check_population("Generator.choice", n);
  return static_cast<std::int64_t>(bounded(static_cast<std::uint64_t>(n - 1)));
}

template <class Index>
void NumpyGenerator::shuffle_down_to(std::int64_t first, std::vector<Index>& values) {
  for (auto i = static_cast<std::int64_t>(values.size()) - 1; i >= first; --i) {
    std::swap(values[static_cast<std::size_t>(i)], values[bounded(static_cast<std::uint64_t>(i))]);
  }
}

template <class Index>
std::vector<std::int64_t> NumpyGenerator::tail_of_shuffled(std::int64_t n, std::int64_t size) {
  std::vector<Index> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), Index{0});
  shuffle_down_to(std::max<std::int64_t>(n - size, 1), values);
  return {values.end() - size, values.end()};
}

std::vector<std::int64_t> NumpyGenerator::choice_without_replacement(std::int64_t n, std::int64_t size) {
  check_sample("Generator.choice", n, size);
  if (n > 10000 && size > n / 50) {
    return n <= std::int64_t{1} << 32 ? tail_of_shuffled<std::uint32_t>(n, size)
                                      : tail_of_shuffled<std::int64_t>(n, size);
  }
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(size));
  std::unordered_set<std::int64_t> drawn(static_cast<std::size_t>(size));
  for (std::int64_t last = n - size; last < n; ++last) {
    const auto value = static_cast<std::int64_t>(bounded(static_cast<std::uint64_t>(last)));
    values.push_back(drawn.contains(value) ? last : value);
    drawn.insert(values.back());
  }
  shuffle_down_to(1, values);
  return values;
}

}  // namespace elegans
