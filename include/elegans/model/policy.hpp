#pragma once
// A model in a control loop: one observation in, one action out, as often as you like.
//
//     Policy policy("gait.safetensors");
//     std::vector<float> action(policy.action_size());
//     while (running) {
//       if (Status status = policy.step(sensors(), seconds_since_last_step, action); !status) emergency_stop(status);
//     }
//
// A step standardises the observation, divides Δt by the time unit, runs the network for one step from its state, and
// gives the answer in the units of the targets, or as probabilities of classes. It is noexcept and allocates, locks and
// throws nothing. A NaN in a sporadic feature (model/sporadic.hpp) says that it was not measured at this step; what was
// last is part of the state. Whatever a step refuses, state and action are as they were:
//
//   wrong_size         the observation or the action has the wrong number of elements
//   not_finite         observation `item` is NaN or infinite, or too large for the network's dtype; item −1 is Δt.
//                      (Items behind the observation are inputs that tell of sporadic features.)
//   state_not_finite   number `item` of a state that is set is NaN or infinite, or too large
//   negative_time      Δt < 0
//   other_time         Δt is not the fixed one, or none was given and none is fixed
//   result_not_finite  the answer or the next state would not be finite; item is the number of the answer,
//                      −1 for the state
//
// Stepping through a sequence gives the same bits as predicting the whole of it (Sequential::predict), without
// fixed_dt and fast_activations. Numbers go in and come out as float or double, whatever the dtype of the network.
//
// A loop that runs at a fixed rate says so when it makes the policy, and gives no Δt to its steps:
//
//     Policy policy("gait.safetensors", {.fixed_dt = 0.002});
//     Status status = policy.step(sensors(), action);
//
// What weights and Δt make of one another is then computed once (graph/passes/fold.hpp): a gate σ((x a + u) Δt + (x b + v))
// costs one product instead of two. Such a policy rounds elsewhere: its answers are as good as those of one that is given
// Δt at each step, and differ by a few roundings, not the same bits as predicting a sequence.
//
// A policy takes a copy of the weights when it is made. It serves one stream and one thread; clone() makes another for
// a second stream, which shares the weights.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elegans/base/status.hpp"
#include "elegans/model/preprocessing.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

// What a classification answers: probabilities, which add up to 1, or the network's own numbers.
enum class Scores { probabilities, logits };

struct PolicyOptions {
  Scores scores = Scores::probabilities;
  kernels::Target target = kernels::Target::best;
  // Δt of every step in seconds, finite and at least 0, for which the network is folded; none: each step is given its own.
  std::optional<double> fixed_dt = {};
  // tanh and sigmoid within 0.00003 of their value, in less time (graph/passes/fast.hpp).
  bool fast_activations = false;
};

// Where a state of the network stands among the numbers of get_state.
struct PolicyState {
  std::string path;  // "ltc/v"; "sporadic/value" and "sporadic/elapsed" come last, where there are such features
  Shape shape;       // without the batch
  std::size_t offset;
  std::size_t size;
};

class Policy {
 public:
  // Loads a model file; errors are those of load_model (model/load.hpp).
  explicit Policy(const std::filesystem::path& file, const PolicyOptions& options = {});
  // From a model that is built. ConfigError where it cannot be run step by step (a layer that looks ahead in time), the
  // preprocessing does not fit it, or fixed_dt is not what it must be.
  explicit Policy(Sequential& network, Preprocessing preprocessing = {}, const PolicyOptions& options = {});
  ~Policy();
  Policy(Policy&&) noexcept;
  Policy& operator=(Policy&&) noexcept;
  // Another policy in the same state: memory and state of its own, the same weights.
  Policy clone() const;

  std::size_t observation_size() const noexcept;
  std::size_t action_size() const noexcept;
  const Preprocessing& preprocessing() const noexcept;  // names of features, targets and classes among others

  // observation [observation_size()], dt in seconds since the step before, action [action_size()], one number a target or
  // class. They may overlap. Where Δt is fixed, dt must be that very number (rounded to float for floats), or is left
  // out; where it is not, it must be given.
  Status step(std::span<const float> observation, float dt, std::span<float> action) noexcept;
  Status step(std::span<const double> observation, double dt, std::span<double> action) noexcept;
  Status step(std::span<const float> observation, std::span<float> action) noexcept;
  Status step(std::span<const double> observation, std::span<double> action) noexcept;

  // The state of a stream: state_size() numbers, one state after the other. Copies are snapshots: get_state into memory
  // made beforehand, set_state to come back. A state that is set must be finite, else it is refused (state_not_finite).
  std::size_t state_size() const noexcept;
  const std::vector<PolicyState>& states() const noexcept;
  Status get_state(std::span<float> out) const noexcept;  // rounds where the network is f64
  Status get_state(std::span<double> out) const noexcept;
  Status set_state(std::span<const float> state) noexcept;
  Status set_state(std::span<const double> state) noexcept;
  // Back to the state in which a sequence begins.
  void reset() noexcept;

  // A sentence for a status of this policy: "observation 2 ('speed') is NaN, infinite or too large for f32".
  std::string describe(const Status& status) const;
  // What became of the network: passes, nodes, the kernel of each and why (graph::Executable::explain).
  std::string explain() const;
  // Bytes that steps work in, weights and state not counted; arithmetic of one step.
  std::size_t arena_bytes() const;
  double flop_per_step() const;

 private:
  struct Network;
  struct Stream;
  explicit Policy(std::unique_ptr<Stream> stream);

  std::unique_ptr<Stream> stream_;
};

}  // namespace elegans::model

namespace elegans {
using model::Policy;
using model::PolicyOptions;
}  // namespace elegans
