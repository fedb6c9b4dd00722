#pragma once
// The time of one call: the best of ten repeats of 2 ms, so that what else the machine does is mostly not in it.

#include <algorithm>
#include <chrono>
#include <limits>

namespace elegans::bench {

// Seconds. The clock is read after `at_once` calls each; reading it costs as much as a small kernel does.
template <class Work>
double seconds(const Work& work, int at_once = 1) {
  double best = std::numeric_limits<double>::max();
  for (int repeat = 0; repeat < 10; ++repeat) {
    int calls = 0;
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::duration<double> time{};
    for (; time.count() < 2e-3; time = std::chrono::steady_clock::now() - begin) {
      for (int i = 0; i < at_once; ++i, ++calls) work();
    }
    best = std::min(best, time.count() / calls);
  }
  return best;
}

}  // namespace elegans::bench
