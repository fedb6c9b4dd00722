#pragma once
// Sums whose factors are known before the first run, folded: what known numbers make of one another is computed once.
//
//     products       (x a) · s + x b              →  x (a · s + b)
//                    (x a + u) · s + (x b + v)    →  x (a · s + b) + (u · s + v)
//                    over a circuit likewise, where both products are over the same one
//
//     known numbers  ((y + u) · s + v) − w        →  y · s + (u · s + v − w)
//
//     the same       y + (z − y) · s              →  y · (1 − s) + z · s          where that is shorter, as where z is a
//                                                                                 product
//
// Known are constants, the inputs that are named (weights in use) and what is computed from these alone; s is a known
// number [] (or of one element), and may divide. Sums, differences and negations are opened where nothing else reads
// them. One is written anew where fewer products are left, or as many and fewer elementwise operations; every term
// stays at the place of the first of its kind, so that other passes still find what they look for in such sums. What is
// known is the same at every step and in every run: hoist takes it out of loops, split_constant (graph/split.hpp) out
// of runs.
//
// This is the distributive law, and rounds elsewhere: with ε of the dtype, a product of K terms differs from what it was
// by at most (K + 4) ε Σ_k |x_k| (|a_k s| + |b_k|), a sum of n terms by (n + 4) ε Σ |terms|. What overflows may differ
// as well: a · s may be infinite where x a is small. Connections that do not exist take no part before or after. The
// pass runs only where known inputs are named (graph/pipeline.hpp).

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

// ConfigError where a name is no input.
Graph fold(const Graph& graph, std::span<const std::string> known, PassReport& report);

}  // namespace elegans::graph
