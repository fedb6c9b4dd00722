#pragma once
// Sums and maxima along the last axis, and all that is computed beside them, row by row in one visit of the memory.
//
//     m = max(x);  e = exp(x − m);  s = sum(e);  y = e / s        →   row_chain(x) → y
//     l = sum(square(p − t)) w;     g = 2 (p − t) w               →   row_chain(p, t, w) → l, g
//
// A group grows from a reduction along the last axis over the elementwise operations, further such reductions, one-hot
// labels, and picks and additions at a label (passes/pick.hpp) that it reads or that read it: those of the shape of the
// rows, or of the rows without that axis. So the value of a loss and its gradient are one pass over predictions and
// targets. Rows have a constant length and fit into the cache (ops/row_chain.hpp). The bits are those of the operations
// one by one.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph rows(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
