#pragma once
// Several operations in one visit of the memory.
//
//     chains       a = x · y;  b = a + z;  c = tanh(b)      →   elementwise(x, y, z) → c     in registers
//     epilogues    p = x w;  h = tanh(p + b)                →   product_chain(x, w, b) → h   block by block of rows
//
// A chain joins elementwise operations of one result shape that read each other, as long as nothing outside lies
// between them; values that others read become further outputs. Chains that read one value gathered along a circuit join
// too, so that it is fetched once. What a chain would only write for others to read, and they can compute in one or two
// additions or products of what they have, they compute again. All give the same bits as the operations one by one.

#include "elegans/graph/pipeline.hpp"

namespace elegans::graph {

Graph fuse(const Graph& graph, PassReport& report);

}  // namespace elegans::graph
