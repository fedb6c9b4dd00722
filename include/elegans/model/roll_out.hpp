#pragma once
// A policy that runs on by itself: what it foresees becomes its next observation.
//
//     x ← the last observation
//     `steps` times:   y ← policy.step(x, dt);   x[f] ← y[f] for every feature f that is foreseen
//
// A model with Preprocessing::horizon 1 foresees the features that are its targets, too (train/forecast.hpp). The others
// keep their last value, or take those that are given for each step: a steering wheel whose movement is planned, say.
//
//     Policy policy("cheetah.safetensors");
//     for (…) policy.step(recorded, dt, answer);               the past
//     std::vector<double> future(100 * policy.action_size());
//     roll_out(policy, observation, {.steps = 100, .dt = 0.02}, future);

#include <span>

#include "elegans/model/policy.hpp"

namespace elegans::model {

struct RollOutOptions {
  std::size_t steps = 1;
  double dt = 1;  // seconds between steps
  // [steps, observation_size]: the observations of features that nobody foresees; what stands for the others is not
  // read. Row 0 belongs to the step behind `observation`. Empty: they keep their last value.
  std::span<const double> others = {};
};

// Steps the policy `steps` times from its state. `observation` [observation_size] is the last one that the policy has
// not seen yet, and is overwritten with the one that would come next; `answers` is [steps, action_size], row t what is
// foreseen from the observation of step t. Stops at the first status that is not ok. Allocates nothing.
//
// ConfigError, before anything runs, for a model of another horizon; ShapeError where sizes do not fit.
Status roll_out(Policy& policy, std::span<double> observation, const RollOutOptions& options,
                std::span<double> answers);

}  // namespace elegans::model
