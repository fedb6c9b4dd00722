#include <cblas.h>
#include <algorithm>
#include <memory>
#include <sstream>

#include "e2e/bound_executable.hpp"
#include "e2e/by_openblas.hpp"

namespace elegans::bench {
namespace {

struct Matrix {
  Matrix(std::int64_t height, std::int64_t width, std::uint32_t seed)
      : values({height, width}, Dtype::f32), rows(static_cast<int>(height)), columns(static_cast<int>(width)) {
    fill_uniform({data(), static_cast<std::size_t>(height * width)}, seed);
  }
  float* data() { return static_cast<float*>(values.data()); }

  Tensor values;
  int rows, columns;
};

enum class Side { straight, turned };

void multiply(Matrix& a, Side a_side, Matrix& b, Side b_side, Matrix& y) {
  const auto transposed = [](Side side) { return side == Side::turned ? CblasTrans : CblasNoTrans; };
  cblas_sgemm(CblasRowMajor, transposed(a_side), transposed(b_side), y.rows, y.columns,
              a_side == Side::turned ? a.rows : a.columns, 1, a.data(), a.columns, b.data(), b.columns, 0, y.data(),
              y.columns);
}

struct Dense {
  Matrix x, w, b, y, slope, w_gradient, b_gradient;

  void run() {
    multiply(x, Side::straight, w, Side::straight, y);
    for (int r = 0; r < y.rows; ++r)
      for (int j = 0; j < y.columns; ++j) y.data()[r * y.columns + j] += b.data()[j];
    multiply(x, Side::turned, slope, Side::straight, w_gradient);
    std::fill_n(b_gradient.data(), y.columns, 0.0F);
    for (int r = 0; r < y.rows; ++r)
      for (int j = 0; j < y.columns; ++j) b_gradient.data()[j] += slope.data()[r * y.columns + j];
  }
};

// "OpenBLAS 0.3.21 (SkylakeX)": the kernels that it chose for this machine.
std::string openblas_version() {
  std::istringstream words(openblas_get_config());
  std::string name, number;
  words >> name >> number;
  return name + " " + number + " (" + openblas_get_corename() + ")";
}

}  // namespace

std::vector<Series> dense_by_openblas(std::int64_t batch, std::int64_t inputs, std::int64_t units,
                                      const Counts& counts) {
  return {{"openblas", [=] {
             openblas_set_num_threads(1);
             auto dense = std::make_shared<Dense>(Dense{{batch, inputs, 1},
                                                        {inputs, units, 2},
                                                        {1, units, 3},
                                                        {batch, units, 4},
                                                        {batch, units, 5},
                                                        {inputs, units, 6},
                                                        {1, units, 7}});
             return Work{.run = repeated([dense] { dense->run(); }), .counts = counts, .version = openblas_version()};
           }}};
}

std::vector<Series> products_by_openblas(std::int64_t size, const Counts& counts) {
  return {
      {"openblas", [=] {
         openblas_set_num_threads(1);
         auto matrices = std::make_shared<std::vector<Matrix>>(std::vector<Matrix>{{size, size, 1}, {size, size, 2}});
         for (std::uint32_t i = 0; i < 3; ++i) matrices->emplace_back(size, size, i);
         return Work{.run = repeated([matrices] {
                       auto& m = *matrices;
                       multiply(m[0], Side::straight, m[1], Side::straight, m[2]);
                       multiply(m[0], Side::straight, m[1], Side::turned, m[3]);
                       multiply(m[0], Side::turned, m[1], Side::straight, m[4]);
                     }),
                     .counts = counts,
                     .version = openblas_version()};
       }}};
}

}  // namespace elegans::bench
