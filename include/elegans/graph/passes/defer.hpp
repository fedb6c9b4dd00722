#pragma once
// Sums over the batch behind the loop that adds them up.
//
//     scan(…):  Σ_t reduce_sum(a[t])   →   scan(…):  A = Σ_t a[t];   reduce_sum(A)
//
// Adding up whole arrays [n, batch] is a vector operation, a sum along the batch is not: so it is done once, after the
// last step. It stays where it is if something else reads it. Inner loops go first, so that a sum may leave several.
// Sums then run in another order.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph defer(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
