#pragma once
// Packed products that share what they read or what they are for, done in one sweep.
//
//     sums            (x w + h u) + b           →  packed_matmul(x, h; [w; u]) + b
//                     (g₁ w₁' + g₂ w₂') + g₃ w₃'  →  packed_matmul(g₁, g₂, g₃; [w₁'; w₂'; w₃'])
//
//     same operands   p = h u₁,  q = h u₂       →  p, q = packed_matmul(h; [u₁ | u₂])          h is read once
//
// Sums go first, so that sums over the same operands merge in turn. A sum merges where it adds products to products,
// one after the other: then no bit changes (ops/packed_matmul.hpp), and a step on its own gives those of a loop that
// computes some of its products in front. Products whose terms are summed in other chains stay apart. Nothing moves across
// a loop: what hoist took out of one stays outside.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph merge(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
