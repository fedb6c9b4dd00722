#include "elegans/train/schedule.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "elegans/base/error.hpp"

namespace elegans::train {
namespace {

void require(bool fits, const char* schedule, const char* option, double actual, const char* required) {
  if (!fits) throw ConfigError({schedule, option, fmt::format("{}", actual), required, ""});
}
void require_rate(const char* schedule, const char* option, double value) {
  require(std::isfinite(value) && value >= 0, schedule, option, value, "a finite number >= 0");
}
void require_length(const char* schedule, const char* option, std::uint64_t steps) {
  require(steps > 0, schedule, option, 0, "1 or more");
}

// From `from` at share 0 to `to` at share 1 along half a cosine.
double along_cosine(double from, double to, double share) noexcept {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

double as_number(std::uint64_t steps) { return static_cast<double>(steps); }

}  // namespace

std::string to_string(const Schedule& schedule) {
  return schedule.settings.empty() ? schedule.name : fmt::format("{} ({})", schedule.name, schedule.settings);
}

StepDecay::operator Schedule() const {
  require_length("StepDecay", "step_size", step_size);
  require_rate("StepDecay", "gamma", gamma);
  return {.name = "step",
          .rate =
              [o = *this](const ScheduleInputs& in) {
                return in.learning_rate * std::pow(o.gamma, as_number(in.step / o.step_size));
              },
          .settings = fmt::format("step_size {}, gamma {}", step_size, gamma)};
}

ExponentialDecay::operator Schedule() const {
  require_rate("ExponentialDecay", "decay_rate", decay_rate);
  require_length("ExponentialDecay", "decay_steps", decay_steps);
  return {.name = "exponential",
          .rate =
              [o = *this](const ScheduleInputs& in) {
                return in.learning_rate * std::pow(o.decay_rate, as_number(in.step) / as_number(o.decay_steps));
              },
          .settings = fmt::format("decay_rate {}, decay_steps {}", decay_rate, decay_steps)};
}

Warmup::operator Schedule() const {
  require_rate("Warmup", "warmup_start", warmup_start);
  if (warmup_steps == 0) return then;
  return {.name = "warmup",
          .rate =
              [o = *this](const ScheduleInputs& in) {
                const std::uint64_t w = o.warmup_steps;
                ScheduleInputs later{in.learning_rate, in.step < w ? 0 : in.step - w, in.steps < w ? 0 : in.steps - w};
                const double rate = o.then.at(later);
                if (in.step >= w) return rate;
                return o.warmup_start + (rate - o.warmup_start) * as_number(in.step) / as_number(w);
              },
          .ends_with_fit = then.ends_with_fit,
          .settings =
              fmt::format("warmup_start {}, warmup_steps {}, then {}", warmup_start, warmup_steps, to_string(then))};
}

CosineDecay::operator Schedule() const {
  require_rate("CosineDecay", "minimum", minimum);
  const Schedule fall{.name = "cosine",
                      .rate =
                          [minimum = minimum, decay_steps = decay_steps](const ScheduleInputs& in) {
                            const std::uint64_t steps =
                                std::max<std::uint64_t>(decay_steps > 0 ? decay_steps : in.steps, 1);
                            const double share = std::min(1.0, as_number(in.step) / as_number(steps));
                            return along_cosine(in.learning_rate, minimum, share);
                          },
                      .ends_with_fit = decay_steps == 0,
                      .settings = fmt::format("minimum {}, decay_steps {}", minimum, decay_steps)};
  return Warmup{.warmup_steps = warmup_steps, .warmup_start = warmup_start, .then = fall};
}

OneCycle::operator Schedule() const {
  require(rise > 0 && rise < 1, "OneCycle", "rise", rise, "above 0 and below 1");
  require(std::isfinite(div_factor) && div_factor > 0, "OneCycle", "div_factor", div_factor, "a finite number > 0");
  require(std::isfinite(final_div_factor) && final_div_factor > 0, "OneCycle", "final_div_factor", final_div_factor,
          "a finite number > 0");
  return {.name = "one_cycle",
          .rate =
              [o = *this](const ScheduleInputs& in) {
                const double last = as_number(o.steps > 0 ? o.steps : in.steps) - 1, peak = o.rise * (last + 1) - 1;
                const double first_rate = in.learning_rate / o.div_factor, t = std::min(as_number(in.step), last);
                if (t < peak) return along_cosine(first_rate, in.learning_rate, t / peak);
                const double from = std::max(peak, 0.0), share = last > from ? (t - from) / (last - from) : 1;
                return along_cosine(in.learning_rate, first_rate / o.final_div_factor, share);
              },
          .ends_with_fit = steps == 0,
          .settings = fmt::format("rise {}, div_factor {}, final_div_factor {}, steps {}", rise, div_factor,
                                  final_div_factor, steps)};
}

std::uint64_t steps_per_epoch(std::size_t sequences, std::size_t batch_size, std::size_t gradient_accumulation_steps) {
  const auto divided = [](std::size_t a, std::size_t b) { return a / b + (a % b > 0 ? 1 : 0); };
  return divided(divided(sequences, batch_size), gradient_accumulation_steps);
}

}  // namespace elegans::train
