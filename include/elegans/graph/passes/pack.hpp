#pragma once
// Matrices that products read again and again, packed once.
//
//     in a loop       scan(h; u):  h ← tanh(h u)
//                  →  scan(h; u):  p = pack(u);  h ← tanh(packed_matmul(h, p))        hoist then moves p in front of it
//
//     rows by batch   y = x w     →  y = packed_matmul(x, pack(w))                    x [batch, …]
//
//     transposed      dx = g w'   →  dx = packed_matmul(g, pack(w'))                  transposed once, not at every step
//
//     circuits        y[u] = Σ w[s] x[source[s]]  →  packed_matmul(x, pack(w))        where more than a quarter of the
//                                                                                     connections that could exist do
//
//     others          sparse_matmul(x, w)  →  sparse_matmul(x, gather(w))             weights in the order of the sums
//
//     their gradient  g[s] = Σ x[source[s]] d[target[s]]  →  the places of x' d that exist
//
// A packed product reads its matrix from the cache in order, and products that share an operand can be merged
// (merge.hpp). With a quarter of the connections of 16 to 128 units a packed product of a single row takes a third of
// the time of the sums along them, or less; one of 16 rows by itself up to twice their time (bench_micro, "quarter of",
// with AVX-512), but it merges, leaves the batch in front and has products for its gradient: a training step of 25
// units and 30 % of the connections (bench_e2e, unnamed/train body-5) takes 0.6 of the time. Numbers of absent
// connections stay as they are (ops/packed_matmul.hpp).
//
// In a loop the matrix must be the same at every step; outside, its shape must be a constant and, but for what is said
// last, the number of rows must not. Outside loops, products of which no side is at most `small_side` are left to matmul:
// packing such a matrix costs as much as multiplying a few dozen rows by it.
//
//     few columns     y = x w     →  each number of y as the sum of 2 or 4 chains, as the machine has lanes
//
// A number of a product is a chain of additions, each of which waits for the one before. Of a single row with few columns
// that waiting is most of the time: steps of small recurrent networks take 0.88 to 0.95 of the time with several chains
// (AVX-512). So are summed products of 12 numbers or more, where those of the same operand in the same scope have no more
// than 64 columns in all, and none of them goes along a circuit or has its matrix transposed; with narrower vectors as
// many columns are one chain still (kernels/table.hpp). A batch, whose rows do not wait for one another, takes as long as
// it did or a little longer.
//
// Circuits, and what is summed in chains, are packed wherever their weights are the same at every step, for their sums run
// in another order then (those of circuits may also fuse multiply and add); other products keep every bit.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

inline constexpr std::int64_t small_side = 128;

Graph pack(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
