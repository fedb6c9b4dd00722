// Sums of packed products: of blocks of so many rows by so many vectors of columns, in registers. Chains of several terms do
// not wait for each other. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_PACKED_SUMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_PACKED_SUMS_INL_H
#undef ELEGANS_KERNELS_SIMD_PACKED_SUMS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_PACKED_SUMS_INL_H
#endif

#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// Vectors in a group of columns of one row: enough sums to hide the latency of an addition, and no more than the registers
// hold.
constexpr std::size_t row_columns = vector_registers == 32 ? 12 : 8;
constexpr std::size_t most_parts = 32;

// Vectors of a narrow panel (kernels/packed_form.hpp). Of wide registers it fills half of one.
template <class T>
inline constexpr std::size_t narrow_columns = HWY_MAX(1, panel_columns<T> / 2 / hn::MaxLanes(hn::ScalableTag<T>()));

// Lanes `from` … `from + count - 1` of a column vector go to y[row · width] on.
template <class T>
struct Place {
  T* y;
  std::size_t width, from, count;
};

// Those of column vector c of a group: first[c] … first[c + 1] - 1.
template <class T>
struct Places {
  Place<T> at[row_columns + most_parts];
  std::size_t first[row_columns + 1];
};

// The left operands, and a group of columns: where its vectors begin in the packed matrix and where they go. Vectors of
// a single part stand side by side, `count` numbers from `y` on; those of several have places.
template <class T>
struct Group {
  const T* const* a;
  const std::size_t* depth;
  const std::size_t* chains;
  std::size_t terms;
  const T* b[row_columns];
  T* y;
  std::size_t width, count;
  const Places<T>* places;
};

// Whether a block computes its narrow column for two rows in one vector, one in each half.
template <std::size_t narrow, std::size_t rows, class D>
inline constexpr bool pairs_rows = narrow == 1 && rows % 2 == 0 && hn::MaxLanes(D()) > panel_columns<hn::TFromD<D>> / 2;

// Rows of a packed matrix are counted in eighths of a cache line: machines take eight times a number for an address, and
// four times for one in a narrow panel.
constexpr std::size_t row_step = 8;

template <class T>
HWY_INLINE const T* bytes_behind(const T* from, std::size_t bytes) {
  return reinterpret_cast<const T*>(reinterpret_cast<const char*>(from) + bytes);
}

// Column vector c in the row at `at`; the last `narrow` vectors of a group are a narrow panel's. `twice`:
// where that is half a vector, it fills both halves.
template <std::size_t narrow, bool twice, std::size_t columns, class D, class T = hn::TFromD<D>>
HWY_INLINE VecOf<D> load_column(D d, const T* const (&b)[columns], std::size_t c, std::size_t at) {
  if (c + narrow < columns) return hn::LoadU(d, bytes_behind(b[c], at * 8));
  const T* const from = bytes_behind(b[c], at * 4);
  if constexpr (hn::MaxLanes(D()) > panel_columns<T> / 2) {
    const auto half = hn::LoadU(hn::Half<D>(), from);
    return twice ? hn::Combine(d, half, half) : hn::ZeroExtendVector(d, half);
  } else {
    return hn::LoadU(d, from);
  }
}

// Adds the products of one k: a is of the first row, and rows of it are `stride` apart.
template <std::size_t narrow, std::size_t rows, std::size_t columns, class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void add_products(D d, const T* a, std::size_t stride, const T* const (&b)[columns], std::size_t at,
                             V (&sum)[rows][columns]) {
  constexpr bool pairs = pairs_rows<narrow, rows, D>;
  constexpr std::size_t whole = pairs ? columns - 1 : columns;
  V vector[columns];
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) vector[c] = load_column<narrow, pairs>(d, b, c, at);
  V even;
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) {
    const auto factor = hn::Set(d, a[i * stride]);
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < whole; ++c) sum[i][c] = hn::MulAdd(factor, vector[c], sum[i][c]);
    if constexpr (pairs) {
      if (i % 2 == 0) {
        even = factor;
      } else {
        sum[i - 1][whole] = hn::MulAdd(hn::ConcatUpperLower(d, factor, even), vector[whole], sum[i - 1][whole]);
      }
    }
  }
}

// sum becomes 0, and `to` what it was.
template <std::size_t rows, std::size_t columns, class D, class V>
HWY_INLINE void set_aside(D d, V (&sum)[rows][columns], V (&to)[rows][columns]) {
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) {
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) {
      to[i][c] = sum[i][c];
      sum[i][c] = hn::Zero(d);
    }
  }
}
// sum = before + sum
template <std::size_t rows, std::size_t columns, class V>
HWY_INLINE void add_to(const V (&before)[rows][columns], V (&sum)[rows][columns]) {
  ELEGANS_UNROLL
  for (std::size_t i = 0; i < rows; ++i) {
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) sum[i][c] = hn::Add(before[i][c], sum[i][c]);
  }
}

// The sums of a term of `depth` numbers, whose matrix begins at row `at`, on top of what is in `sum`: chain by chain, for the
// registers hold but one.
template <std::size_t narrow, std::size_t rows, std::size_t columns, class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void sum_chains(D d, const T* a, std::size_t depth, const T* const (&b)[columns], std::size_t at,
                           std::size_t chains, V (&sum)[rows][columns]) {
  V before[rows][columns];
  for (std::size_t chain = 0; chain < chains; ++chain) {
    if (chain > 0) set_aside(d, sum, before);
    std::size_t from = at + chain * row_step;
    for (std::size_t k = chain; k < depth; k += chains, from += chains * row_step)
      add_products<narrow>(d, a + k, depth, b, from, sum);
    if (chain > 0) add_to(before, sum);
  }
}

// The term of one row, its chains side by side. `at` moves behind it. Four k's are counted at once.
template <std::size_t chains, std::size_t narrow, std::size_t columns, class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void sum_term(D d, const T* a, std::size_t depth, const T* const (&b)[columns], std::size_t& at,
                         V (&term)[1][columns]) {
  V chain[chains][1][columns];
  ELEGANS_UNROLL
  for (auto& one : chain) {
    ELEGANS_UNROLL
    for (V& sum : one[0]) sum = hn::Zero(d);
  }
  const T* const end = a + depth;
  for (; end - a >= 4; a += 4, at += 4 * row_step) {
    // g++ 12 would count up a pointer for each of eight columns, 7 instructions more.
    __asm__("" : "+r"(at));
    ELEGANS_UNROLL
    for (std::size_t k = 0; k < 4; ++k) add_products<narrow>(d, a + k, depth, b, at + k * row_step, chain[k % chains]);
  }
  if constexpr (chains == 1) {
    for (; a < end; ++a, at += row_step) {
      __asm__("" : "+r"(at));
      add_products<narrow>(d, a, depth, b, at, chain[0]);
    }
  } else {
    ELEGANS_UNROLL
    for (std::size_t k = 0; k < 3; ++k) {
      if (a + k < end) add_products<narrow>(d, a + k, depth, b, at + k * row_step, chain[k % chains]);
    }
    at += static_cast<std::size_t>(end - a) * row_step;
  }
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) {
    term[0][c] = chain[0][0][c];
    ELEGANS_UNROLL
    for (std::size_t s = 1; s < chains; ++s) term[0][c] = hn::Add(term[0][c], chain[s][0][c]);
  }
}

// Chains of a term of so many vectors of columns, at most.
template <std::size_t columns>
inline constexpr std::size_t most_chains = chains_beside(columns, 1);

// The sums of one row, a_t of which stands at a[t] + row depth[t]. Of small matrices whatever does not multiply would take
// as long: no term is told from the first one, for -0 + x is x in each bit. All terms are `chains` chains, or, where that is
// 0, as the group says.
template <std::size_t chains, std::size_t narrow, std::size_t columns, class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void sum_row(D d, const Group<T>& group, std::size_t row, V (&sum)[1][columns]) {
  const T* b[columns];
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) {
    b[c] = group.b[c];
    sum[0][c] = hn::Set(d, T(-0.0));
  }
  std::size_t at = 0;
  for (std::size_t t = 0; t < group.terms; ++t) {
    const std::size_t depth = group.depth[t];
    V term[1][columns];
    if (group.a[t] == nullptr && depth == 1) {
      ELEGANS_UNROLL
      for (std::size_t c = 0; c < columns; ++c) term[0][c] = load_column<narrow, false>(d, b, c, at);
      at += row_step;
    } else {
      const T* const a = group.a[t] + row * depth;
      constexpr std::size_t most = most_chains<columns>;
      if constexpr (chains > 0) {
        sum_term<chains, narrow>(d, a, depth, b, at, term);
      } else if (most == 4 && group.chains[t] == 4) {
        sum_term<most, narrow>(d, a, depth, b, at, term);
      } else if (most >= 2 && group.chains[t] == 2) {
        sum_term<HWY_MIN(2, most), narrow>(d, a, depth, b, at, term);
      } else {
        sum_term<1, narrow>(d, a, depth, b, at, term);
      }
    }
    ELEGANS_UNROLL
    for (std::size_t c = 0; c < columns; ++c) sum[0][c] = hn::Add(sum[0][c], term[0][c]);
  }
}

// The sums of a block, from row `first_row` on. `chained`: some term is several chains; code for both at once would find no
// registers.
template <bool chained, std::size_t narrow, std::size_t rows, std::size_t columns, class D, class V,
          class T = hn::TFromD<D>>
HWY_INLINE void sum_rows(D d, const Group<T>& group, std::size_t first_row, V (&sum)[rows][columns]) {
  constexpr bool pairs = pairs_rows<narrow, rows, D>;
  const T* b[columns];
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) {
    b[c] = group.b[c];
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; ++i) sum[i][c] = hn::Zero(d);
  }
  std::size_t at = 0;
  for (std::size_t t = 0; t < group.terms; ++t) {
    const std::size_t depth = group.depth[t];
    if (group.a[t] == nullptr && depth == 1) {
      ELEGANS_UNROLL
      for (std::size_t c = 0; c < columns; ++c) {
        const auto row = load_column<narrow, pairs>(d, b, c, at);
        ELEGANS_UNROLL
        for (std::size_t i = 0; i < rows; ++i) sum[i][c] = t == 0 ? row : hn::Add(sum[i][c], row);
      }
      at += row_step;
      continue;
    }
    V before[rows][columns];  // the registers hold but one sum
    if (t > 0) set_aside(d, sum, before);
    sum_chains<narrow>(d, group.a[t] + first_row * depth, depth, b, at, chained ? group.chains[t] : 1, sum);
    at += depth * row_step;
    if (t > 0) add_to(before, sum);
  }
  if constexpr (pairs) {
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; i += 2) {
      V& both = sum[i][columns - 1];
      sum[i + 1][columns - 1] = hn::ZeroExtendVector(d, hn::UpperHalf(hn::Half<D>(), both));
    }
  }
}

template <std::size_t rows, std::size_t columns, class D, class V>
HWY_INLINE bool any_nan(D d, const V (&sum)[rows][columns]) {
  // Two by two: the first with the last.
  constexpr std::size_t count = rows * columns;
  auto is_nan = either_nan(sum[0][0], sum[(count - 1) / columns][(count - 1) % columns]);
  ELEGANS_UNROLL
  for (std::size_t i = 1; i + 1 < count; i += 2) {
    const std::size_t next = HWY_MIN(i + 1, count - 2);
    is_nan = hn::Or(is_nan, either_nan(sum[i / columns][i % columns], sum[next / columns][next % columns]));
  }
  return !hn::AllFalse(d, is_nan);
}

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_PACKED_SUMS_INL_H
