#pragma once
// Whether the pattern of a kernel for the inputs fits the cell that it was given to.

#include <cstdint>
#include <string>

#include "elegans/nn/weight.hpp"

namespace elegans::nn {

// ConfigError, with `owner` in front, where there is a pattern with another number of columns than `units`.
void check_columns(const PatternPtr& pattern, std::int64_t units, const std::string& owner);
// ShapeError, with `path` in front, where there is a pattern with another number of rows than `input` has features.
void check_rows(const PatternPtr& pattern, const Shape& input, const std::string& path);

}  // namespace elegans::nn
