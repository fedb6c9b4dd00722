#pragma once
// The gradient of a loop.
//
//     forward     scan: c, x[t] → c, y[t]                 is extended to stack what its gradient needs, k[t]
//     gradient    scan the other way: dc, k[t], x[t], dy[t] → dc, dx[t], and Σ_t of the gradients of captures
//
// The body is differentiated as a graph of its own. Of the forward values that the gradient's operations read, the
// body's carried inputs are always kept; others are kept where they are dear (many operations an element, as products and
// loops, or made of many numbers, as sums) and computed again from what is kept where they are cheap. What one operation
// alone would make of a kept value is kept in its place. Both ways run the same kernels, so they give the same bits.

#include <optional>
#include <vector>

#include "elegans/graph/graph.hpp"
#include "elegans/graph/scan.hpp"

namespace elegans::graph {

// Extends `graph` by the gradient of the scan at node `index` and returns the gradients of its inputs. `cotangents` are
// the gradients of its outputs, `active` says which inputs depend on what is differentiated for. `nesting` counts the
// loops around the graph: what is kept inside a loop is kept at every step of the loops around it.
std::vector<std::optional<Value>> gradient_of_scan(Graph& graph, std::size_t index,
                                                   const std::vector<std::optional<Value>>& cotangents,
                                                   const std::vector<char>& active, int nesting);

// Which values of `graph` depend on those marked in `seeds` by a path that gradients pass.
std::vector<char> depending(const Graph& graph, std::vector<char> seeds);

// The body of graph/gradient.hpp, for graphs inside `nesting` loops.
std::vector<std::optional<Value>> gradients_inside(std::span<const Value> outputs, std::span<const Value> cotangents,
                                                   std::span<const Value> wrt, int nesting);

}  // namespace elegans::graph
