#pragma once
// Affine maps as one product: a bias is one more term, without an operand.
//
//     (x a + b) + h u                →  packed_matmul(x, h; [a; b; u])
//     (x a₁ + b₁) + h u₁,            →  packed_matmul(x, h; [a₁ | a₂; b₁ | b₂; u₁ | u₂])
//     (x a₂ + b₂) + h u₂                where x a₁, x a₂ and h u₁, h u₂ are products of two parts
//
// A sum is taken as it is written, its terms from first to last, and a packed product adds its own up in that order
// (ops/packed_matmul.hpp): no bit changes. What is saved are calls, instructions of chains on a few numbers each, and, of
// several rows that are no whole vectors, copies of the bias below itself. A bias is a value of rank 1.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph affine(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
