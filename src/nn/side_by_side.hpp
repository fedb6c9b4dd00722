#pragma once
// A pattern repeated for the blocks of a kernel, one block a gate.

#include "elegans/nn/weight.hpp"

namespace elegans::nn {

// `blocks` copies of the pattern, side by side: [rows, blocks · columns].
PatternPtr side_by_side(const wiring::Pattern& pattern, std::int32_t blocks);

}  // namespace elegans::nn
