#include "nn/check_pattern.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"

namespace elegans::nn {

void check_columns(const PatternPtr& pattern, std::int64_t units, const std::string& owner) {
  if (pattern && pattern->columns() != units)
    throw ConfigError({.operation = owner,
                       .argument = "input_pattern",
                       .actual = fmt::format("for {} units", pattern->columns()),
                       .required = fmt::format("for {}, as the kernel has", units),
                       .remedy = ""});
}

void check_rows(const PatternPtr& pattern, const Shape& input, const std::string& path) {
  if (pattern && pattern->rows() != input.back().factor())
    throw ShapeError(
        {.operation = path,
         .argument = "input",
         .actual = to_string(input),
         .required = fmt::format("[batch, {}], for the input pattern has {} rows", pattern->rows(), pattern->rows()),
         .remedy = ""});
}

}  // namespace elegans::nn
