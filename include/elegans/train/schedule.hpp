#pragma once
// Learning rates that change from update to update.
//
//     TrainerOptions options{.optimizer = Adam{.learning_rate = 0.01}, .schedule = CosineDecay{.warmup_steps = 100}};
//
// η is the optimizer's rate (or what Trainer::set_learning_rate made of it), t = 0, 1, … counts the updates of a fit;
// in a loop of one's own, those of the trainer. Everything is computed in f64.
//
//     StepDecay          η·gamma^⌊t/step_size⌋
//     ExponentialDecay   η·decay_rate^(t/decay_steps)                              t/decay_steps is not rounded
//     CosineDecay        t < W: a + (η − a)·t/W, then m + (η − m)(1 + cos(π·min((t − W)/D, 1)))/2
//     Warmup             t < W: a + (r₀ − a)·t/W, then `then` at t − W, whose first rate is r₀; η where there is none
//     OneCycle           from η/div_factor up to η in the first share S of all updates, then down to
//                        η/(div_factor·final_div_factor), both along half a cosine: with T updates and P = S·T − 1
//                        t <= P: up at t/P, else down at (t − P)/(T − 1 − P)
//
//     a = warmup_start, W = warmup_steps, m = minimum, D = decay_steps
//
// Lengths are numbers of updates; steps_per_epoch() makes them from epochs. CosineDecay and OneCycle without a length
// of their own end with the fit.
//
// Sources: Goyal et al., 2017 (warm-up); Loshchilov and Hutter, "SGDR", ICLR 2017 (cosine); Smith and Topin,
// "Super-convergence", 2018, in the two phases of torch's OneCycleLR, without its change of momentum.
//
// One of one's own is a Schedule with a function.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace elegans::train {

struct ScheduleInputs {
  double learning_rate = 0;  // η
  std::uint64_t step = 0;    // t
  // Of the whole fit; 0 in a loop of one's own. Where epochs differ (train/segments.hpp) it is exact for a schedule that
  // ends with the fit; for others as if all were like the first.
  std::uint64_t steps = 0;
};

struct Schedule {
  std::string name = "constant";
  // Runs at every step: no allocation, no exception. None: η at every step.
  std::function<double(const ScheduleInputs&)> rate = {};
  bool ends_with_fit = false;  // needs ScheduleInputs::steps
  // Options as text. By it, a checkpoint is refused that was written under another schedule.
  std::string settings = {};

  double at(const ScheduleInputs& in) const { return rate ? rate(in) : in.learning_rate; }
};

// "cosine (minimum 0, decay_steps 400)"
std::string to_string(const Schedule& schedule);

// Every conversion to a Schedule throws ConfigError naming schedule and option for what is out of its range: rates and
// factors finite and >= 0, lengths 1 or more unless said otherwise.

struct StepDecay {
  std::uint64_t step_size = 1;
  double gamma = 0.1;
  operator Schedule() const;  // NOLINT: it is a schedule
};

struct ExponentialDecay {
  double decay_rate = 0.96;
  std::uint64_t decay_steps = 1;
  operator Schedule() const;  // NOLINT: it is a schedule
};

struct CosineDecay {
  double minimum = 0;
  double warmup_start = 0;
  std::uint64_t warmup_steps = 0;  // 0: none
  std::uint64_t decay_steps = 0;   // 0: what is left of the fit after the warm-up
  operator Schedule() const;       // NOLINT: it is a schedule
};

struct Warmup {
  std::uint64_t warmup_steps = 0;  // 0: none
  double warmup_start = 0;
  Schedule then = {};
  operator Schedule() const;  // NOLINT: it is a schedule
};

struct OneCycle {
  double rise = 0.3;              // S, above 0 and below 1
  double div_factor = 25;         // > 0
  double final_div_factor = 1e4;  // > 0
  std::uint64_t steps = 0;        // T; 0: those of the fit
  operator Schedule() const;      // NOLINT: it is a schedule
};

// Updates of one epoch: ⌈⌈sequences / batch_size⌉ / gradient_accumulation_steps⌉.
std::uint64_t steps_per_epoch(std::size_t sequences, std::size_t batch_size,
                              std::size_t gradient_accumulation_steps = 1);

}  // namespace elegans::train
