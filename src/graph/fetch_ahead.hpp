#pragma once
// What calls of one row fetch for one another.
//
// A step reads all its matrices once. Where the nearest cache does not hold them all, each is gone when the next step wants
// it, and a product waits for the cache behind. Between two products, functions are computed that wait for one another's
// results, not for memory: so each product asks, when it is done, for part of the matrix that comes next (Sweep::ahead),
// the last one of a step for part of the first. What fits the cache with all else stays there by itself.

#include <vector>

#include "elegans/ops/operation.hpp"

namespace elegans::graph {

// `calls` in the order in which they run, again and again; a first-level cache of `cache` bytes.
void fetch_ahead(const std::vector<ops::FixedCall*>& calls, std::size_t cache);

}  // namespace elegans::graph
