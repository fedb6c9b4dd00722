#include "cli/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/allocation_count.hpp"
#include "elegans/base/error.hpp"

namespace elegans::cli {

StreamFigures stream(Policy& policy, const train::Dataset& data) {
  using Clock = std::chrono::steady_clock;
  StreamFigures figures;
  for (std::size_t s = 0; s < data.size(); ++s) figures.steps += data.steps(s);
  if (figures.steps == 0) throw InternalError("there is nothing to stream");
  std::vector<double> microseconds(figures.steps);
  std::vector<double> action(policy.action_size());
  const std::size_t width = data.feature_count();

  Status status;
  std::size_t step = 0;
  const std::uint64_t before = allocations();
  for (std::size_t s = 0; s < data.size() && status; ++s) {
    policy.reset();
    const auto features = data.features(s), dt = data.dt(s);
    for (std::size_t t = 0; t < data.steps(s) && status; ++t) {
      const auto began = Clock::now();
      status = policy.step(features.subspan(t * width, width), dt[t], action);
      microseconds[step++] = std::chrono::duration<double, std::micro>(Clock::now() - began).count();
    }
    const auto best = std::max_element(action.begin(), action.end()) - action.begin();
    if (best == data.labels(s).back()) ++figures.correct;
  }
  figures.allocations = allocations() - before;

  if (!status) throw InternalError(fmt::format("a step was refused: {}", policy.describe(status)));
  std::sort(microseconds.begin(), microseconds.end());
  figures.median_us = microseconds[figures.steps / 2];
  figures.p99_us = microseconds[figures.steps * 99 / 100];
  figures.max_us = microseconds.back();
  return figures;
}

}  // namespace elegans::cli
