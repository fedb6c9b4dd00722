#pragma once
// Fast activations, for who asks for them: tanh and sigmoid by shorter arithmetic.
//
//     tanh x  →  fast_tanh x        sigmoid x  →  fast_sigmoid x
//
// Each of f32 is then within 2^-15 and 2^-16 of the exact value (kernels/functions.hpp) instead of 4 units in the last
// place; a fast tanh stays below 1 and a fast sigmoid between 0 and 1 however large x is, so that a gate that was shut or
// open for good lets 2^-16 through. What a network makes of these errors depends on its weights: compare both on data of
// its own. Passes run after gradients were written, which take y = tanh x as it was computed: 1 - y^2.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph fast(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
