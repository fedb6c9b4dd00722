#pragma once
// Loops add to their sums where the terms are made.
//
//     scan(… → term):  sum += term   →   scan(…, sum → sum + term)
//
// The addition becomes a node of the body, which fuses with what makes the term: neither is the term written, nor is the
// sum read and written in a visit of its own. That changes no bit.
//
// Where the term is a sum of a loop in the body, that loop goes on with the outer one's sum instead of beginning with 0:
// all terms are added in the order in which they are made, which changes the last bits.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph accumulate(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
