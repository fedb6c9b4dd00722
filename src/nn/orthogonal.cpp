#include "nn/orthogonal.hpp"

#include <cmath>
#include <span>

#include "elegans/base/philox.hpp"
#include "nn/path_hash.hpp"

namespace elegans::nn {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<double> orthonormal_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed,
                                     std::string_view path) {
  const auto width = static_cast<std::size_t>(columns);
  std::vector<double> matrix(static_cast<std::size_t>(rows) * width);
  const std::uint64_t stream = hash_of(path);
  for (std::size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = normal_f64(philox(philox_key(seed), philox_counter(i, stream)));
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    const std::span<double> row(matrix.data() + r * width, width);
    // Twice is enough (Kahan, Parlett): the second pass removes what rounding left of the first.
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t other = 0; other < r; ++other) {
        const std::span<const double> before(matrix.data() + other * width, width);
        const double along = dot(row, before);
        for (std::size_t i = 0; i < width; ++i) row[i] -= along * before[i];
      }
    const double length = std::sqrt(dot(row, row));
    for (double& number : row) number /= length;
  }
  return matrix;
}

}  // namespace

std::vector<double> orthonormal(std::int64_t rows, std::int64_t columns, std::uint64_t seed, std::string_view path) {
  if (rows <= columns) return orthonormal_rows(rows, columns, seed, path);
  const std::vector<double> turned = orthonormal_rows(columns, rows, seed, path);
  std::vector<double> matrix(turned.size());
  const auto height = static_cast<std::size_t>(rows), width = static_cast<std::size_t>(columns);
  for (std::size_t r = 0; r < height; ++r)
    for (std::size_t c = 0; c < width; ++c) matrix[r * width + c] = turned[c * height + r];
  return matrix;
}

}  // namespace elegans::nn
