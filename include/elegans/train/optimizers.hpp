#pragma once
// The optimizers of the literature, as torch.optim computes them.
//
// Step t = 1, 2, …, learning rate η, clipped gradient g with weight decay λθ added where that is coupled
// (train/optimizer.hpp says in which order), everything elementwise, moments 0 at first:
//
//     SGD       m ← momentum·m + g                            θ ← θ − η·m, or with Nesterov θ ← θ − η·(g + momentum·m)
//     Adam      m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²        θ ← θ − η/(1−β₁ᵗ) · m/(√v/√(1−β₂ᵗ) + ε)
//     AdamW     as Adam, its weight decay decoupled
//     AMSGrad   as Adam with v̂ ← max(v̂, v) in place of v in the update (the maximum of the uncorrected v)
//     Nadam     m, v as Adam, d = √v/√(1−β₂ᵗ) + ε             θ ← θ − η(1−μₜ)/(1−Πₜ)·g/d − ημₜ₊₁/(1−Πₜ₊₁)·m/d
//               μₜ = β₁(1 − 0.96^(t·momentum_decay)/2)        Πₜ = μ₁⋯μₜ
//     RMSprop   v ← ρv + (1−ρ)g², centered: a ← ρa + (1−ρ)g   m ← momentum·m + g/d,  θ ← θ − ηm
//               d = √v + ε, centered: √max(v − a², 0) + ε
//     Adagrad   s ← s + g², at first initial_accumulator_value   θ ← θ − ηg/(√s + ε)
//     Lion      θ ← θ − η·sign(β₁m + (1−β₁)g),  then m ← β₂m + (1−β₂)g        sign(0) = 0; weight decay decoupled
//
// η stands outside of SGD's m (Keras: inside), ε beside the corrected root. A number whose gradient is 0 at every step
// keeps its value, weight decay apart.
//
// Bytes of memory traffic a parameter in f32 (f64: twice), all arrays read and written once, and of state:
//
//     SGD 12, with momentum 20 | 0, 4      Adam, AdamW, Nadam 28 | 8      AMSGrad 36 | 12      Adagrad, Lion 20 | 4
//     RMSprop 20, + 8 for momentum, + 8 for centered | 4, + 4, + 4
//
// Clipping by norm reads g once more before; averages of weights are 8 bytes more. Trainer::explain() and `elegans train
// --explain` show both of the executables at hand. (The gradients function of a trainer reads g, too, to see that it is
// finite.)
//
// Every conversion to an Optimizer throws ConfigError naming optimizer and option for what is out of its range.
//
// Sources: Polyak, 1964 and Nesterov, 1983 (SGD); Kingma and Ba, ICLR 2015 (Adam); Loshchilov and Hutter, ICLR 2019
// (AdamW); Reddi, Kale and Kumar, ICLR 2018 (AMSGrad); Dozat, 2016 (Nadam); Tieleman and Hinton, 2012, and Graves, 2013
// (RMSprop); Duchi, Hazan and Singer, 2011 (Adagrad); Chen et al., 2023 (Lion).

#include <string_view>

#include "elegans/train/optimizer.hpp"

namespace elegans::train {

// Everywhere: learning_rate finite and >= 0, weight_decay finite and >= 0, ε finite and > 0; momentum, ρ, β₁ and β₂ in
// [0, 1).

struct SGD {
  double learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;  // needs momentum
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct Adam {
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct AdamW {
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct AMSGrad {
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct Nadam {
  double learning_rate = 2e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double momentum_decay = 4e-3;  // finite, >= 0
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct RMSprop {
  double learning_rate = 0.01;
  double rho = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct Adagrad {
  double learning_rate = 0.01;
  double epsilon = 1e-10;
  double initial_accumulator_value = 0;  // finite, >= 0
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

struct Lion {
  double learning_rate = 1e-4;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  double weight_decay = 0;
  operator Optimizer() const;  // NOLINT: it is an optimizer
};

// "sgd", "adam", "adamw", "amsgrad", "nadam", "rmsprop", "adagrad" or "lion" with this learning rate and else the
// defaults; ConfigError with the nearest names for another.
Optimizer optimizer_named(std::string_view name, double learning_rate);
std::span<const std::string_view> optimizer_names();

}  // namespace elegans::train
