#pragma once
// The same products by OpenBLAS, on one thread. Where CMake found none, there are no such series.

#include <cstdint>
#include <vector>

#include "e2e/case.hpp"

namespace elegans::bench {

// y = x w + b, and of a given slope of y the gradients of w and b: two products, a pass over y and one over the slope.
std::vector<Series> dense_by_openblas(std::int64_t batch, std::int64_t inputs, std::int64_t units,
                                      const Counts& counts);

// a b, a b' and a' b of square matrices.
std::vector<Series> products_by_openblas(std::int64_t size, const Counts& counts);

}  // namespace elegans::bench
