// What the steps of a chain compute of the accumulator, and where they find the vectors of their operands. Compiled once for
// each target.

#if defined(ELEGANS_KERNELS_SIMD_CHAIN_OPERANDS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_CHAIN_OPERANDS_INL_H
#undef ELEGANS_KERNELS_SIMD_CHAIN_OPERANDS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_CHAIN_OPERANDS_INL_H
#endif

#include "kernels/simd/chain_steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// How many vectors a row has: one, two or four, which share a group with other rows, or any number. In the last case a
// group is of one row, and its places move from row to row: a column is one number to it, and a row whole vectors.
enum class Rows : std::uint8_t { of_one, of_two, of_four, alone };

// How a step of a whole group finds vector i of an operand, by its access and the rows.
template <class T>
struct WholeVectors {
  T* x;
  HWY_INLINE WholeVectors(const Operands<T>& operands, std::uint16_t number) : x(operands.of(number)) {}
  HWY_INLINE WholeVectors(const LinkedStep<T>& step, const Operands<T>& operands) : WholeVectors(operands, step.x) {}
  HWY_INLINE T* place(std::size_t i) const { return x + i * hn::Lanes(hn::ScalableTag<T>()); }
  HWY_INLINE Vector<T> vector(std::size_t i) const { return hn::LoadU(hn::ScalableTag<T>(), place(i)); }
  HWY_INLINE void put(Vector<T> a, std::size_t i) const { hn::StoreU(a, hn::ScalableTag<T>(), place(i)); }
};
// A group of so many vectors, the last of which is stored in part.
template <class T, std::size_t vectors>
struct PartOfLast {
  WholeVectors<T> whole;
  std::size_t part;
  HWY_INLINE PartOfLast(const LinkedStep<T>& step, const Operands<T>& operands) : whole(step, operands), part(step.z) {}
  HWY_INLINE void put(Vector<T> a, std::size_t i) const {
    if (i + 1 < vectors) return whole.put(a, i);
    store_part(a, hn::ScalableTag<T>(), whole.place(i), part);
  }
};
template <class T>
struct OneNumber {
  Vector<T> x;
  HWY_INLINE OneNumber(const Operands<T>& operands, std::uint16_t number)
      : x(hn::Set(hn::ScalableTag<T>(), *operands.of(number))) {}
  HWY_INLINE OneNumber(const LinkedStep<T>& step, const Operands<T>& operands) : OneNumber(operands, step.x) {}
  HWY_INLINE Vector<T> vector(std::size_t) const { return x; }
};
template <class T, std::size_t vectors>
struct NumberARow {
  const T* x;
  HWY_INLINE NumberARow(const LinkedStep<T>& step, const Operands<T>& operands) : x(operands.of(step.x)) {}
  HWY_INLINE Vector<T> vector(std::size_t i) const { return hn::Set(hn::ScalableTag<T>(), x[i / vectors]); }
};
template <class T>
struct RepeatedRow {
  const T* x;
  std::size_t mask;
  HWY_INLINE RepeatedRow(const LinkedStep<T>& step, const Operands<T>& operands)
      : x(operands.of(step.x)), mask(operands.row_mask) {}
  HWY_INLINE Vector<T> vector(std::size_t i) const {
    const hn::ScalableTag<T> d;
    return hn::LoadU(d, x + (i & mask) * hn::Lanes(d));
  }
};
// Of rows of so many vectors; 0 where that is known as it runs.
template <class T, std::size_t vectors = 0>
struct IndexedRows {
  T* x;
  const std::uint32_t* index;
  const Operands<T>& operands;
  HWY_INLINE IndexedRows(const LinkedStep<T>& step, const Operands<T>& with)
      : x(with.of(step.x)), index(reinterpret_cast<const std::uint32_t*>(with.at()[step.y])), operands(with) {}
  HWY_INLINE T* place(std::size_t i) const {
    const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
    if constexpr (vectors > 0) return x + index[i / vectors] + i % vectors * lanes;
    return x + index[i >> operands.row_shift] + (i & operands.row_mask) * lanes;
  }
  HWY_INLINE Vector<T> vector(std::size_t i) const { return hn::LoadU(hn::ScalableTag<T>(), place(i)); }
  HWY_INLINE void put(Vector<T> a, std::size_t i) const {  // adds
    const hn::ScalableTag<T> d;
    T* const to = place(i);
    hn::StoreU(hn::Add(hn::LoadU(d, to), a), d, to);
  }
};

// What is looked up: the array is in two registers, or one twice.
template <class T>
struct LookedUp {
  Vector<T> low, high;
  const std::uint32_t* index;
  HWY_INLINE LookedUp(const LinkedStep<T>& step, const Operands<T>& operands)
      : low(hn::LoadU(hn::ScalableTag<T>(), operands.of(step.x))),
        high(low),
        index(reinterpret_cast<const std::uint32_t*>(operands.at()[step.y])) {
    const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
    if (step.z > lanes) high = hn::LoadU(hn::ScalableTag<T>(), operands.of(step.x) + lanes);
  }
  HWY_INLINE Vector<T> at(std::size_t first) const { return look_up_two(low, high, index + first); }
  HWY_INLINE Vector<T> vector(std::size_t i) const { return at(i * hn::Lanes(hn::ScalableTag<T>())); }
};

// The same of an array's end, told apart as it runs. A vector that is not there is the last one once more: it is computed
// in vain, and stored twice. The last one ends where the arrays do, and may so begin in the one before it, which is no
// harm even in place, for a group is read before it is written. Where all arrays are padded it is one as others.
template <class T, std::size_t vectors>
struct AtEnd {
  const LinkedStep<T>& step;
  const Operands<T>& operands;
  T* x;
  Access access;

  HWY_INLINE AtEnd(const LinkedStep<T>& of, const Operands<T>& with, std::uint16_t number, Access by)
      : step(of), operands(with), x(with.of(number)), access(by) {}
  HWY_INLINE AtEnd(const LinkedStep<T>& of, const Operands<T>& with) : AtEnd(of, with, of.x, of.access[0]) {}

  HWY_INLINE std::size_t first(std::size_t i) const {
    return HWY_MIN(i * hn::Lanes(hn::ScalableTag<T>()), operands.last);
  }
  HWY_INLINE T* place(std::size_t i) const { return x + first(i); }
  // One part of a vector is all that there is.
  HWY_INLINE bool is_part() const { return vectors == 1 && operands.whole == 0 && !step.padded; }

  HWY_INLINE Vector<T> vector(std::size_t i) const {
    const hn::ScalableTag<T> d;
    if (access == Access::number) return hn::Set(d, *x);
    if (access == Access::full) return is_part() ? load_part(d, x, operands.part) : hn::LoadU(d, place(i));
    if constexpr (looks_up_two<T>)
      if (access == Access::looked_up) return LookedUp<T>(step, operands).at(first(i));
    const std::size_t there = HWY_MIN(i, operands.whole - 1);
    if (access == Access::column) return hn::Set(d, x[there >> operands.row_shift]);
    if (access == Access::row) return hn::LoadU(d, x + (there & operands.row_mask) * hn::Lanes(d));
    return IndexedRows<T>(step, operands).vector(there);
  }
  HWY_INLINE void put(Vector<T> a, std::size_t i) const {
    const hn::ScalableTag<T> d;
    if (access == Access::indexed) {
      if (i < operands.whole) IndexedRows<T>(step, operands).put(a, i);  // once
    } else if (is_part()) {
      store_part(a, d, x, operands.part);
    } else {
      hn::StoreU(a, d, place(i));
    }
  }
};

// What steps compute of A and their operand.
template <class X, class T>
struct Loaded : X {
  HWY_INLINE Loaded(const LinkedStep<T>& step, const Operands<T>& operands) : X(step, operands) {}
  HWY_INLINE Vector<T> operator()(Vector<T>, std::size_t i) const { return X::vector(i); }
};
template <class F, class X, bool reversed, class T>
struct Combined : X {
  HWY_INLINE Combined(const LinkedStep<T>& step, const Operands<T>& operands) : X(step, operands) {}
  HWY_INLINE Vector<T> operator()(Vector<T> a, std::size_t i) const {
    const hn::ScalableTag<T> d;
    return reversed ? F::of(d, X::vector(i), a) : F::of(d, a, X::vector(i));
  }
};
template <class F, class T>
struct Mapped {
  // So many vectors at once, four side by side, as many as the registers hold, where functions look numbers up
  // (functions-inl.h). Of smaller groups it gains nothing.
  static constexpr bool is_of_each = looks_up_two<T> && requires(Vector<T>(&a)[4]) {
    F::of_each(hn::ScalableTag<T>(), a);
  };
  static constexpr std::size_t several = is_of_each ? 8 : 0;
  HWY_INLINE Mapped(const LinkedStep<T>&, const Operands<T>&) {}
  HWY_INLINE Vector<T> operator()(Vector<T> a, std::size_t) const { return F::of(hn::ScalableTag<T>(), a); }
  static HWY_INLINE void of_several(Vector<T> (&a)[8]) {
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < 8; i += 4) {
      Vector<T> four[] = {a[i], a[i + 1], a[i + 2], a[i + 3]};
      F::of_each(hn::ScalableTag<T>(), four);
      ELEGANS_UNROLL
      for (std::size_t j = 0; j < 4; ++j) a[i + j] = four[j];
    }
  }
};
template <class C, class Y, class N, class T>
struct Selected {
  C condition;
  Y yes;
  N no;
  HWY_INLINE Selected(const LinkedStep<T>& step, const Operands<T>& operands)
      : condition(step, operands, step.x, step.access[0]),
        yes(step, operands, step.y, step.access[1]),
        no(step, operands, step.z, step.access[2]) {}
  HWY_INLINE Vector<T> operator()(Vector<T> a, std::size_t i) const {
    const hn::ScalableTag<T> d;
    return hn::IfThenElse(hn::Eq(condition.vector(a, i), hn::Zero(d)), no.vector(a, i), yes.vector(a, i));
  }
};
// Operands of select: the accumulator, or as above.
template <class T>
struct Accumulated {
  HWY_INLINE Accumulated(const LinkedStep<T>&, const Operands<T>&, std::uint16_t, Access) {}
  HWY_INLINE Vector<T> vector(Vector<T> a, std::size_t) const { return a; }
};
template <class X, class T>
struct Chosen : X {
  HWY_INLINE Chosen(const LinkedStep<T>&, const Operands<T>& operands, std::uint16_t number, Access)
      : X(operands, number) {}
  HWY_INLINE Vector<T> vector(Vector<T>, std::size_t i) const { return X::vector(i); }
};
template <class T, std::size_t vectors>
struct ChosenAtEnd {  // and all that is rare
  const LinkedStep<T>& step;
  const Operands<T>& operands;
  std::uint16_t number;
  Access access;
  HWY_INLINE ChosenAtEnd(const LinkedStep<T>& of, const Operands<T>& with, std::uint16_t n, Access by)
      : step(of), operands(with), number(n), access(by) {}
  HWY_INLINE Vector<T> vector(Vector<T> a, std::size_t i) const {
    return number == ChainStep::accumulator ? a : AtEnd<T, vectors>(step, operands, number, access).vector(i);
  }
};

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_CHAIN_OPERANDS_INL_H
