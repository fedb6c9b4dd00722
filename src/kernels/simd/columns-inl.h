// Binary functions of a chain, alone and in pairs, and instructions with columns among their operands: row by row, whole
// vectors. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_COLUMNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_COLUMNS_INL_H
#undef ELEGANS_KERNELS_SIMD_COLUMNS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_COLUMNS_INL_H
#endif

#include "kernels/scalar/scalar.hpp"
#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// f(a, b); an operand that is not used is not read.
template <class F>
struct Alone {
  template <class D, class V>
  static HWY_INLINE V of(D d, V a, V b, V) {
    return F::of(d, a, b);
  }
};
// g(f(a, b), c), and g(c, f(a, b)).
template <class F, class G>
struct Left {
  template <class D, class V>
  static HWY_INLINE V of(D d, V a, V b, V c) {
    return G::of(d, F::of(d, a, b), c);
  }
};
template <class F, class G>
struct Right {
  template <class D, class V>
  static HWY_INLINE V of(D d, V a, V b, V c) {
    return G::of(d, c, F::of(d, a, b));
  }
};

// The operands of a binary instruction or pair that are columns: a bit each, a the lowest.
HWY_INLINE unsigned columns_of(const ChainInstruction& at, std::uint32_t columns) {
  if (at.kind == ChainInstruction::Kind::unary || at.kind == ChainInstruction::Kind::select) return 0;
  const auto bit = [columns](std::size_t tile) { return tile < 32 ? columns >> tile & 1U : 0U; };
  return bit(at.a) | bit(at.b) << 1 | (at.kind == ChainInstruction::Kind::binary ? 0U : bit(at.c) << 2);
}

// Calls on.run<f(a, b)>(), or on.run_scalar(number of f) where f has no vector form.
template <class On>
HWY_INLINE void binary_instruction(Binary function, const On& on) {
  switch (function) {
#define ELEGANS_CASE(name) \
  case Binary::name:       \
    return on.template run<Alone<lanewise::name>>();
    ELEGANS_CASE(add)
    ELEGANS_CASE(subtract)
    ELEGANS_CASE(multiply)
    ELEGANS_CASE(divide)
    ELEGANS_CASE(maximum)
    ELEGANS_CASE(minimum)
    ELEGANS_CASE(less)
    ELEGANS_CASE(less_equal)
    ELEGANS_CASE(equal)
    default:  // functions without a vector form run as on the scalar target
      return on.run_scalar(static_cast<std::size_t>(function));
#undef ELEGANS_CASE
  }
}

template <class Function, unsigned columns, class T>
HWY_INLINE void map_rows(const T* a, const T* b, const T* c, T* y, std::size_t n, std::size_t inner) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto row_of = [d](bool column, const T* x, std::size_t row)
                          HWY_ATTR { return column ? hn::Set(d, x[row]) : hn::Zero(d); };
  const auto vector_of = [d](bool column, auto repeated, const T* x, std::size_t i)
                             HWY_ATTR { return column ? repeated : hn::LoadU(d, x + i); };
  if (inner == lanes) {  // as often in training: no loop within the loop
    for (std::size_t row = 0, i = 0; i < n; ++row, i += lanes)
      hn::StoreU(Function::of(d, vector_of(columns & 1, row_of(columns & 1, a, row), a, i),
                              vector_of(columns & 2, row_of(columns & 2, b, row), b, i),
                              vector_of(columns & 4, row_of(columns & 4, c, row), c, i)),
                 d, y + i);
    return;
  }
  for (std::size_t row = 0, i = 0; i < n; ++row) {
    const auto a_row = row_of(columns & 1, a, row), b_row = row_of(columns & 2, b, row),
               c_row = row_of(columns & 4, c, row);
    const std::size_t end = i + inner;
    do {
      hn::StoreU(Function::of(d, vector_of(columns & 1, a_row, a, i), vector_of(columns & 2, b_row, b, i),
                              vector_of(columns & 4, c_row, c, i)),
                 d, y + i);
      i += lanes;
    } while (i < end);
  }
}

// Of a and b alone, for binary_instruction; a stands for c as well, as a column, of which there is enough.
template <class T>
struct OnRows {
  unsigned columns;
  const T *a, *b;
  T* y;
  std::size_t n, inner;

  template <class Function>
  HWY_NOINLINE void run() const {
    switch (columns) {
      case 0:
        return map_rows<Function, 4>(a, b, a, y, n, inner);
      case 1:
        return map_rows<Function, 5>(a, b, a, y, n, inner);
      case 2:
        return map_rows<Function, 6>(a, b, a, y, n, inner);
      default:
        return map_rows<Function, 7>(a, b, a, y, n, inner);
    }
  }
  void run_scalar(std::size_t function) const {
    const std::size_t a_step = columns & 1 ? 0 : 1, b_step = columns & 2 ? 0 : 1;
    for (std::size_t i = 0, row = 0; i < n; i += inner, ++row)
      scalar_kernels<T>().binary[function](a + (a_step ? i : row), a_step, b + (b_step ? i : row), b_step, y + i,
                                           inner);
  }
};

// y = f(a, b) on n elements in rows of `inner`; `columns` says which of a, the lowest bit, and b are columns.
template <class T>
HWY_NOINLINE void binary_rows(Binary function, unsigned columns, const T* a, const T* b, T* y, std::size_t n,
                              std::size_t inner) {
  binary_instruction(function, OnRows<T>{columns, a, b, y, n, inner});
}

template <class Function, class T>
HWY_NOINLINE void map_pair_rows(unsigned columns, const T* a, const T* b, const T* c, T* y, std::size_t n,
                                std::size_t inner) {
  switch (columns) {
    case 2:
      return map_rows<Function, 2>(a, b, c, y, n, inner);
    case 4:
      return map_rows<Function, 4>(a, b, c, y, n, inner);
    default:
      return map_rows<Function, 6>(a, b, c, y, n, inner);
  }
}

// Sums, differences and products of a tile with columns, in one go; whether `at` is one.
template <class F, class T>
bool fused_pair(const ChainInstruction& at, unsigned columns, const T* a, const T* b, const T* c, T* y, std::size_t n,
                std::size_t inner) {
  switch (at.outer) {
    case Binary::add:
      map_pair_rows<Left<F, lanewise::add>>(columns, a, b, c, y, n, inner);
      return true;
    case Binary::multiply:
      map_pair_rows<Left<F, lanewise::multiply>>(columns, a, b, c, y, n, inner);
      return true;
    case Binary::subtract:
      if (at.kind == ChainInstruction::Kind::binary_left) {
        map_pair_rows<Left<F, lanewise::subtract>>(columns, a, b, c, y, n, inner);
      } else {
        map_pair_rows<Right<F, lanewise::subtract>>(columns, a, b, c, y, n, inner);
      }
      return true;
    default:
      return false;
  }
}

template <class T>
bool fused_pair(const ChainInstruction& at, unsigned columns, const T* a, const T* b, const T* c, T* y, std::size_t n,
                std::size_t inner) {
  const auto function = static_cast<Binary>(at.function);
  const bool commutes = function == Binary::add || function == Binary::multiply;
  if ((columns & 3) == 1 && commutes) {
    const T* tile = b;
    b = a;
    a = tile;
    columns ^= 3;
  }
  if (columns & 1) return false;
  switch (function) {
    case Binary::add:
      return fused_pair<lanewise::add>(at, columns, a, b, c, y, n, inner);
    case Binary::subtract:
      return fused_pair<lanewise::subtract>(at, columns, a, b, c, y, n, inner);
    case Binary::multiply:
      return fused_pair<lanewise::multiply>(at, columns, a, b, c, y, n, inner);
    default:
      return false;
  }
}

// A binary instruction or a pair. Other pairs run one function after the other: what is between them stays in the cache,
// for y may be any of the operands.
template <class T>
void column_instruction(const ChainInstruction& at, unsigned columns, T* const* tiles, std::size_t n,
                        std::size_t inner) {
  const T *a = tiles[at.a], *b = tiles[at.b], *c = tiles[at.c];
  T* y = tiles[at.y];
  const auto function = static_cast<Binary>(at.function);
  if (at.kind == ChainInstruction::Kind::binary) return binary_rows(function, columns & 3, a, b, y, n, inner);
  if (fused_pair(at, columns, a, b, c, y, n, inner)) return;
  constexpr std::size_t most = 1024 / sizeof(T);
  HWY_ALIGN T between[most];
  const bool left = at.kind == ChainInstruction::Kind::binary_left, c_column = (columns & 4) != 0;
  // Whole rows, or parts of one.
  const std::size_t row = HWY_MIN(inner, most), step = most / row * row;
  for (std::size_t i = 0, part; i < n; i += part) {
    part = inner <= most ? HWY_MIN(step, n - i) : HWY_MIN(most, inner - i % inner);
    const auto from = [&](const T* x, bool column) { return x + (column ? i / inner : i); };
    const T* c_part = from(c, c_column);
    binary_rows(function, columns & 3, from(a, columns & 1), from(b, columns & 2), between, part, HWY_MIN(row, part));
    if (left) {
      binary_rows(at.outer, c_column ? 2 : 0, between, c_part, y + i, part, HWY_MIN(row, part));
    } else {
      binary_rows(at.outer, c_column ? 1 : 0, c_part, between, y + i, part, HWY_MIN(row, part));
    }
  }
}

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
