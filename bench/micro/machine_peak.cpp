#include "micro/machine_peak.hpp"

#include <benchmark/benchmark.h>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <limits>

#if ELEGANS_SIMD

#include "kernels/simd/dispatch.hpp"
#include "kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "micro/machine_peak.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

// Returns the number of operations.
double multiply_add(int steps, float* result) {
  constexpr std::size_t chains = 12;
  const hn::ScalableTag<float> d;
  hn::Vec<decltype(d)> sums[chains];
  const auto factor = hn::Set(d, 0.5F);
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < chains; ++c) sums[c] = hn::Set(d, static_cast<float>(c));
  for (int i = 0; i < steps; ++i) {
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < chains; ++c) sums[c] = hn::MulAdd(sums[c], factor, factor);
  }
  ELEGANS_UNROLL
  for (std::size_t c = 1; c < chains; ++c) sums[0] = hn::Add(sums[0], sums[c]);
  *result = hn::GetLane(sums[0]);
  return 2.0 * steps * chains * static_cast<double>(hn::Lanes(d));
}

void copy(const float* x, float* y, std::size_t n) {
  const hn::ScalableTag<float> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) hn::Store(hn::Load(d, x + i), d, y + i);
}

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
HWY_EXPORT(multiply_add);
HWY_EXPORT(copy);

double best_multiply_add(int steps, float* result) {
  static const std::int64_t target = best_target(std::getenv("ELEGANS_TARGET"));
  const auto& functions = HWY_DISPATCH_TABLE(multiply_add);
  return functions[simd::entry_of(target, std::size(functions))](steps, result);
}

void best_copy(const float* x, float* y, std::size_t n) {
  static const std::int64_t target = best_target(std::getenv("ELEGANS_TARGET"));
  const auto& functions = HWY_DISPATCH_TABLE(copy);
  functions[simd::entry_of(target, std::size(functions))](x, y, n);
}

}  // namespace elegans::kernels

namespace elegans::bench {
namespace {

// The best of several runs, in amounts per nanosecond. `run` returns its amount.
template <class Run>
double best_rate(const Run& run) {
  double best = 0;
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto begin = std::chrono::steady_clock::now();
    const double amount = run();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    best = std::max(best, amount / time.count());
  }
  return best;
}

}  // namespace

double peak_gflops() {
  static const double peak = best_rate([] {
    float result = 0;
    const double operations = kernels::best_multiply_add(200000, &result);
    benchmark::DoNotOptimize(result);
    return operations;
  });
  return peak;
}

double peak_gigabytes_per_second() {
  constexpr std::size_t n = 1024;
  alignas(64) static float x[n], y[n];
  static const double peak = best_rate([] {
    constexpr int repeats = 10000;
    for (int i = 0; i < repeats; ++i) {
      kernels::best_copy(x, y, n);
      benchmark::ClobberMemory();
    }
    return 2.0 * repeats * sizeof(x);
  });
  return peak;
}

}  // namespace elegans::bench
#endif

#else

namespace elegans::bench {

// Measured with Highway; a build without it has nothing to compare with.
double peak_gflops() { return std::numeric_limits<double>::quiet_NaN(); }
double peak_gigabytes_per_second() { return std::numeric_limits<double>::quiet_NaN(); }

}  // namespace elegans::bench

#endif
