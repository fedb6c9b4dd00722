// Chains of elementwise functions: the instructions of a program, each a loop over one tile, without a call between
// them.

#include "kernels/scalar/scalar.hpp"
#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/chain.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/columns-inl.h"
#include "kernels/simd/elementwise-inl.h"
#include "kernels/simd/function_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

using Kind = ChainInstruction::Kind;

// One operand or result of an instruction.
template <class T>
struct Tile {
  using D = hn::ScalableTag<T>;
  T* at;
  bool padded;

  HWY_INLINE VecOf<D> last(std::size_t i, std::size_t n) const {
    return padded ? hn::LoadU(D(), at + i) : load_part(D(), at + i, n);
  }
  HWY_INLINE void store_last(VecOf<D> v, std::size_t i, std::size_t n) const {
    if (padded) {
      hn::StoreU(v, D(), at + i);
    } else {
      store_part(v, D(), at + i, n);
    }
  }
};

template <class Function, class T>
HWY_INLINE void map_tile(Tile<T> x, Tile<T> y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(Function::of(d, hn::LoadU(d, x.at + i)), d, y.at + i);
  if (i < n) y.store_last(Function::of(d, x.last(i, n - i)), i, n - i);
}

template <class T>
struct OnTiles {
  Tile<T> a, b, c, y;
  std::size_t n;

  template <class Function>
  HWY_INLINE void run() const {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes)
      hn::StoreU(Function::of(d, hn::LoadU(d, a.at + i), hn::LoadU(d, b.at + i), hn::LoadU(d, c.at + i)), d, y.at + i);
    if (i < n) y.store_last(Function::of(d, a.last(i, n - i), b.last(i, n - i), c.last(i, n - i)), i, n - i);
  }
  void run_scalar(std::size_t function) const { scalar_kernels<T>().binary[function](a.at, 1, b.at, 1, y.at, n); }
};

// Pairs are functions of their own: all of them in one are more than a compiler does well, or in reasonable time.
template <class Function, class T>
HWY_NOINLINE void map_pair(const ChainInstruction& at, T* const* tiles, std::size_t n) {
  OnTiles<T>{{tiles[at.a], (at.padded & 2) != 0},
             {tiles[at.b], (at.padded & 4) != 0},
             {tiles[at.c], (at.padded & 8) != 0},
             {tiles[at.y], (at.padded & 1) != 0},
             n}
      .template run<Function>();
}

template <class T>
HWY_INLINE void unary_instruction(Unary function, Tile<T> x, Tile<T> y, std::size_t n) {
  switch (function) {
#define ELEGANS_CASE(name) \
  case Unary::name:        \
    return map_tile<lanewise::name>(x, y, n);
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
#define ELEGANS_CASE_F32(name)                                              \
  case Unary::name:                                                         \
    if constexpr (sizeof(T) == 4) return map_tile<lanewise::name>(x, y, n); \
    [[fallthrough]];
    ELEGANS_CASE_F32(error_function)
    ELEGANS_CASE_F32(fast_tanh)
    ELEGANS_CASE_F32(fast_sigmoid)
    default:  // functions without a vector form (functions.cpp) run as on the scalar target
      scalar_kernels<T>().unary[static_cast<std::size_t>(function)](x.at, y.at, n);
#undef ELEGANS_CASE_F32
#undef ELEGANS_CASE
  }
}

template <class T>
using PairKernel = void (*)(const ChainInstruction& at, T* const* tiles, std::size_t n);

// By g: add, subtract, multiply, divide to the right of f, then subtract and divide to its left.
template <class F, class T>
constexpr PairKernel<T> pairs_of[] = {
    map_pair<Left<F, lanewise::add>, T>,       map_pair<Left<F, lanewise::subtract>, T>,
    map_pair<Left<F, lanewise::multiply>, T>,  map_pair<Left<F, lanewise::divide>, T>,
    map_pair<Right<F, lanewise::subtract>, T>, map_pair<Right<F, lanewise::divide>, T>};
static_assert(Binary::add == Binary(0) && Binary::subtract == Binary(1) && Binary::multiply == Binary(2) &&
              Binary::divide == Binary(3));

template <class T>
HWY_INLINE void pair_instruction(const ChainInstruction& at, T* const* tiles, std::size_t n) {
  static constexpr const PairKernel<T>* pairs[] = {pairs_of<lanewise::add, T>, pairs_of<lanewise::subtract, T>,
                                                   pairs_of<lanewise::multiply, T>, pairs_of<lanewise::divide, T>};
  const std::size_t g = at.kind == Kind::binary_left   ? static_cast<std::size_t>(at.outer)
                        : at.outer == Binary::subtract ? 4
                                                       : 5;
  pairs[at.function][g](at, tiles, n);
}

template <class T>
HWY_INLINE void select_instruction(Tile<T> c, Tile<T> a, Tile<T> b, Tile<T> y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto choose = [d](auto condition, auto yes, auto no)
                          HWY_ATTR { return hn::IfThenElse(hn::Eq(condition, hn::Zero(d)), no, yes); };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(choose(hn::LoadU(d, c.at + i), hn::LoadU(d, a.at + i), hn::LoadU(d, b.at + i)), d, y.at + i);
  if (i < n) y.store_last(choose(c.last(i, n - i), a.last(i, n - i), b.last(i, n - i)), i, n - i);
}

template <class T>
HWY_INLINE void instruction(const ChainInstruction& at, T* const* tiles, std::size_t n) {
  const Tile<T> y{tiles[at.y], (at.padded & 1) != 0}, a{tiles[at.a], (at.padded & 2) != 0},
      b{tiles[at.b], (at.padded & 4) != 0}, c{tiles[at.c], (at.padded & 8) != 0};
  switch (at.kind) {
    case Kind::unary:
      return unary_instruction(static_cast<Unary>(at.function), a, y, n);
    case Kind::binary:
      return binary_instruction(static_cast<Binary>(at.function), OnTiles<T>{a, b, a, y, n});
    case Kind::select:
      return select_instruction(a, b, c, y, n);
    case Kind::binary_left:
    case Kind::binary_right:
      return pair_instruction(at, tiles, n);
  }
}

template <class T>
HWY_NOINLINE void chain_of_tiles(const ChainInstruction* program, std::size_t length, T* const* tiles, std::size_t n) {
  for (const ChainInstruction* at = program; at != program + length; ++at) instruction(*at, tiles, n);
}

template <class T>
void chain(const ChainInstruction* program, std::size_t length, T* const* tiles, std::size_t n, std::uint32_t columns,
           std::size_t inner) {
  if (columns == 0) return chain_of_tiles(program, length, tiles, n);
  for (const ChainInstruction* at = program; at != program + length; ++at) {
    if (const unsigned read = columns_of(*at, columns)) {
      column_instruction(*at, read, tiles, n, inner);
    } else {
      chain_of_tiles(at, 1, tiles, n);
    }
  }
}

template <class T>
void chains(Table<T>& table) {
  table.chain = chain<T>;
  table.lanes = hn::Lanes(hn::ScalableTag<T>());
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
