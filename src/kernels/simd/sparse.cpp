// Sparse structure for many rows: a few rows at a time are transposed, so that a synapse is one vector operation over
// rows, without gathers. gather and scatter_sum stay scalar: the transposes cost what they save.

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/sparse.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// What a kernel may take of the stack for transposed rows.
inline constexpr std::size_t stack_bytes = 32768;

// The rows of this kernel give the same bits as those of the scalar one: a product and a sum, unfused, in list order.
template <class T>
void sparse_matmul_rows(const T* x, const T* w, T* y, std::size_t rows, std::size_t inputs, std::size_t outputs,
                        const std::uint32_t* offsets, const std::uint32_t* order, const std::uint32_t* source) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t u = 0; u < outputs; ++u) {
      T sum = 0;
      for (std::uint32_t p = offsets[u]; p < offsets[u + 1]; ++p) sum += w[order[p]] * x[r * inputs + source[order[p]]];
      y[r * outputs + u] = sum;
    }
  }
}

template <class T>
void sparse_matmul(const T* HWY_RESTRICT x, const T* HWY_RESTRICT w, T* HWY_RESTRICT y, std::size_t rows,
                   std::size_t inputs, std::size_t outputs, const std::uint32_t* HWY_RESTRICT offsets,
                   const std::uint32_t* HWY_RESTRICT order, const std::uint32_t* HWY_RESTRICT source) {
  // Two vectors of rows, so that two sums are under way; the results of `strip` targets wait to be transposed back.
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = 2 * lanes;
  constexpr std::size_t strip = 16;
  HWY_ALIGN T columns[stack_bytes / sizeof(T)];
  HWY_ALIGN T results[strip * 2 * hn::MaxLanes(d)];
  std::size_t r = 0;
  if (inputs * width <= stack_bytes / sizeof(T)) {
    for (; r + width <= rows; r += width) {
      transpose(x + r * inputs, inputs, columns, width, width, inputs);
      for (std::size_t begin = 0; begin < outputs; begin += strip) {
        const std::size_t targets = HWY_MIN(strip, outputs - begin);
        for (std::size_t t = 0; t < targets; ++t) {
          auto low = hn::Zero(d), high = hn::Zero(d);
          for (std::uint32_t p = offsets[begin + t]; p < offsets[begin + t + 1]; ++p) {
            const std::uint32_t s = order[p];
            const auto weight = hn::Set(d, w[s]);
            const T* column = columns + source[s] * width;
            low = hn::Add(low, hn::Mul(weight, hn::Load(d, column)));
            high = hn::Add(high, hn::Mul(weight, hn::Load(d, column + lanes)));
          }
          hn::Store(low, d, results + t * width);
          hn::Store(high, d, results + t * width + lanes);
        }
        transpose(results, width, y + r * outputs + begin, outputs, targets, width);
      }
    }
  }
  sparse_matmul_rows(x + r * inputs, w, y + r * outputs, rows - r, inputs, outputs, offsets, order, source);
}

// Sums over rows modulo the lanes first, then over the lanes, tile by tile.
template <class T>
void sampled_product(const T* HWY_RESTRICT x, const T* HWY_RESTRICT d, T* HWY_RESTRICT g, std::size_t rows,
                     std::size_t inputs, std::size_t outputs, std::size_t count,
                     const std::uint32_t* HWY_RESTRICT source, const std::uint32_t* HWY_RESTRICT target) {
  const hn::ScalableTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  HWY_ALIGN T columns[stack_bytes / sizeof(T)];
  const std::size_t fitting = stack_bytes / sizeof(T) / (inputs + outputs + 1);
  const std::size_t most = HWY_MIN(fitting - fitting % lanes, 8 * lanes);
  for (std::size_t s = 0; s < count; ++s) g[s] = 0;
  std::size_t r = 0;
  while (most && r + lanes <= rows) {
    const std::size_t left = rows - r;
    const std::size_t tile = HWY_MIN(most, left - left % lanes);
    T* x_columns = columns;
    T* d_columns = columns + inputs * tile;
    transpose(x + r * inputs, inputs, x_columns, tile, tile, inputs);
    transpose(d + r * outputs, outputs, d_columns, tile, tile, outputs);
    for (std::size_t s = 0; s < count; ++s) {
      const T* x_column = x_columns + source[s] * tile;
      const T* d_column = d_columns + target[s] * tile;
      auto sum = hn::Mul(hn::Load(tag, x_column), hn::Load(tag, d_column));
      for (std::size_t i = lanes; i < tile; i += lanes) {
        sum = hn::MulAdd(hn::Load(tag, x_column + i), hn::Load(tag, d_column + i), sum);
      }
      g[s] += hn::GetLane(hn::SumOfLanes(tag, sum));
    }
    r += tile;
  }
  for (; r < rows; ++r) {
    for (std::size_t s = 0; s < count; ++s) g[s] += x[r * inputs + source[s]] * d[r * outputs + target[s]];
  }
}

template <class T>
void sparse(Table<T>& table) {
  table.sparse_matmul = sparse_matmul<T>;
  table.sampled_product = sampled_product<T>;
}

#else

template <class T>
void sparse(Table<T>&) {}

#endif

void sparse_f32(Table<float>& table) { sparse(table); }
void sparse_f64(Table<double>& table) { sparse(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(sparse)
}
#endif
