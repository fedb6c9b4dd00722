#pragma once
// The batch innermost inside loops that work along connections.
//
//     in a loop     v [batch, 32] → gather → [batch, 824] → … → scatter_sum → [batch, 32]
//                →  v [32, batch] → gather → [824, batch] → … → scatter_sum → [32, batch]
//
// so that a connection is a vector operation over the batch, without gathers of single numbers. A loop is turned whole,
// the loops inside it too: values [batch, n] become [n, batch], numbers per feature [n] are read as columns [n, 1],
// products x w become w' x. Arrays are transposed where they enter and leave the outermost such loop; what one turned
// loop hands to another stays turned. Operations that know no batch-last form see their operands transposed back.
// Loops without connections stay as they are: products of full matrices gain nothing.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph layout(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
