#pragma once
// Packed products that share what they read or what they are for, done in one sweep.
//
//     sums            x w + h u + b             →  packed_matmul(x, h; [w; u]) + b             one chain of additions
//                     g₁ w₁' + g₂ w₂'           →  packed_matmul(g₁, g₂; [w₁'; w₂'])
//
//     same operands   p = h u₁,  q = h u₂       →  p, q = packed_matmul(h; [u₁ | u₂])          h is read once
//
// Sums go first, their terms in the order of the graph, so that sums over the same operands merge in turn. Products of
// a sum run in another order then; products of the same operands keep every bit (ops/packed_matmul.hpp). Nothing moves
// across a loop: what hoist took out of one stays outside.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph merge(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
