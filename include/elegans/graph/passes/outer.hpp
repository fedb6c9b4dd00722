#pragma once
// Gradients of weights that share inputs, in one sweep:
//
//     x' d₁,  x' d₂,  h' d₁,  h' d₂     →     outer_products(x, h; d₁, d₂)
//
// Products whose left operand is transposed merge where every one of some left operands meets every one of some right
// ones. Each right operand is then copied to the cache once for all left ones, and columns of the right ones fill
// vectors together (four gates of 34 take 9 vectors of 16, one by one 12). No bit changes (ops/outer_products.hpp).
// Products of wider operands stay by themselves: they are cut for the caches.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

// Columns of a left and of a right operand.
inline constexpr std::int64_t widest_left = 128, widest_right = 512;

Graph outer(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
