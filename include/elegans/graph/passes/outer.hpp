#pragma once
// Gradients of weights that share inputs, in one sweep:
//
//     x' d₁,  x' d₂,  h' d₁,  h' d₂     →     outer_products(x, h; d₁, d₂)
//
// Products whose left operand is transposed merge where every one of some left operands meets every one of some right
// ones. Each operand is then read once, and columns of the right ones fill vectors together (four gates of 34 take 9
// vectors of 16, one by one 12). No bit changes (ops/outer_products.hpp). Left operands of more than `widest` columns
// stay by themselves: their products are cut for the caches.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

inline constexpr std::int64_t widest_of_outer = 128;

Graph outer(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
