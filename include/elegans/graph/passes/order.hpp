#pragma once
// Connections in the order in which sums by target become sums of vectors (ops/connections.hpp, Levels).
//
//     inside turned loops:    a = gather(v; by source);  b = f(a, w);  s = scatter_sum(b; by target)
//                          →  the same over the connections level by level, with w in that order, too
//
// A level holds at most one connection of a target: neighbours do not wait for each other's sum, and for a single
// sample a level is added as a whole. Weights are brought into the order in front of the loop, sums over steps back
// behind it; what it stacks stays in order for a loop that reads it step by step, as the gradient's does. A target's
// connections keep their order, and so its sum its bits.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph order(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
