#pragma once
// NumPy's random generators, bit for bit, so that a seed selects the circuit it selects in Python.
//
// Two generators live in NumPy: the legacy numpy.random.RandomState (MT19937) and numpy.random.default_rng
// (SeedSequence → PCG64 XSL-RR). Only what circuits draw is here: choices. Anything else that is random in elegans
// takes its numbers from base/philox.hpp.
//
// Source: the generators' definitions (Matsumoto & Nishimura 1998; O'Neill 2014; Lemire 2019; Floyd in Bentley 1987) in
// the order in which NumPy 1.24 draws from them. Copying a generator copies its state.

#include <array>
#include <cstdint>
#include <vector>

namespace elegans {

// numpy.random.RandomState(seed).
class NumpyRandomState {
 public:
  // Largest seed that RandomState takes.
  static constexpr std::uint64_t max_seed = 0xffffffffU;

  // Knuth's initialisation. ConfigError where seed > max_seed.
  explicit NumpyRandomState(std::uint64_t seed);

  // The next 32 bits of the Mersenne twister.
  std::uint32_t next_u32();

  // choice(n): one index in [0, n), by masked rejection. n in [1, 2^32]; n = 1 draws nothing.
  std::int64_t choice(std::int64_t n);

  // choice(n, size, replace=False): the first `size` of a Fisher–Yates shuffle of 0 … n−1, which is drawn whole even
  // where size is 0. 0 <= size <= n. Takes memory for n indices.
  std::vector<std::int64_t> choice_without_replacement(std::int64_t n, std::int64_t size);

 private:
  void twist();
  std::uint32_t interval(std::uint32_t max);

  std::array<std::uint32_t, 624> key_;
  std::size_t position_;
};

// numpy.random.default_rng(seed).
class NumpyGenerator {
 public:
  explicit NumpyGenerator(std::uint64_t seed);

  std::uint64_t next_u64();
  // The low half of a 64-bit output first; the high half is kept for the next call.
  std::uint32_t next_u32();

  // choice(n): one index in [0, n) by Lemire's method (on 32 bits where n <= 2^32, else on 64). n >= 1; n = 1 draws
  // nothing.
  std::int64_t choice(std::int64_t n);

  // choice(n, size, replace=False): Floyd's set sampling and a shuffle, or, where n > 10 000 and size > n / 50, a
  // shuffle of the tail. 0 <= size <= n. Takes memory for `size` indices, or, where the tail is shuffled, for n.
  std::vector<std::int64_t> choice_without_replacement(std::int64_t n, std::int64_t size);

 private:
  // Uniform on [0, max].
  std::uint64_t bounded(std::uint64_t max);
  // Swaps values[i], for i from the last down to `first`, with one at or before it.
  template <class Index>
  void shuffle_down_to(std::int64_t first, std::vector<Index>& values);
  template <class Index>
  std::vector<std::int64_t> tail_of_shuffled(std::int64_t n, std::int64_t size);

  __extension__ using Word128 = unsigned __int128;
  Word128 state_ = 0;
  Word128 increment_ = 0;
  std::uint32_t kept_half_ = 0;
  bool has_kept_half_ = false;
};

}  // namespace elegans
