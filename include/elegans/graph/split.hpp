#pragma once
// What of a graph depends on some of its inputs alone (weights that no longer change), to be computed once.
//
//     f(x; w) = tanh(x · softplus(w))      constant  w → s = softplus(w)
//                                          rest      x, s → tanh(x · s)
//
// Values that cross from one to the other are outputs of `constant` and inputs of `rest` under the same name.

#include <span>
#include <string>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

struct Split {
  Graph constant;  // inputs: those named that it reads; outputs: what crosses
  Graph rest;      // inputs: the others, those named that it reads itself, what crosses; outputs: those of the graph
};

// Splits an optimised graph. ConfigError where a name is no input.
Split split_constant(const Graph& graph, std::span<const std::string> names);

}  // namespace elegans::graph
