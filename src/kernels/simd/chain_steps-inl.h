// The steps of a chain on groups of vectors: functions that take the accumulator in registers, as arguments, and call
// the next step with what they make of it as the last thing they do. Compilers make a jump of that, and nothing but
// arrays and slots goes through memory, and of whole groups of one or two vectors some slots do not, where there are 32
// registers (kept_slots). Compiled once for each target.
//
// A group is 8 or 4 vectors; of arrays that come from memory always 4: the processor looks beyond one of them, and asks for
// more at a time. What is left at an array's end is at most 4, 2 or 1 vectors, the last of them perhaps a part of one; where
// it never is, 3, 2 or 1 whole ones.

#if defined(ELEGANS_KERNELS_SIMD_CHAIN_STEPS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_CHAIN_STEPS_INL_H
#undef ELEGANS_KERNELS_SIMD_CHAIN_STEPS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_CHAIN_STEPS_INL_H
#endif

#include <utility>

#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

template <class T>
using Vector = VecOf<hn::ScalableTag<T>>;

template <class T>
struct LinkedStep;

// What steps see of a chain. Right behind it stand addresses: of arrays for this group, of their indices, of slots.
template <class T>
struct alignas(64) Operands {
  T* spilled = nullptr;  // two groups, for kernels that are called
  // Vectors of one row among those of a group, as a shift, and that number − 1.
  unsigned row_shift = 0;
  std::size_t row_mask = 0;
  // The whole vectors of this group, the numbers behind them, and where the last vector begins.
  std::size_t whole = 0, part = 0, last = 0;

  HWY_INLINE const std::intptr_t* at() const { return reinterpret_cast<const std::intptr_t*>(this + 1); }
  HWY_INLINE T* of(std::size_t number) const { return reinterpret_cast<T*>(at()[number]); }
};

// A group of vectors as the arguments of a step: the accumulator's, then those of slots that are kept in registers, slot by
// slot.
template <class T, bool end_of_array, class Indices, class Kept>
struct GroupOf;

template <class T, bool end_of_array, std::size_t... i, std::size_t... k>
struct GroupOf<T, end_of_array, std::index_sequence<i...>, std::index_sequence<k...>> {
  template <std::size_t>
  using Each = Vector<T>;
  using Step = void (*)(const LinkedStep<T>*, const Operands<T>&, Each<i>..., Each<k>...);
  static constexpr std::size_t width = sizeof...(i);
  static constexpr bool is_end = end_of_array;

  static HWY_INLINE void next(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    return step[1].template run<GroupOf>()(step + 1, operands, a..., kept...);
  }

  // A = of(A, number of the vector)
  template <class Of>
  static void compute(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const Of of(*step, operands);
    if constexpr (requires { requires width == Of::several; }) {
      Vector<T> all[] = {a...};
      Of::of_several(all);
      return next(step, operands, all[i]..., kept...);
    } else {
      return next(step, operands, of(a, i)..., kept...);
    }
  }

  template <class To>
  static HWY_INLINE void put(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const To to(*step, operands);
    (to.put(a, i), ...);
    return next(step, operands, a..., kept...);
  }
  template <class To>
  static void store(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    return put<To>(step, operands, a..., kept...);
  }

  // Two steps at once. Where `swapped`, From reads the second one's operand and Of the first one's.
  template <class From, class Of, bool swapped>
  static void load_and_compute(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const From from(step[swapped ? 1 : 0], operands);
    const Of of(step[swapped ? 0 : 1], operands);
    return next(step + 1, operands, of(from(a, i), i)..., kept...);
  }
  template <class Of, class To>
  static void compute_and_store(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const Of of(*step, operands);
    return put<To>(step + 1, operands, of(a, i)..., kept...);
  }

  // Slots that are kept: slot = A, A = slot, A = f(A, slot) or f(slot, A).
  template <std::size_t slot>
  static void keep(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const Vector<T> all[] = {a...};
    return next(step, operands, a..., (k / width == slot ? all[k % width] : kept)...);
  }
  template <std::size_t slot>
  static void take(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>..., Each<k>... kept) {
    const Vector<T> all[] = {kept...};
    return next(step, operands, all[slot * width + i]..., kept...);
  }
  template <std::size_t slot, class F, bool reversed>
  static void compute_kept(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const hn::ScalableTag<T> d;
    const Vector<T> all[] = {kept...};
    return next(step, operands, reversed ? F::of(d, all[slot * width + i], a) : F::of(d, a, all[slot * width + i])...,
                kept...);
  }

  // A = x != 0 ? yes : no of one number x.
  template <class Yes, class No>
  static void choose(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    if (*operands.of(step->x) != 0) {
      const Yes yes(*step, operands, step->y, step->access[1]);
      return next(step, operands, yes.vector(a, i)..., kept...);
    }
    const No no(*step, operands, step->z, step->access[2]);
    return next(step, operands, no.vector(a, i)..., kept...);
  }

  // A = f(A) and A = f(A, x), f(x, A) by the kernels of whole arrays.
  static void unary_kernel(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    T* const spilled = operands.spilled;
    (hn::Store(a, d, spilled + i * lanes), ...);
    step->unary(spilled, spilled, width * lanes);
    return next(step, operands, hn::Load(d, spilled + i * lanes)..., kept...);
  }
  template <class X, bool reversed>
  static void binary_kernel(const LinkedStep<T>* step, const Operands<T>& operands, Each<i>... a, Each<k>... kept) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    T* const spilled = operands.spilled;
    T* const other = spilled + width * lanes;
    const X x(*step, operands);
    (hn::Store(a, d, spilled + i * lanes), ...);
    (hn::Store(x.vector(i), d, other + i * lanes), ...);
    step->binary(reversed ? other : spilled, 1, reversed ? spilled : other, 1, spilled, width * lanes);
    return next(step, operands, hn::Load(d, spilled + i * lanes)..., kept...);
  }

  static void finish(const LinkedStep<T>*, const Operands<T>&, Each<i>..., Each<k>...) {}

  // Runs the steps from `first` on.
  static HWY_INLINE void run(const LinkedStep<T>* first, const Operands<T>& operands) {
    const hn::ScalableTag<T> d;
    first->template run<GroupOf>()(first, operands, (static_cast<void>(i), hn::Zero(d))...,
                                   (static_cast<void>(k), hn::Zero(d))...);
  }
};

// Slots of a group that are kept in registers, if the chain has so many: whatever is stored and loaded again at once comes
// a dozen cycles later (Zen 5), which is much of a step of few numbers. Arguments are at most eight vectors.
constexpr std::size_t kept_slots(std::size_t vectors) { return vector_registers == 32 && vectors <= 2 ? 3 : 0; }

template <class T, std::size_t vectors>
using Group =
    GroupOf<T, false, std::make_index_sequence<vectors>, std::make_index_sequence<kept_slots(vectors) * vectors>>;
template <class T, std::size_t most>
using End = GroupOf<T, true, std::make_index_sequence<most>, std::index_sequence<>>;

// One step for each kind of group. Where a chain has no part of a vector, its ends of one, two and three vectors are whole
// groups.
template <class T>
struct Runs {
  typename Group<T, 8>::Step group;
  typename Group<T, 4>::Step small;
  union {
    typename End<T, 4>::Step end4;
    typename Group<T, 3>::Step three;
  };
  union {
    typename End<T, 2>::Step end2;
    typename Group<T, 2>::Step two;
  };
  union {
    typename End<T, 1>::Step end1;
    typename Group<T, 1>::Step one;
  };
};
template <class T>
struct AllRuns : Runs<T> {
  typename Group<T, 3>::Step of_three;
  typename Group<T, 2>::Step of_two;
  typename Group<T, 1>::Step of_one;
  Runs<T> of(bool whole) const {
    Runs<T> runs = *this;
    if (whole) {
      runs.three = of_three;
      runs.two = of_two;
      runs.one = of_one;
    }
    return runs;
  }
};

template <class T>
struct LinkedStep {
  Runs<T> runs{};
  union {
    void (*unary)(const T*, T*, std::size_t) = nullptr;
    void (*binary)(const T*, std::size_t, const T*, std::size_t, T*, std::size_t);
  };
  // Places among Operands::at(). Of what is indexed or looked up y is that of its index, and z how many numbers it has;
  // of what is stored in part z is how much of its last vector.
  std::uint16_t x = 0, y = 0, z = 0;
  Access access[3] = {};  // of x, y and z
  bool padded = false;    // x, or all that select reads

  template <class G>
  HWY_INLINE auto run() const {
    if constexpr (G::width == 8) {
      return runs.group;
    } else if constexpr (G::width == 4 && !G::is_end) {
      return runs.small;
    } else if constexpr (G::width == 4) {
      return runs.end4;
    } else if constexpr (G::width == 3) {
      return runs.three;
    } else if constexpr (G::width == 2 && G::is_end) {
      return runs.end2;
    } else if constexpr (G::width == 2) {
      return runs.two;
    } else if constexpr (G::is_end) {
      return runs.end1;
    } else {
      return runs.one;
    }
  }
};

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_CHAIN_STEPS_INL_H
