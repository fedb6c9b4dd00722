#pragma once
// What can be left out where a graph always runs for the same extents, as a policy does for one sample and one step.
//
//     shapes         [batch, time, 3]                      →  [1, 1, 3]
//     short loops    scan over 1 step: h ← f(h, x[0])      →  h₁ = f(h₀, x₀)
//                    scan over 6 steps                     →  six times the body, one after the other
//
// Loops are written out up to `most_steps` steps and `most_nodes` nodes. The bits stay the same, but for a sum of a loop
// that is the term of a sum around it: written out, its own terms are added first (accumulate.hpp).

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

inline constexpr std::int64_t most_steps = 16;
inline constexpr std::size_t most_nodes = 512;

Graph exact(const Graph& graph, const Extents& extents, PassReport& report);

}  // namespace elegans::graph
