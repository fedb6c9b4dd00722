// Sums and maxima over the middle axis of [outer, n, inner].

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/reduce.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

struct Sum {
  template <class D>
  static HWY_INLINE VecOf<D> of(D, VecOf<D> sum, VecOf<D> x) {
    return hn::Add(sum, x);
  }
  // The first n numbers, and in the other lanes what changes no sum.
  template <class D, class T>
  static HWY_INLINE VecOf<D> part(D d, const T* x, std::size_t n) {
    return load_part(d, x, n);
  }
  template <class D>
  static HWY_INLINE hn::TFromD<D> of_lanes(D d, VecOf<D> sums) {
    return hn::GetLane(hn::SumOfLanes(d, sums));
  }
};

struct Maximum {
  // A NaN stays: no comparison with it holds.
  template <class D>
  static HWY_INLINE VecOf<D> of(D, VecOf<D> most, VecOf<D> x) {
    return hn::IfThenElse(hn::Or(hn::Gt(x, most), hn::IsNaN(x)), x, most);
  }
  template <class D, class T>
  static HWY_INLINE VecOf<D> part(D d, const T* x, std::size_t n) {
    return hn::IfThenElse(hn::FirstN(d, n), load_part(d, x, n), hn::Set(d, x[0]));
  }
  template <class D>
  static HWY_INLINE hn::TFromD<D> of_lanes(D d, VecOf<D> most) {
    using T = hn::TFromD<D>;
    const bool has_nan = !hn::AllFalse(d, hn::IsNaN(most));
    return has_nan ? std::numeric_limits<T>::quiet_NaN() : hn::GetLane(hn::MaxOfLanes(d, most));
  }
};

// inner = 1: eight vectors of partial results, then the lanes: the order of a sum depends on n alone. n >= 1.
template <class Operation, class T>
T reduce_row(const T* x, std::size_t n) {
  constexpr std::size_t chains = 8;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  if (n < lanes) return Operation::of_lanes(d, Operation::part(d, x, n));
  std::size_t j = lanes;
  VecOf<decltype(d)> total = hn::LoadU(d, x);
  if (n >= 2 * chains * lanes) {
    VecOf<decltype(d)> partial[chains];
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < chains; ++c) partial[c] = hn::LoadU(d, x + c * lanes);
    for (j = chains * lanes; j + chains * lanes <= n; j += chains * lanes) {
      ELEGANS_UNROLL
      for (std::size_t c = 0; c < chains; ++c) {
        partial[c] = Operation::of(d, partial[c], hn::LoadU(d, x + j + c * lanes));
      }
    }
    total = partial[0];
    ELEGANS_UNROLL
    for (std::size_t c = 1; c < chains; ++c) total = Operation::of(d, total, partial[c]);
  }
  for (; j + lanes <= n; j += lanes) total = Operation::of(d, total, hn::LoadU(d, x + j));
  if (j < n) total = Operation::of(d, total, Operation::part(d, x + j, n - j));
  return Operation::of_lanes(d, total);
}

// inner > 1: `columns` vectors of y at once, each one chain over j. The last one begins at `last`, perhaps in the one
// before it: what both compute is the same. n >= 1.
template <class Operation, std::size_t columns, class T>
void reduce_columns(const T* x, T* y, std::size_t n, std::size_t inner, std::ptrdiff_t last) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(d));
  const auto at = [&](std::size_t c) { return c + 1 < columns ? static_cast<std::ptrdiff_t>(c) * lanes : last; };
  VecOf<decltype(d)> result[columns];
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) result[c] = hn::LoadU(d, x + at(c));
  for (std::size_t j = 1; j < n; ++j) {
    x += inner;
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) result[c] = Operation::of(d, result[c], hn::LoadU(d, x + at(c)));
  }
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) hn::StoreU(result[c], d, y + at(c));
}

constexpr std::size_t most_columns = 8;
template <class T>
using ReduceColumns = void (*)(const T*, T*, std::size_t, std::size_t, std::ptrdiff_t);
// By columns, less one.
template <class Operation, class T, std::size_t... c>
constexpr std::array<ReduceColumns<T>, sizeof...(c)> all_columns(std::index_sequence<c...>) {
  return {reduce_columns<Operation, c + 1, T>...};
}

template <class Operation, class T>
void reduce(const T* x, T* y, std::size_t outer, std::size_t n, std::size_t inner) {
  static constexpr auto columns = all_columns<Operation, T>(std::make_index_sequence<most_columns>());
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t o = 0; o < outer; ++o, x += n * inner, y += inner) {
    if (inner == 1) {
      *y = reduce_row<Operation>(x, n);
    } else if (inner < lanes) {
      auto result = load_part(d, x, inner);
      for (std::size_t j = 1; j < n; ++j) result = Operation::of(d, result, load_part(d, x + j * inner, inner));
      store_part(result, d, y, inner);
    } else {
      for (std::size_t i = 0; i < inner; i += most_columns * lanes) {
        const std::size_t left = HWY_MIN(inner - i, most_columns * lanes);
        columns[hwy::DivCeil(left, lanes) - 1](x + i, y + i, n, inner, static_cast<std::ptrdiff_t>(left - lanes));
      }
    }
  }
}

template <class T>
void reduce_sum(const T* x, T* y, std::size_t outer, std::size_t n, std::size_t inner) {
  if (n == 0) {
    for (std::size_t i = 0; i < outer * inner; ++i) y[i] = 0;
  } else {
    reduce<Sum>(x, y, outer, n, inner);
  }
}

template <class T>
void reduce(Table<T>& table) {
  table.reduce_sum = reduce_sum<T>;
  table.reduce_max = reduce<Maximum, T>;
}

#else

template <class T>
void reduce(Table<T>&) {}

#endif

void reduce_f32(Table<float>& table) { reduce(table); }
void reduce_f64(Table<double>& table) { reduce(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(reduce)
}
#endif
