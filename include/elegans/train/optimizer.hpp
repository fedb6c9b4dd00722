#pragma once
// How weights follow their gradients: functions that write one update of all parameters at once.
//
// All trainable weights of a model lie one after the other in one array θ [P], their gradients in another, and so do
// the moments that an optimizer keeps (0 at first). An update is a graph over these arrays that runs in place. Step t =
// 1, 2, …, learning rate η, gradient g (clipped already, see TrainerOptions::clip_norm), everything elementwise:
//
//     SGD     m ← momentum·m + g                      θ ← θ − η·m
//     Adam    m ← β₁·m + (1 − β₁)·g                   θ ← θ − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
//             v ← β₂·v + (1 − β₂)·g²
//
// as torch.optim has them (η outside SGD's m, ε beside the corrected root). What changes from step to step, η and the
// corrections, are scalars computed in f64 and handed in, so that nothing is compiled again.
//
// Sources: Polyak, 1964; Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
//
// One of one's own gives the same parts:
//
//     Optimizer lion{.name = "sign", .learning_rate = 1e-4, .factors = {"rate"},
//                    .set_factors = [](std::uint64_t, double rate, std::span<double> f) { f[0] = rate; },
//                    .write = [](const UpdateInputs& in) {
//                      return Update{.parameters = in.parameters - in.factors[0] * sign(in.gradients)};
//                    }};

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/graph/functions.hpp"

namespace elegans::train {

using graph::Value;

struct UpdateInputs {
  Value parameters;            // [P]
  Value gradients;             // [P]
  std::vector<Value> moments;  // [P] each, in the order of Optimizer::moments
  std::vector<Value> factors;  // scalars [], in the order of Optimizer::factors
};

struct Update {
  Value parameters;
  std::vector<Value> moments = {};
};

struct Optimizer {
  std::string name;
  double learning_rate = 1e-3;            // at first; Trainer::set_learning_rate changes it
  std::vector<std::string> moments = {};  // names of arrays like the parameters
  std::vector<std::string> factors = {};  // names of scalars
  // The factors of update number `step` (from 1) into `factors`. Runs at every step: no allocation, no exception.
  std::function<void(std::uint64_t step, double learning_rate, std::span<double> factors)> set_factors;
  std::function<Update(const UpdateInputs&)> write;
};

// ConfigError naming optimizer and option where a learning rate is not a number >= 0, momentum, β₁ or β₂ not in [0, 1)
// or ε not > 0.
struct SGD {
  double learning_rate = 0.01;
  double momentum = 0;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct Adam {
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

// "sgd" or "adam" with this learning rate and else the defaults; ConfigError with the nearest names for another.
Optimizer optimizer_named(std::string_view name, double learning_rate);

}  // namespace elegans::train
