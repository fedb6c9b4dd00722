#pragma once
// What an optimizer is: functions that write one update of all parameters at once. train/optimizers.hpp has those of the
// literature.
//
// The trainable weights of a model lie one after the other in one array θ [P], their gradients in another, and so do
// the moments that an optimizer keeps. An update is a graph over these arrays that runs in place, everything
// elementwise, so that it becomes one pass that reads and writes each array once. Step t = 1, 2, …, learning rate η,
// gradient g. In this order:
//
//     clipping         g ← g·min(1, c/‖g‖), ‖g‖ over all parameters        TrainerOptions::clip_norm
//                      or g ← min(max(g, −c), c)                           TrainerOptions::clip_value
//     weight decay λ   g ← g + λθ, or decoupled θ ← θ − ηλθ                Optimizer::weight_decay, decay
//     the update       new moments and θ from moments, g and η             Optimizer::write
//     constraints      the nearest admissible weights                      nn/constraint.hpp
//     averages         e ← d·e + (1 − d)·θ                                 TrainerOptions::ema_decay
//
// What changes from step to step, η and what depends on t, are scalars computed in f64 and handed in as factors, so
// that nothing is compiled again.
//
// One of one's own gives the same parts:
//
//     Optimizer signs{.name = "sign", .learning_rate = 1e-4, .factors = {"rate"},
//                     .set_factors = [](std::uint64_t, double rate, std::span<double> f) { f[0] = rate; },
//                     .write = [](const UpdateInputs& in) {
//                       return Update{.parameters = in.parameters - in.factors[0] * sign(in.gradients)};
//                     }};

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "elegans/graph/functions.hpp"

namespace elegans::train {

using graph::Value;

// Arrays of one shape: [P], or that of a weight with a constraint, which is updated by itself.
struct UpdateInputs {
  Value parameters;
  Value gradients;
  std::vector<Value> moments;  // in the order of Optimizer::moments
  std::vector<Value> factors;  // scalars [], in the order of Optimizer::factors
};

struct Update {
  Value parameters;
  std::vector<Value> moments = {};
};

// An array like the parameters that is kept from step to step.
struct Moment {
  std::string name;
  double first = 0;  // what all its numbers are before the first step
};

enum class WeightDecay {
  coupled,    // g ← g + λθ: the gradient of λ/2·Σθ²
  decoupled,  // θ ← θ − ηλθ (Loshchilov and Hutter, 2019)
};

struct Optimizer {
  std::string name;
  double learning_rate = 1e-3;  // at first: a schedule and Trainer::set_learning_rate change it
  double weight_decay = 0;      // λ; a parameter group may have another
  WeightDecay decay = WeightDecay::coupled;
  std::vector<Moment> moments = {};
  std::vector<std::string> factors = {};  // names of scalars
  // The factors of update number `step` (from 1) into `factors`. Runs at every step: no allocation, no exception.
  std::function<void(std::uint64_t step, double learning_rate, std::span<double> factors)> set_factors;
  std::function<Update(const UpdateInputs&)> write;
  // Options that decide what is written, as text: "beta_1 0.9, beta_2 0.999". By it, a checkpoint is refused that
  // another optimizer wrote.
  std::string settings = {};
};

// What an update costs of memory, a parameter.
struct UpdateBytes {
  double traffic = 0;  // read and written
  double state = 0;    // kept from step to step: moments and averages
};

// "adam (beta_1 0.9, beta_2 0.999, epsilon 1e-08), weight_decay 0.01 decoupled"
std::string to_string(const Optimizer& optimizer);

}  // namespace elegans::train
