#pragma once
// Checks that the optimizers share, and what all of them are made from.

#include "elegans/train/optimizer.hpp"

namespace elegans::train {

void require_at_least_0(const char* optimizer, const char* option, double value);
void require_above_0(const char* optimizer, const char* option, double value);
void require_fraction(const char* optimizer, const char* option, double value);  // [0, 1)

// An Optimizer with checked rate and weight decay, which only lacks its functions.
struct CommonOptions {
  const char* type;  // "Adam", for messages
  const char* name;  // "adam"
  double learning_rate;
  double weight_decay;
  WeightDecay decay;
};
Optimizer optimizer_with(const CommonOptions& options);

inline WeightDecay decay_of(bool decoupled) { return decoupled ? WeightDecay::decoupled : WeightDecay::coupled; }

// factors[0] = η.
inline void rate_alone(std::uint64_t, double rate, std::span<double> factors) { factors[0] = rate; }

// Running mean: x·decay + y·(1 − decay).
inline Value mean(const Value& x, double decay, const Value& y) { return x * decay + y * (1 - decay); }

}  // namespace elegans::train
