#pragma once
// Random matrices with orthonormal rows.

#include <cstdint>
#include <string_view>
#include <vector>

namespace elegans::nn {

// [rows, columns], rows <= columns, drawn from the stream of (seed, path): rows of normal numbers made orthonormal one
// after the other, which is uniform over all such matrices.
std::vector<double> orthonormal_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed,
                                     std::string_view path);

}  // namespace elegans::nn
