// Which functions of chain_steps-inl.h run a step: one for each kind of group, by what the step does and how its operands
// are read. Compiled once for each target.

#if defined(ELEGANS_KERNELS_SIMD_CHAIN_RUNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELEGANS_KERNELS_SIMD_CHAIN_RUNS_INL_H
#undef ELEGANS_KERNELS_SIMD_CHAIN_RUNS_INL_H
#else
#define ELEGANS_KERNELS_SIMD_CHAIN_RUNS_INL_H
#endif

#include <type_traits>

#include "kernels/simd/chain_operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// Of is for whole groups; OfEnd<n> for ends of arrays, of at most n vectors.
template <class T, class Of, template <std::size_t> class OfEnd>
constexpr AllRuns<T> computing = {
    {Group<T, 8>::template compute<Of>, Group<T, 4>::template compute<Of>, End<T, 4>::template compute<OfEnd<4>>,
     End<T, 2>::template compute<OfEnd<2>>, End<T, 1>::template compute<OfEnd<1>>},
    Group<T, 3>::template compute<Of>,
    Group<T, 2>::template compute<Of>,
    Group<T, 1>::template compute<Of>};
template <class T, class F>
constexpr AllRuns<T> mapping = {{Group<T, 8>::template compute<Mapped<F, T>>,
                                 Group<T, 4>::template compute<Mapped<F, T>>, End<T, 4>::template compute<Mapped<F, T>>,
                                 End<T, 2>::template compute<Mapped<F, T>>, End<T, 1>::template compute<Mapped<F, T>>},
                                Group<T, 3>::template compute<Mapped<F, T>>,
                                Group<T, 2>::template compute<Mapped<F, T>>,
                                Group<T, 1>::template compute<Mapped<F, T>>};
template <class T, class To>
constexpr AllRuns<T> storing = {
    {Group<T, 8>::template store<To>, Group<T, 4>::template store<To>, End<T, 4>::template store<AtEnd<T, 4>>,
     End<T, 2>::template store<AtEnd<T, 2>>, End<T, 1>::template store<AtEnd<T, 1>>},
    Group<T, 3>::template store<To>,
    Group<T, 2>::template store<To>,
    Group<T, 1>::template store<To>};
// How groups of so many vectors are stored.
template <class T>
struct Storing {
  template <std::size_t>
  using Whole = WholeVectors<T>;
  template <std::size_t vectors>
  using Part = PartOfLast<T, vectors>;
};
template <class T>
constexpr AllRuns<T> storing_part = {
    {Group<T, 8>::template store<PartOfLast<T, 8>>, Group<T, 4>::template store<PartOfLast<T, 4>>,
     End<T, 4>::template store<AtEnd<T, 4>>, End<T, 2>::template store<AtEnd<T, 2>>,
     End<T, 1>::template store<AtEnd<T, 1>>},
    Group<T, 3>::template store<PartOfLast<T, 3>>,
    Group<T, 2>::template store<PartOfLast<T, 2>>,
    Group<T, 1>::template store<PartOfLast<T, 1>>};
template <class T, class Yes, class No>
constexpr AllRuns<T> choosing_one = {{Group<T, 8>::template choose<Yes, No>, Group<T, 4>::template choose<Yes, No>,
                                      End<T, 4>::template choose<ChosenAtEnd<T, 4>, ChosenAtEnd<T, 4>>,
                                      End<T, 2>::template choose<ChosenAtEnd<T, 2>, ChosenAtEnd<T, 2>>,
                                      End<T, 1>::template choose<ChosenAtEnd<T, 1>, ChosenAtEnd<T, 1>>},
                                     Group<T, 3>::template choose<Yes, No>,
                                     Group<T, 2>::template choose<Yes, No>,
                                     Group<T, 1>::template choose<Yes, No>};
template <class T>
constexpr AllRuns<T> calling_unary = {{Group<T, 8>::unary_kernel, Group<T, 4>::unary_kernel, End<T, 4>::unary_kernel,
                                       End<T, 2>::unary_kernel, End<T, 1>::unary_kernel},
                                      Group<T, 3>::unary_kernel,
                                      Group<T, 2>::unary_kernel,
                                      Group<T, 1>::unary_kernel};
template <class T, class X, bool reversed>
constexpr AllRuns<T> calling_binary = {
    {Group<T, 8>::template binary_kernel<X, reversed>, Group<T, 4>::template binary_kernel<X, reversed>,
     End<T, 4>::template binary_kernel<AtEnd<T, 4>, reversed>, End<T, 2>::template binary_kernel<AtEnd<T, 2>, reversed>,
     End<T, 1>::template binary_kernel<AtEnd<T, 1>, reversed>},
    Group<T, 3>::template binary_kernel<X, reversed>,
    Group<T, 2>::template binary_kernel<X, reversed>,
    Group<T, 1>::template binary_kernel<X, reversed>};
template <class T>
constexpr AllRuns<T> finishing = {
    {Group<T, 8>::finish, Group<T, 4>::finish, End<T, 4>::finish, End<T, 2>::finish, End<T, 1>::finish},
    Group<T, 3>::finish,
    Group<T, 2>::finish,
    Group<T, 1>::finish};

// Calls with<X>() with X for operands of that access: arrays, numbers and columns, and all.
template <class T, class With>
auto by_plain_access(Access access, Rows rows, With with) {
  if (access == Access::full) return with.template operator()<WholeVectors<T>>();
  if (access == Access::number || rows == Rows::alone) return with.template operator()<OneNumber<T>>();
  if (rows == Rows::of_one) return with.template operator()<NumberARow<T, 1>>();
  if (rows == Rows::of_two) return with.template operator()<NumberARow<T, 2>>();
  return with.template operator()<NumberARow<T, 4>>();
}
template <class T, class With>
auto by_access(Access access, Rows rows, With with) {
  if (access == Access::row && rows == Rows::alone) return with.template operator()<WholeVectors<T>>();
  if (access == Access::row) return with.template operator()<RepeatedRow<T>>();
  if (access != Access::indexed) return by_plain_access<T>(access, rows, with);
  if (rows == Rows::of_one) return with.template operator()<IndexedRows<T, 1>>();
  if (rows == Rows::of_two) return with.template operator()<IndexedRows<T, 2>>();
  return with.template operator()<IndexedRows<T>>();
}

template <class T>
struct Loading {
  template <std::size_t vectors>
  using AtEnd = Loaded<HWY_NAMESPACE::AtEnd<T, vectors>, T>;
  template <class X>
  AllRuns<T> operator()() const {
    return computing<T, Loaded<X, T>, AtEnd>;
  }
};
template <class T, class F, bool reversed>
struct Combining {
  template <std::size_t vectors>
  using AtEnd = Combined<F, HWY_NAMESPACE::AtEnd<T, vectors>, reversed, T>;
  template <class X>
  AllRuns<T> operator()() const {
    return computing<T, Combined<F, X, reversed, T>, AtEnd>;
  }
};
template <class T, bool reversed>
struct Calling {
  template <class X>
  AllRuns<T> operator()() const {
    return calling_binary<T, X, reversed>;
  }
};

// The functions that are a few instructions; others are called.
template <class T>
AllRuns<T> unary_runs(Unary function) {
  switch (function) {
#define ELEGANS_CASE(name) \
  case Unary::name:        \
    return mapping<T, lanewise::name>;
    ELEGANS_CASE(negate)
    ELEGANS_CASE(absolute)
    ELEGANS_CASE(square)
    ELEGANS_CASE(square_root)
    ELEGANS_CASE(reciprocal)
    ELEGANS_CASE(relu)
    ELEGANS_CASE(sigmoid)
    ELEGANS_CASE(tanh)
    ELEGANS_CASE(exponential)
    ELEGANS_CASE(step)
#undef ELEGANS_CASE
    default:
      return calling_unary<T>;
  }
}

template <class T>
AllRuns<T> binary_runs(Binary function, bool reversed, Access access, Rows rows) {
  switch (function) {
#define ELEGANS_CASE(name)                                                             \
  case Binary::name:                                                                   \
    return reversed ? by_access<T>(access, rows, Combining<T, lanewise::name, true>()) \
                    : by_access<T>(access, rows, Combining<T, lanewise::name, false>());
    ELEGANS_CASE(add)
    ELEGANS_CASE(subtract)
    ELEGANS_CASE(multiply)
    ELEGANS_CASE(divide)
    ELEGANS_CASE(maximum)
    ELEGANS_CASE(minimum)
    ELEGANS_CASE(less)
    ELEGANS_CASE(less_equal)
    ELEGANS_CASE(equal)
#undef ELEGANS_CASE
    default:
      return reversed ? by_access<T>(access, rows, Calling<T, true>())
                      : by_access<T>(access, rows, Calling<T, false>());
  }
}

// Calls with<X>() with X for an operand of select.
template <class T, class With>
AllRuns<T> choosing(std::uint16_t number, Access access, With with) {
  if (number == ChainStep::accumulator) return with.template operator()<Accumulated<T>>();
  if (access == Access::number) return with.template operator()<Chosen<OneNumber<T>, T>>();
  if (access == Access::full) return with.template operator()<Chosen<WholeVectors<T>, T>>();
  return with.template operator()<ChosenAtEnd<T, 8>>();
}

template <class T>
struct SelectedAtEnd {
  template <std::size_t vectors>
  using AtEnd = Selected<ChosenAtEnd<T, vectors>, ChosenAtEnd<T, vectors>, ChosenAtEnd<T, vectors>, T>;
};

template <class T>
AllRuns<T> select_runs(const LinkedStep<T>& step) {
  return choosing<T>(step.x, step.access[0], [&]<class C>() {
    return choosing<T>(step.y, step.access[1], [&]<class Y>() {
      return choosing<T>(step.z, step.access[2], [&]<class N>() {
        using Rare = ChosenAtEnd<T, 8>;
        constexpr bool is_rare = std::is_same_v<C, Rare> || std::is_same_v<Y, Rare> || std::is_same_v<N, Rare>;
        if constexpr (std::is_same_v<C, Chosen<OneNumber<T>, T>>) return choosing_one<T, Y, N>;
        return computing<T, std::conditional_t<is_rare, Selected<Rare, Rare, Rare, T>, Selected<C, Y, N, T>>,
                         SelectedAtEnd<T>::template AtEnd>;
      });
    });
  });
}

// The functions for a step whose accesses are known.
template <class T>
AllRuns<T> runs_of(const ChainStep& step, const LinkedStep<T>& linked, Rows rows) {
  const Access access = linked.access[0];
  switch (step.kind) {
    case ChainStep::Kind::load:
      if constexpr (looks_up_two<T>)
        if (access == Access::looked_up) return Loading<T>().template operator()<LookedUp<T>>();
      return by_access<T>(access, rows, Loading<T>());
    case ChainStep::Kind::store:
      if (linked.z > 0) return storing_part<T>;
      if (access != Access::indexed) return storing<T, WholeVectors<T>>;
      if (rows == Rows::of_one) return storing<T, IndexedRows<T, 1>>;
      return rows == Rows::of_two ? storing<T, IndexedRows<T, 2>> : storing<T, IndexedRows<T>>;
    case ChainStep::Kind::unary:
      return unary_runs<T>(static_cast<Unary>(step.function));
    case ChainStep::Kind::binary:
      return binary_runs<T>(static_cast<Binary>(step.function), false, access, rows);
    case ChainStep::Kind::reversed:
      return binary_runs<T>(static_cast<Binary>(step.function), true, access, rows);
    case ChainStep::Kind::select:
      break;
  }
  return select_runs(linked);
}

// Two steps that are often side by side are one for whole groups: a load and a sum, difference or product of it, and one of
// these and its store. Both stay linked, for ends.

// Calls with<X>() with X for operands of that access; false where there is no joint for it.
template <class T, class With>
bool joint_by_access(Access access, Rows rows, With with) {
  if (access == Access::row || access == Access::indexed) return false;
  return by_plain_access<T>(access, rows, with);
}

// Calls with<Of>() with Of for f(A, X), or f(X, A) where reversed.
template <class T, class X, class With>
bool joint_by_function(Binary function, bool reversed, With with) {
  if (function == Binary::add) {
    return reversed ? with.template operator()<Combined<lanewise::add, X, true, T>>()
                    : with.template operator()<Combined<lanewise::add, X, false, T>>();
  }
  if (function == Binary::subtract) {
    return reversed ? with.template operator()<Combined<lanewise::subtract, X, true, T>>()
                    : with.template operator()<Combined<lanewise::subtract, X, false, T>>();
  }
  if (function == Binary::multiply) {
    return reversed ? with.template operator()<Combined<lanewise::multiply, X, true, T>>()
                    : with.template operator()<Combined<lanewise::multiply, X, false, T>>();
  }
  return false;
}

constexpr bool is_of_two(const ChainStep& step) {
  return step.kind == ChainStep::Kind::binary || step.kind == ChainStep::Kind::reversed;
}

// What is loaded is whole vectors, fetched or looked up or as they stand; where it is the other operand that is, that one is
// loaded instead.
template <class T>
bool join_load(const ChainStep* steps, LinkedStep<T>* linked, Rows rows, bool whole) {
  const auto is_whole = [&](std::size_t s) { return linked[s].access[0] == Access::full; };
  const bool looked_up = linked[0].access[0] == Access::looked_up;
  const bool fetched = linked[0].access[0] == Access::indexed, swapped = !looked_up && !fetched && !is_whole(0);
  if (steps[0].kind != ChainStep::Kind::load || !is_of_two(steps[1]) || (swapped && !is_whole(1))) return false;
  const bool reversed = (steps[1].kind == ChainStep::Kind::reversed) != swapped;
  return joint_by_access<T>(linked[swapped ? 0 : 1].access[0], rows, [&]<class X>() {
    return joint_by_function<T, X>(static_cast<Binary>(steps[1].function), reversed, [&]<class Of>() {
      const auto join = [&]<class From, bool is_swapped>() {
        linked->runs.group = Group<T, 8>::template load_and_compute<Loaded<From, T>, Of, is_swapped>;
        linked->runs.small = Group<T, 4>::template load_and_compute<Loaded<From, T>, Of, is_swapped>;
        if (whole) {
          linked->runs.three = Group<T, 3>::template load_and_compute<Loaded<From, T>, Of, is_swapped>;
          linked->runs.two = Group<T, 2>::template load_and_compute<Loaded<From, T>, Of, is_swapped>;
          linked->runs.one = Group<T, 1>::template load_and_compute<Loaded<From, T>, Of, is_swapped>;
        }
        return true;
      };
      if constexpr (looks_up_two<T>)
        if (looked_up) return join.template operator()<LookedUp<T>, false>();
      if (fetched && rows == Rows::of_one) return join.template operator()<IndexedRows<T, 1>, false>();
      if (fetched && rows == Rows::of_two) return join.template operator()<IndexedRows<T, 2>, false>();
      if (fetched) return join.template operator()<IndexedRows<T>, false>();
      if (swapped) return join.template operator()<WholeVectors<T>, true>();
      return join.template operator()<WholeVectors<T>, false>();
    });
  });
}

template <class T>
bool join_store(const ChainStep* steps, LinkedStep<T>* linked, Rows rows, bool whole) {
  if (!is_of_two(steps[0]) || steps[1].kind != ChainStep::Kind::store || linked[1].access[0] != Access::full)
    return false;
  const auto join = [&]<class Of, template <std::size_t> class To>() {
    linked->runs.group = Group<T, 8>::template compute_and_store<Of, To<8>>;
    linked->runs.small = Group<T, 4>::template compute_and_store<Of, To<4>>;
    if (whole) {
      linked->runs.three = Group<T, 3>::template compute_and_store<Of, To<3>>;
      linked->runs.two = Group<T, 2>::template compute_and_store<Of, To<2>>;
      linked->runs.one = Group<T, 1>::template compute_and_store<Of, To<1>>;
    }
    return true;
  };
  return joint_by_access<T>(linked[0].access[0], rows, [&]<class X>() {
    return joint_by_function<T, X>(static_cast<Binary>(steps[0].function), steps[0].kind == ChainStep::Kind::reversed,
                                   [&]<class Of>() {
                                     if (linked[1].z > 0)
                                       return join.template operator()<Of, Storing<T>::template Part>();
                                     return join.template operator()<Of, Storing<T>::template Whole>();
                                   });
  });
}

// Steps on slots that groups of one and two vectors keep in registers: a store, a load, a sum, difference or product.
constexpr bool can_keep(const ChainStep& step) {
  const auto function = static_cast<Binary>(step.function);
  return step.kind == ChainStep::Kind::store || step.kind == ChainStep::Kind::load ||
         (is_of_two(step) && (function == Binary::add || function == Binary::subtract || function == Binary::multiply));
}

template <std::size_t slot, class T>
void keep_in(const ChainStep& step, Runs<T>& runs) {
  const auto compute = [&]<class F>() {
    const bool reversed = step.kind == ChainStep::Kind::reversed;
    runs.two = reversed ? Group<T, 2>::template compute_kept<slot, F, true>
                        : Group<T, 2>::template compute_kept<slot, F, false>;
    runs.one = reversed ? Group<T, 1>::template compute_kept<slot, F, true>
                        : Group<T, 1>::template compute_kept<slot, F, false>;
  };
  if (step.kind == ChainStep::Kind::store) {
    runs.two = Group<T, 2>::template keep<slot>;
    runs.one = Group<T, 1>::template keep<slot>;
  } else if (step.kind == ChainStep::Kind::load) {
    runs.two = Group<T, 2>::template take<slot>;
    runs.one = Group<T, 1>::template take<slot>;
  } else if (static_cast<Binary>(step.function) == Binary::add) {
    compute.template operator()<lanewise::add>();
  } else if (static_cast<Binary>(step.function) == Binary::subtract) {
    compute.template operator()<lanewise::subtract>();
  } else {
    compute.template operator()<lanewise::multiply>();
  }
}
// The step of this slot, which can be kept.
template <class T>
void keep(const ChainStep& step, std::size_t slot, Runs<T>& runs) {
  static_assert(kept_slots(2) == 0 || kept_slots(2) == 3);
  if constexpr (kept_slots(2) == 3) {
    if (slot == 0) return keep_in<0>(step, runs);
    if (slot == 1) return keep_in<1>(step, runs);
    keep_in<2>(step, runs);
  }
}

#endif

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ELEGANS_KERNELS_SIMD_CHAIN_RUNS_INL_H
