#pragma once
// What cases run that is none of models.hpp, for those that compile it.

#include "elegans/graph/graph.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/losses.hpp"

namespace elegans::bench {

// A loss of 4096 places of 1000 numbers, and its gradient; `target` is the type of its targets.
graph::Graph loss_graph(const nn::Loss& loss, const ops::Type& target);
ops::Type label_targets();    // a label a place
ops::Type numeric_targets();  // a number for each of a place

// Dense 784 → 256 of 32 rows, and the gradients of its weights.
graph::Graph dense_graph();

// Products of two square matrices: a b, a b' and a' b.
graph::Graph product_graph(std::int64_t size);

// The networks of size_cases: so many units with 16 synapses each, or with all.
Sequential wired_ltc(std::int64_t units);
Sequential full_ltc(std::int64_t units);
Sequential wired_dense(std::int64_t units);

}  // namespace elegans::bench
