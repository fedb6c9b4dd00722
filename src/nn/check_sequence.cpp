#include "nn/check_sequence.hpp"

#include <fmt/format.h>
#include <cmath>

namespace elegans::nn {

void check_timespans(const Module& module, const View& timespans, const std::optional<View>& lengths,
                     const std::optional<View>& mask) {
  ops::with_floating(timespans.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto numbers = timespans.as<T>();
    const std::size_t time = timespans.shape.rank() > 1 ? static_cast<std::size_t>(timespans.shape[1].factor()) : 1;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (std::isfinite(numbers[i]) && numbers[i] >= 0) continue;
      const std::size_t sample = i / time, step = i % time;
      if (lengths && static_cast<std::int64_t>(step) >= lengths->as<std::int32_t>()[sample]) continue;
      if (mask && mask->as<T>()[i] == 0) continue;
      throw ConfigError({.operation = module.path(),
                         .argument = fmt::format("Δt of sample {} at step {}", sample, step),
                         .actual = fmt::format("{}", numbers[i]),
                         .required = "a finite number >= 0",
                         .remedy = "It is the time since the step before."});
    }
  });
}

void check_mask(const Module& module, const View& mask) {
  ops::with_floating(mask.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto numbers = mask.as<T>();
    const auto time = static_cast<std::size_t>(mask.shape[1].factor());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (numbers[i] != 0 && numbers[i] != 1)
        throw ConfigError({.operation = module.path(),
                           .argument = fmt::format("the mask of sample {} at step {}", i / time, i % time),
                           .actual = fmt::format("{}", numbers[i]),
                           .required = "0 or 1",
                           .remedy = ""});
  });
}

void check_lengths(const Module& module, const View& lengths, std::int64_t time) {
  const auto numbers = lengths.as<std::int32_t>();
  for (std::size_t sample = 0; sample < numbers.size(); ++sample)
    if (numbers[sample] < 0 || numbers[sample] > time)
      throw ConfigError({.operation = module.path(),
                         .argument = fmt::format("the length of sample {}", sample),
                         .actual = std::to_string(numbers[sample]),
                         .required = fmt::format("0 … {}", time),
                         .remedy = ""});
}

}  // namespace elegans::nn
