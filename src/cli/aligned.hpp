#pragma once
// A table of text.

#include <cstddef>
#include <string>
#include <vector>

namespace elegans::cli {

// A line a row, its cells in columns three blanks apart: the first `left` columns to the left, others to the right.
// Every row has as many cells as the first.
std::string aligned(const std::vector<std::vector<std::string>>& rows, std::size_t left);

}  // namespace elegans::cli
