#pragma once
// What one place of a row is chosen for, at that place alone.
//
//     reduce_sum(select(c, x, 0))    →  pick(x, label)            c = equal(label, positions), label [..., 1], along the
//     select(c, v, 0) + x            →  add_at(x, label, v)       last axis; v [..., 1] or one number
//
// c may also be select(w, equal(label, positions), 0) with w [..., 1], as it is where places have weights: the label is
// select(w, label, −1) then. So a cross-entropy of labels and its gradient visit a row where the label stands, and c is
// never made (ops/pick.hpp). Smoothed labels are numbers everywhere; bodies of loops stay as they are.
//
// Bits stay but for the sign of zeros: x + 0 is x for −0, too.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph pick(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
