#pragma once
// The forward pass of a model as one graph, written and compiled: what predictions, policies and summaries run.
//
//   inputs     "x" [batch, time, features] or [batch, features], "timespans" [batch, time], "lengths" i32 [batch],
//              "mask" [batch, time], "weight/<path>", "state/<path>" [batch, …]
//   outputs    "y" [batch, time, outputs] or [batch, outputs], "next/<path>" [batch, …]

#include <string>
#include <utility>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

struct ForwardOptions {
  bool timespans = false;      // whether Δt is an input; `timespan` otherwise
  double timespan = 1;         // in time units
  bool lengths = false;        // whether lengths are; sequences are full otherwise
  bool mask = false;           // whether a mask of steps is; no step is skipped otherwise
  bool expose_states = false;  // whether states go in and come out; they start afresh otherwise
  friend bool operator==(const ForwardOptions&, const ForwardOptions&) = default;
};

struct ForwardGraph {
  graph::Graph graph;
  std::vector<std::pair<nn::WeightPtr, std::string>> weights;  // with their inputs
  std::vector<std::pair<std::string, ops::Type>> states;       // path and type, in the order of the layers
};

// `model` must be built (ConfigError).
ForwardGraph write_forward(Sequential& model, const ForwardOptions& options);

// The numbers with which the states of one stream begin, one tensor [1, …] each, in the order of ForwardGraph::states.
std::vector<Tensor> first_states(Sequential& model, kernels::Target target = kernels::Target::best);

}  // namespace elegans::model
