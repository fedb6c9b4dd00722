#pragma once
// Gather, compute and sum along the connections of a circuit in one visit.
//
//     a = gather(v);  b = sigmoid(w · (a − m));  s = scatter_sum(b);  t = scatter_sum(b · e)
//                                                             →  circuit_chain(v, w, m, e) → s, t
//
// An elementwise chain over connections takes in the gathers that it reads and the sums of its results, all of the same
// circuit and with the batch last. What others read as it stands becomes a further output. The bits stay the same.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph circuits(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
