#pragma once
// The same values from fewer nodes.
//
//     constants      add(2, 3)                    →  5                          (up to 4096 elements)
//     algebra        x · 1, x + 0, x − 0, x / 1   →  x
//                    f(broadcast_to(x), y)        →  f(x, y)                    where f spreads x itself; an array
//                                                                               of one number is that number, spread
//                    select(1, x, y)              →  x
//                    reshape(reshape(x))          →  reshape(x)
//                    transpose of [1, 1, 3]       →  reshape, which costs nothing
//                    select(c, c · x, y)          →  select(c, x, y)            where c is known to be 0 or 1, as
//                    select(c, x, 0) · c          →  select(c, x, 0)            comparisons and one-hot labels are
//                    pad(a) + pad(b)              →  concat(a, b)               where they fill an axis side by side
//                    slice(g · w')                →  g · (slice of w)'          columns nobody wants are not computed
//                    reverse(reverse(x))          →  x                           of the same lengths
//                    stop_gradient(x), x with     →  x                           so nothing can be differentiated after
//                    a gradient of its own                                       this pass
//     duplicates     tanh(x), tanh(x)             →  tanh(x) once
//     dead code      what no output needs goes, also results of loops that nobody reads
//
// Bodies of loops are simplified too. Values stay the same bits, but for constants (computed by the scalar kernels) and
// the sign of a zero in a sum of pads or with zeros.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph simplify(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
