#pragma once
// One step of a model for one sample, as a policy runs it: weights do not change any more, so all that depends on them
// alone is computed once, when the step is written.
//
//   inputs     "x" [1, 1, features] or [1, features], "timespans" [1, 1], "state/<path>" [1, …], and `constants`
//   outputs    "y" [1, 1, outputs] or [1, outputs], "next/<path>" [1, …]

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

struct StepOptions {
  kernels::Target target = kernels::Target::best;  // on which constants are computed
  // Δt of every step in time units, folded into the weights (graph/passes/fold.hpp); an input where it is not given and
  // the model has time.
  std::optional<double> timespan = {};
  bool fast_activations = false;  // graph/passes/fast.hpp
};

struct Step {
  graph::Graph graph;                                     // optimised
  std::vector<std::pair<std::string, Tensor>> constants;  // by input: weights, and what is computed from them
  std::vector<std::pair<std::string, ops::Type>> states;  // path and type, in the order of the layers
  std::vector<graph::PassReport> reports;                 // what the passes did

  // The executable with its constants bound, which must outlive it.
  graph::Executable compile(kernels::Target target) const;
};

// `model` must be built and streamable (ConfigError).
Step write_step(Sequential& model, const StepOptions& options = {});

}  // namespace elegans::model
