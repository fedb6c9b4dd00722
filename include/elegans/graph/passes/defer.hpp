#pragma once
// What is done to every term of a loop's sum is done to the sum, behind the loop.
//
//     scan(…):  Σ_t reduce_sum(a[t])        →   A = scan(…): Σ_t a[t];   reduce_sum(A)   sums over the batch
//               Σ_t c · a[t], Σ_t −a[t]     →   …                        c · A, −A       c the same at all steps
//               Σ_t a[t] · (c · b[t])       →   A = scan(…): Σ_t a[t] · b[t];   c · A
//
// Adding up whole arrays [n, batch] is a vector operation, a sum along the batch is not. A term stays as it is if
// something else reads it. Inner loops go first, so that what is done may leave several. Sums then run in another
// order, and products round elsewhere: a · b may overflow where a · (c · b) did not, or the other way round, and a sum of
// no terms is c · 0 and −0.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph defer(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
