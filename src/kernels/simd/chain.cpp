// Chains of elementwise functions: the instructions of a program, each a loop over one tile, without a call between
// them.

#include "kernels/scalar/scalar.hpp"
#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/chain.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/elementwise-inl.h"
#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

using Kind = ChainInstruction::Kind;

// Functions without a vector form (functions.cpp) run as on the scalar target.
template <class T>
HWY_INLINE void unary_instruction(Unary function, const T* x, T* y, std::size_t n) {
  switch (function) {
#define ELEGANS_CASE(name) \
  case Unary::name:        \
    return map<lanewise::name>(x, y, n);
    ELEGANS_CASE(negate)
    ELEGANS_CASE(absolute)
    ELEGANS_CASE(sign)
    ELEGANS_CASE(square)
    ELEGANS_CASE(square_root)
    ELEGANS_CASE(reciprocal)
    ELEGANS_CASE(exponential)
    ELEGANS_CASE(logarithm)
    ELEGANS_CASE(tanh)
    ELEGANS_CASE(sigmoid)
    ELEGANS_CASE(softplus)
    ELEGANS_CASE(relu)
    ELEGANS_CASE(step)
    ELEGANS_CASE(is_finite)
    case Unary::error_function:
      if constexpr (sizeof(T) == 4) return map<lanewise::error_function>(x, y, n);
      [[fallthrough]];
    default:
      scalar_kernels<T>().unary[static_cast<std::size_t>(function)](x, y, n);
#undef ELEGANS_CASE
  }
}

template <class T>
HWY_INLINE void binary_instruction(Binary function, const T* a, const T* b, T* y, std::size_t n) {
  switch (function) {
#define ELEGANS_CASE(name) \
  case Binary::name:       \
    return map<lanewise::name>(Array<T>{a}, Array<T>{b}, y, n);
    ELEGANS_CASE(add)
    ELEGANS_CASE(subtract)
    ELEGANS_CASE(multiply)
    ELEGANS_CASE(divide)
    ELEGANS_CASE(maximum)
    ELEGANS_CASE(minimum)
    ELEGANS_CASE(less)
    ELEGANS_CASE(less_equal)
    ELEGANS_CASE(equal)
    default:
      scalar_kernels<T>().binary[static_cast<std::size_t>(function)](a, 1, b, 1, y, n);
#undef ELEGANS_CASE
  }
}

template <class T>
HWY_INLINE void select_instruction(const T* c, const T* a, const T* b, T* y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto choose = [d](auto condition, auto yes, auto no)
                          HWY_ATTR { return hn::IfThenElse(hn::Eq(condition, hn::Zero(d)), no, yes); };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(choose(hn::LoadU(d, c + i), hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  if (i < n) {
    const std::size_t left = n - i;
    store_part(choose(load_part(d, c + i, left), load_part(d, a + i, left), load_part(d, b + i, left)), d, y + i, left);
  }
}

template <class T>
void chain(const ChainInstruction* program, std::size_t length, T* const* tiles, std::size_t n) {
  for (const ChainInstruction* at = program; at != program + length; ++at) {
    T* const y = tiles[at->y];
    switch (at->kind) {
      case Kind::unary:
        unary_instruction(static_cast<Unary>(at->function), tiles[at->a], y, n);
        break;
      case Kind::binary:
        binary_instruction(static_cast<Binary>(at->function), tiles[at->a], tiles[at->b], y, n);
        break;
      case Kind::select:
        select_instruction(tiles[at->a], tiles[at->b], tiles[at->c], y, n);
        break;
    }
  }
}

template <class T>
void chains(Table<T>& table) {
  table.chain = chain<T>;
}

#else

template <class T>
void chains(Table<T>&) {}

#endif

void chains_f32(Table<float>& table) { chains(table); }
void chains_f64(Table<double>& table) { chains(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(chains)
}
#endif
