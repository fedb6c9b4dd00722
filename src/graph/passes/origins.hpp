#pragma once
// Where the values of a loop's body come from.

#include <vector>

#include "elegans/graph/scan.hpp"

namespace elegans::graph {

// What a value depends on at most: the same at every step, known for all steps before the loop, or neither.
enum class Origin : std::uint8_t { captured, scanned, carried };

// By value of the body of `scan`.
std::vector<Origin> origins(const Scan& scan);

}  // namespace elegans::graph
