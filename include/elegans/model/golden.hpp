#pragma once
// Golden vectors: a few steps of a model with their answers, kept in its file, by which whoever loads it (elegans on
// another machine, or a program in another language) sees that it computes the same.
//
// S steps of observations and Δt, drawn from the model's seed, from the first state on. Row k of a state stands before
// step k, row k + 1 after it, so every step can be checked by itself. Answers are what a policy gives: in the units of
// the targets, or logits.
//
// A model that cannot be run step by step has no states here: its answers are those to the whole sequence.

#include <string>
#include <utility>
#include <vector>

#include "elegans/model/preprocessing.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

// All numbers in the dtype of the model.
struct GoldenVectors {
  Tensor observations;                                 // [S, features], before standardisation; NaN: not measured
  Tensor timespans;                                    // [S], in seconds
  Tensor answers;                                      // [S, outputs], or [1, outputs] of one answer a sequence
  std::vector<std::pair<std::string, Tensor>> states;  // path; [S + 1, …]
};

// `network` must be built. ConfigError where it gives a number that is not finite.
GoldenVectors make_golden(Sequential& network, const Preprocessing& preprocessing,
                          kernels::Target target = kernels::Target::best);

// What this machine makes of the observations, Δt and states of `given`, each step from the given state before it.
GoldenVectors recompute(const GoldenVectors& given, Sequential& network, const Preprocessing& preprocessing,
                        kernels::Target target = kernels::Target::best);

// How far a number may lie from the one that a machine of another kind computed:
//
//   32 u √n · scale        u = 2^−24 (f32) or 2^−53 (f64), the error of one rounding; n the FLOP of a step
//
// Errors of n roundings add up to at most λ √n u with probability 1 − 2 e^(−λ²/2) (Higham & Mary, "A new approach to
// probabilistic rounding error analysis", 2019): λ = 4, times 8 for what a step may amplify. `scale` is the largest
// magnitude of the tensor, and at least 1, or the largest standard deviation of the targets.
double golden_bound(Dtype dtype, double flop, double scale);

}  // namespace elegans::model
