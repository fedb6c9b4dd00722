#include "e2e/ingredients.hpp"

#include <algorithm>
#include <chrono>

#include "e2e/loops.hpp"
#include "elegans/base/aligned_buffer.hpp"

namespace elegans::bench {
namespace {

constexpr std::size_t largest = std::size_t{256} << 20;

// The best of several runs, in amounts per second: nothing but the machine itself may be in the way. `run` returns its
// amount.
template <class Run>
double best_rate(const Run& run) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  const auto end = Clock::now() + std::chrono::milliseconds(60);
  for (int repeat = 0; repeat < 3 || Clock::now() < end; ++repeat) {
    const auto begin = Clock::now();
    const double amount = run();
    best = std::max(best, amount / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

// Enough of them that the clock is no part of what is measured.
std::size_t repeats(std::size_t bytes) { return std::max<std::size_t>(1, (std::size_t{1} << 20) / bytes); }

// Octaves; quarters of them where first-level caches end, for there the bandwidth falls to a half within a few KB.
std::size_t next_size(std::size_t bytes) {
  constexpr std::size_t first = 16384, last = 131072;
  std::size_t octave = first;
  while (octave * 2 <= bytes) octave *= 2;
  return bytes >= first && bytes < last ? bytes + octave / 4 : bytes * 2;
}

template <class Function>
double nanoseconds_each(Function function) {
  constexpr std::size_t n = 1024;
  alignas(64) static float x[n], y[n];
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i % 37) * 0.25F - 4.0F;
  return 1e9 / best_rate([&] {
           for (int i = 0; i < 100; ++i) function(x, y, n);
           return 100.0 * n;
         });
}

}  // namespace

Ingredients measure_ingredients() {
  Ingredients result;
  volatile float sink = 0;
  result.flop_per_second = best_rate([&] {
    float sum = 0;
    const double operations = loops::multiply_add(20000, &sum);
    sink = sum;
    return operations;
  });
  result.sigmoid_ns = nanoseconds_each(loops::sigmoid);
  result.tanh_ns = nanoseconds_each(loops::tanh);

  AlignedBuffer memory(largest);
  auto* x = reinterpret_cast<float*>(memory.data());
  std::fill_n(x, largest / sizeof(float), 1.0F);
  for (std::size_t bytes = 4096; bytes <= largest; bytes = next_size(bytes)) {
    const std::size_t n = bytes / sizeof(float), times = repeats(bytes);
    result.read.push_back({bytes, best_rate([&] {
                             for (std::size_t i = 0; i < times; ++i) sink = loops::read(x, n);
                             return static_cast<double>(times * bytes);
                           })});
    result.copy.push_back({bytes, best_rate([&] {
                             for (std::size_t i = 0; i < times; ++i) loops::copy(x, x + n / 2, n / 2);
                             return static_cast<double>(times * bytes);
                           })});
  }
  return result;
}

}  // namespace elegans::bench
