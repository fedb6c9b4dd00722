// Sparse structure. Where a batch is innermost, a synapse is a vector operation over it. Else, for many rows, a few at
// a time are transposed, so that a synapse is one vector operation over rows, without gathers; gather and scatter_sum
// of such rows stay scalar: the transposes cost what they save.

#include "kernels/scalar/scalar.hpp"
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
constexpr std::size_t stack_bytes = 32768;

// The rows of this kernel give the same bits as those of the scalar one: a product and a sum, unfused, in list order.
template <class T>
void sparse_matmul_rows(const T* x, const T* w, T* y, std::size_t rows, std::size_t inputs, std::size_t outputs,
                        const std::uint32_t* offsets, const std::uint32_t* source) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t u = 0; u < outputs; ++u) {
      T sum = 0;
      for (std::uint32_t p = offsets[u]; p < offsets[u + 1]; ++p) sum += w[p] * x[r * inputs + source[p]];
      y[r * outputs + u] = sum;
    }
  }
}

// Calls of(i, n) for the vectors of [0, inner): n is 0 for a whole one, else the numbers of the last, incomplete one.
template <class T, class Of>
HWY_INLINE void for_vectors(std::size_t inner, Of of) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  std::size_t i = 0;
  for (; i + lanes <= inner; i += lanes) of(i, 0);
  if (i < inner) of(i, inner - i);
}

template <class D, class T>
HWY_INLINE VecOf<D> load(D d, const T* from, std::size_t part) {
  return part ? load_part(d, from, part) : hn::LoadU(d, from);
}

template <class D, class V, class T>
HWY_INLINE void store(V v, D d, T* to, std::size_t part) {
  if (part) {
    store_part(v, d, to, part);
  } else {
    hn::StoreU(v, d, to);
  }
}

template <class T>
void sparse_matmul_inner(const T* HWY_RESTRICT x, const T* HWY_RESTRICT w, T* HWY_RESTRICT y, std::size_t rows,
                         std::size_t inputs, std::size_t outputs, std::size_t inner,
                         const std::uint32_t* HWY_RESTRICT offsets, const std::uint32_t* HWY_RESTRICT source) {
  const hn::ScalableTag<T> d;
  for (std::size_t r = 0; r < rows; ++r, x += inputs * inner) {
    for (std::size_t u = 0; u < outputs; ++u, y += inner) {
      for_vectors<T>(inner, [&](std::size_t i, std::size_t part) HWY_ATTR {
        auto sum = hn::Zero(d);
        for (std::uint32_t p = offsets[u]; p < offsets[u + 1]; ++p)
          sum = hn::Add(sum, hn::Mul(hn::Set(d, w[p]), load(d, x + source[p] * inner + i, part)));
        store(sum, d, y + i, part);
      });
    }
  }
}

template <class T>
void sampled_product_inner(const T* HWY_RESTRICT x, const T* HWY_RESTRICT d, T* HWY_RESTRICT g, std::size_t rows,
                           std::size_t inputs, std::size_t outputs, std::size_t inner, std::size_t count,
                           const std::uint32_t* HWY_RESTRICT source, const std::uint32_t* HWY_RESTRICT target) {
  const hn::ScalableTag<T> tag;
  for (std::size_t s = 0; s < count; ++s) {
    auto sum = hn::Zero(tag);
    for (std::size_t r = 0; r < rows; ++r) {
      const T* x_row = x + (r * inputs + source[s]) * inner;
      const T* d_row = d + (r * outputs + target[s]) * inner;
      for_vectors<T>(inner, [&](std::size_t i, std::size_t part) HWY_ATTR {
        sum = hn::MulAdd(load(tag, x_row + i, part), load(tag, d_row + i, part), sum);
      });
    }
    g[s] = hn::GetLane(hn::SumOfLanes(tag, sum));
  }
}

// y[s] = low and high [index[s]] for all s < count, of which there is at least a vector.
template <class V, class T>
HWY_INLINE void look_up_all(V low, V high, T* y, std::size_t count, const std::uint32_t* index) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t s = 0; s + lanes <= count; s += lanes) hn::StoreU(look_up_two(low, high, index + s), d, y + s);
  if (count % lanes > 0) hn::StoreU(look_up_two(low, high, index + count - lanes), d, y + count - lanes);
}

// y[s] = x[index[s]]. Tables of at most two vectors are looked up in registers where the machine can.
template <class T>
void gather_numbers(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, [[maybe_unused]] std::size_t width, std::size_t count,
                    const std::uint32_t* HWY_RESTRICT index) {
  if constexpr (looks_up_two<T>) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    if (width > 0 && width <= 2 * lanes && count >= lanes) {
      const auto half = [&](std::size_t first) HWY_ATTR {
        return width >= first + lanes ? hn::LoadU(d, x + first)
               : width > first        ? load_part(d, x + first, width - first)
                                      : hn::Zero(d);
      };
      return look_up_all(half(0), half(lanes), y, count, index);
    }
  }
  // By hand, for compilers see a copy of memory in a loop over a batch of one.
  std::size_t s = 0;
  for (; s + 4 <= count; s += 4) {
    const T first = x[index[s]], second = x[index[s + 1]], third = x[index[s + 2]], fourth = x[index[s + 3]];
    y[s] = first;
    y[s + 1] = second;
    y[s + 2] = third;
    y[s + 3] = fourth;
  }
  for (; s < count; ++s) y[s] = x[index[s]];
}

// Of at most two vectors of targets the sums stay in registers until they are in order.
template <std::size_t arrays, class T>
HWY_INLINE void sum_two_vectors(const T* const* x, T* const* y, std::size_t width, std::size_t levels,
                                const std::uint32_t* HWY_RESTRICT offsets, const std::uint32_t* rank) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  VecOf<decltype(d)> low[arrays], high[arrays];
  ELEGANS_UNROLL
  for (std::size_t a = 0; a < arrays; ++a) low[a] = high[a] = hn::Zero(d);
  const auto add = [&](VecOf<decltype(d)>* sums, std::size_t first, std::size_t n) HWY_ATTR {
    ELEGANS_UNROLL
    for (std::size_t a = 0; a < arrays; ++a)
      sums[a] = hn::Add(sums[a], n >= lanes ? hn::LoadU(d, x[a] + first) : load_part(d, x[a] + first, n));
  };
  for (std::size_t j = 0; j < levels; ++j) {
    const std::size_t first = offsets[j], n = offsets[j + 1] - first;
    add(low, first, n);
    if (n > lanes) add(high, first + lanes, n - lanes);
  }
  ELEGANS_UNROLL
  for (std::size_t a = 0; a < arrays; ++a) look_up_all(low[a], high[a], y[a], width, rank);
}

template <std::size_t arrays, class T>
HWY_INLINE void sum_arrays(const T* const* x, T* const* y, std::size_t width, std::size_t levels,
                           const std::uint32_t* HWY_RESTRICT offsets, const std::uint32_t* rank, T* sums) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  if constexpr (looks_up_two<T>)
    if (width >= lanes && width <= 2 * lanes) return sum_two_vectors<arrays>(x, y, width, levels, offsets, rank);
  for (std::size_t k = 0; k < width; k += lanes) {
    VecOf<decltype(d)> sum[arrays];
    ELEGANS_UNROLL
    for (std::size_t a = 0; a < arrays; ++a) sum[a] = hn::Zero(d);
    for (std::size_t j = 0; j < levels; ++j) {
      const std::size_t left = offsets[j + 1] - offsets[j];
      if (left <= k) break;
      ELEGANS_UNROLL
      for (std::size_t a = 0; a < arrays; ++a) {
        const T* from = x[a] + offsets[j] + k;
        sum[a] = hn::Add(sum[a], left - k >= lanes ? hn::LoadU(d, from) : load_part(d, from, left - k));
      }
    }
    ELEGANS_UNROLL
    for (std::size_t a = 0; a < arrays; ++a) store(sum[a], d, sums + a * width + k, width - k >= lanes ? 0 : width - k);
  }
  for (std::size_t a = 0; a < arrays; ++a) gather_numbers(sums + a * width, y[a], width, width, rank);
}

template <class T>
void sum_levels(const T* const* x, T* const* y, std::size_t arrays, std::size_t width, std::size_t levels,
                const std::uint32_t* offsets, const std::uint32_t* rank, T* sums) {
  std::size_t a = 0;
  for (; a + 2 <= arrays; a += 2) sum_arrays<2>(x + a, y + a, width, levels, offsets, rank, sums);
  if (a < arrays) sum_arrays<1>(x + a, y + a, width, levels, offsets, rank, sums);
  free_upper_halves();  // g++ 12 leaves them before a call of gather_numbers
}

template <class T>
void gather(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::size_t rows, std::size_t width, std::size_t count,
            std::size_t inner, const std::uint32_t* HWY_RESTRICT index) {
  if (inner == 1) {
    for (std::size_t r = 0; r < rows; ++r) gather_numbers(x + r * width, y + r * count, width, count, index);
    return;
  }
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < rows; ++r, x += width * inner) {
    if (inner == lanes) {
      for (std::size_t s = 0; s < count; ++s) hn::StoreU(hn::LoadU(d, x + index[s] * lanes), d, y + s * lanes);
      y += count * lanes;
      continue;
    }
    for (std::size_t s = 0; s < count; ++s, y += inner) {
      const T* from = x + index[s] * inner;
      for_vectors<T>(inner,
                     [&](std::size_t i, std::size_t part) HWY_ATTR { store(load(d, from + i, part), d, y + i, part); });
    }
  }
}

template <class T>
void scatter_sum(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::size_t rows, std::size_t count, std::size_t outputs,
                 std::size_t inner, const std::uint32_t* HWY_RESTRICT offsets,
                 const std::uint32_t* HWY_RESTRICT order) {
  if (inner == 1) return scalar_kernels<T>().scatter_sum(x, y, rows, count, outputs, inner, offsets, order);
  const hn::ScalableTag<T> d;
  for (std::size_t r = 0; r < rows; ++r, x += count * inner) {
    for (std::size_t u = 0; u < outputs; ++u, y += inner) {
      for_vectors<T>(inner, [&](std::size_t i, std::size_t part) HWY_ATTR {
        auto sum = hn::Zero(d);
        for (std::uint32_t p = offsets[u]; p < offsets[u + 1]; ++p)
          sum = hn::Add(sum, load(d, x + order[p] * inner + i, part));
        store(sum, d, y + i, part);
      });
    }
  }
}

template <class T>
void scatter_add(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::size_t count, std::size_t inner,
                 const std::uint32_t* HWY_RESTRICT index) {
  if (inner == 1) return scalar_kernels<T>().scatter_add(x, y, count, inner, index);
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  if (inner == lanes) {
    for (std::size_t s = 0; s < count; ++s) {
      T* to = y + index[s] * lanes;
      hn::StoreU(hn::Add(hn::LoadU(d, to), hn::LoadU(d, x + s * lanes)), d, to);
    }
    return;
  }
  for (std::size_t s = 0; s < count; ++s, x += inner) {
    T* to = y + index[s] * inner;
    for_vectors<T>(inner, [&](std::size_t i, std::size_t part) HWY_ATTR {
      store(hn::Add(load(d, to + i, part), load(d, x + i, part)), d, to + i, part);
    });
  }
}

// The first rows, `vectors` vectors of them at a time; returns how many. Transposed inputs must fit on the stack; the
// results of `strip` targets wait to be transposed back.
template <std::size_t vectors, class T>
std::size_t sparse_matmul_blocks(const T* HWY_RESTRICT x, const T* HWY_RESTRICT w, T* HWY_RESTRICT y, std::size_t rows,
                                 std::size_t inputs, std::size_t outputs, const std::uint32_t* HWY_RESTRICT offsets,
                                 const std::uint32_t* HWY_RESTRICT source) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = vectors * lanes;
  constexpr std::size_t strip = 16;
  HWY_ALIGN T columns[stack_bytes / sizeof(T)];
  HWY_ALIGN T results[strip * vectors * hn::MaxLanes(d)];
  if (inputs * width > stack_bytes / sizeof(T)) return 0;
  std::size_t r = 0;
  for (; r + width <= rows; r += width) {
    transpose(x + r * inputs, inputs, columns, width, width, inputs);
    for (std::size_t begin = 0; begin < outputs; begin += strip) {
      const std::size_t targets = HWY_MIN(strip, outputs - begin);
      for (std::size_t t = 0; t < targets; ++t) {
        VecOf<decltype(d)> sum[vectors];
        ELEGANS_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) sum[v] = hn::Zero(d);
        for (std::uint32_t p = offsets[begin + t]; p < offsets[begin + t + 1]; ++p) {
          const auto weight = hn::Set(d, w[p]);
          const T* column = columns + source[p] * width;
          ELEGANS_UNROLL
          for (std::size_t v = 0; v < vectors; ++v)
            sum[v] = hn::Add(sum[v], hn::Mul(weight, hn::Load(d, column + v * lanes)));
        }
        ELEGANS_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) hn::Store(sum[v], d, results + t * width + v * lanes);
      }
      transpose(results, width, y + r * outputs + begin, outputs, targets, width);
    }
  }
  return r;
}

template <class T>
void sparse_matmul(const T* HWY_RESTRICT x, const T* HWY_RESTRICT w, T* HWY_RESTRICT y, std::size_t rows,
                   std::size_t inputs, std::size_t outputs, std::size_t inner,
                   const std::uint32_t* HWY_RESTRICT offsets, const std::uint32_t* HWY_RESTRICT source) {
  if (inner != 1) return sparse_matmul_inner(x, w, y, rows, inputs, outputs, inner, offsets, source);
  // Two vectors of rows, so that two sums are under way, then one; what is left row by row.
  std::size_t r = sparse_matmul_blocks<2>(x, w, y, rows, inputs, outputs, offsets, source);
  r += sparse_matmul_blocks<1>(x + r * inputs, w, y + r * outputs, rows - r, inputs, outputs, offsets, source);
  sparse_matmul_rows(x + r * inputs, w, y + r * outputs, rows - r, inputs, outputs, offsets, source);
}

// Sums over rows modulo the lanes first, then over the lanes, tile by tile.
template <class T>
void sampled_product(const T* HWY_RESTRICT x, const T* HWY_RESTRICT d, T* HWY_RESTRICT g, std::size_t rows,
                     std::size_t inputs, std::size_t outputs, std::size_t inner, std::size_t count,
                     const std::uint32_t* HWY_RESTRICT source, const std::uint32_t* HWY_RESTRICT target) {
  if (inner != 1) return sampled_product_inner(x, d, g, rows, inputs, outputs, inner, count, source, target);
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
  table.gather = gather<T>;
  table.scatter_sum = scatter_sum<T>;
  table.scatter_add = scatter_add<T>;
  table.sum_levels = sum_levels<T>;
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
