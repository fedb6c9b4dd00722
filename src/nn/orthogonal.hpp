#pragma once
// Random matrices with orthonormal rows or columns.

#include <cstdint>
#include <string_view>
#include <vector>

namespace elegans::nn {

// [rows, columns], drawn from the stream of (seed, path): orthonormal rows, or columns where there are fewer columns.
// Rows of normal numbers are made orthonormal one after the other, which is uniform over all such matrices.
std::vector<double> orthonormal(std::int64_t rows, std::int64_t columns, std::uint64_t seed, std::string_view path);

}  // namespace elegans::nn
