#pragma once
// Moves work out of loops.
//
//     same at every step        scan(c, x[t]; w):  c ← c + x[t] · softplus(w)
//                            →  s = softplus(w);   scan(c, x[t]; s):  c ← c + x[t] · s
//
//     products of inputs        scan(h, x[t]; w, b, u):  h ← tanh(x[t] w + b + h u)
//                            →  p = x w + b (all steps at once);   scan(h, p[t]; u):  h ← tanh(p[t] + h u)
//
//     sums of products          scan(…):  Σ_t a[t]' b[t]                          (at a circuit's connections too)
//                            →  scan(…) stacks a and b;   a' b over all steps and rows at once
//
//     sums of rows              scan(…):  Σ_t Σ_rows b[t]                         where b is stacked anyway
//                            →  Σ of b over all steps and rows at once
//
// Before the second, a product of joined parts is split where one part comes from the inputs: [x, h] w → x w₁ + h w₂.
// Inner loops go first. Sums then run in another order (within the bound of epsilon × terms).

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph hoist(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
