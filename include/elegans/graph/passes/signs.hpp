#pragma once
// Signs that are taken in by what is done next. Gradients of differences, quotients and 1 − z negate, and are then
// multiplied and added up:
//
//     a + (−b)      →  a − b            (−a) · b      →  −(a · b)         −(−a)    →  a
//     a − (−b)      →  a + b            (−a) / (−b)   →  a / b            (−a)²    →  a²
//     (−a) + (−b)   →  −(a + b)         sum(−a)       →  −sum(a)          |−a|     →  |a|
//
// A sign goes on from value to value until a sum or difference takes it in, and is computed where nothing has by then.
// It does not go on from a value that others read, nor to results that are larger, nor into loops or out of them, so that
// no more is negated than before. All values keep their bits, but for the sign of sums that are 0.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph signs(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
