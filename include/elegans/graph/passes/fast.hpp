#pragma once
// Fast activations, for who asks for them: tanh and sigmoid by shorter arithmetic.
//
//     tanh x  →  fast_tanh x        sigmoid x  →  fast_sigmoid x
//
// Each is then within 2^-15 and 2^-16 of the exact value (kernels/functions.hpp), instead of 4 units in the last place.
// What a network makes of that is up to it: an error ε in the activations of one step changes the states by as much, and
// what states forget, they forget of it too. Gradients are written before passes run, from y = tanh x or sigmoid x: they
// are those of the exact functions at the values that were computed.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph fast(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
