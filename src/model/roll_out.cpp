#include "elegans/model/roll_out.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <limits>

namespace elegans::model {
namespace {

void require_size(const char* argument, std::size_t actual, std::size_t required) {
  if (actual != required)
    throw ShapeError({"roll_out", fmt::format("the size of {}", argument), fmt::format("{}", actual),
                      fmt::format("{}", required), ""});
}

// The largest number where it is larger: no array has so many.
std::size_t product(std::size_t a, std::size_t b) {
  std::size_t all = 0;
  return __builtin_mul_overflow(a, b, &all) ? std::numeric_limits<std::size_t>::max() : all;
}

void check(const Policy& policy, std::span<double> observation, const RollOutOptions& options,
           std::span<double> answers) {
  const Preprocessing& p = policy.preprocessing();
  if (p.horizon != 1)
    throw ConfigError({"roll_out", "the horizon of the model", fmt::format("{}", p.horizon),
                       "1, for what it foresees is its next observation",
                       "Train on forecast(data): elegans train --horizon 1."});
  require_size("observation", observation.size(), policy.observation_size());
  require_size("answers", answers.size(), product(options.steps, policy.action_size()));
  if (!options.others.empty())
    require_size("others", options.others.size(), product(options.steps, policy.observation_size()));
}

}  // namespace

Status roll_out(Policy& policy, std::span<double> observation, const RollOutOptions& options,
                std::span<double> answers) {
  check(policy, observation, options, answers);
  const Preprocessing& p = policy.preprocessing();
  const std::size_t inputs = observation.size(), outputs = policy.action_size();
  for (std::size_t t = 0; t < options.steps; ++t) {
    const std::span<double> answer = answers.subspan(t * outputs, outputs);
    if (const Status status = policy.step(observation, options.dt, answer); !status) return status;
    for (std::size_t f = 0; f < inputs; ++f) {
      const auto target = std::find(p.targets.begin(), p.targets.end(), p.features[f]);
      if (target != p.targets.end())
        observation[f] = answer[static_cast<std::size_t>(target - p.targets.begin())];
      else if (!options.others.empty())
        observation[f] = options.others[t * inputs + f];
    }
  }
  return {};
}

}  // namespace elegans::model
