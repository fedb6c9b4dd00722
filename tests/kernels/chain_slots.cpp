// Random chains with slots: the numbers of an interpreter that applies whole kernels. Small groups keep some slots in
// registers and others not, and join some of their steps, by what all steps do with a slot.

#include <random>

#include "elegans/kernels/chain.hpp"
#include "kernels/linked_chain.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

using Kind = ChainStep::Kind;

template <class T>
class ChainSlots : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ChainSlots, Types);

// Arrays 0 to 2 are read, 3 to 5 are written; slots come behind. Slots are read once they are stored.
constexpr std::uint16_t read_arrays = 3, arrays = 6, slots = 5;

std::vector<ChainStep> random_steps(std::mt19937_64& engine) {
  const auto below = [&engine](std::size_t n) { return static_cast<std::uint16_t>(engine() % n); };
  // Functions that leave numbers as tame as they were.
  constexpr Unary unaries[] = {Unary::negate, Unary::absolute, Unary::sigmoid, Unary::tanh, Unary::sine};
  constexpr Binary binaries[] = {Binary::add,     Binary::subtract, Binary::multiply,
                                 Binary::maximum, Binary::less,     Binary::equal};
  std::vector<std::uint16_t> stored;
  const auto operand = [&] {
    return !stored.empty() && below(3) > 0 ? stored[below(stored.size())] : below(read_arrays);
  };
  std::vector<ChainStep> steps{{.kind = Kind::load, .x = below(read_arrays)}};
  const bool selects = below(3) == 0;
  for (std::size_t s = 0; s < 24; ++s) {
    switch (below(8)) {
      case 0:
        steps.push_back({.kind = Kind::load, .x = operand()});
        break;
      case 1:
      case 2:
        stored.push_back(static_cast<std::uint16_t>(arrays + below(slots)));
        steps.push_back({.kind = Kind::store, .x = stored.back()});
        break;
      case 3:
        steps.push_back(
            {.kind = Kind::unary, .function = static_cast<std::uint8_t>(unaries[below(std::size(unaries))])});
        break;
      case 4:
        if (selects)
          steps.push_back({.kind = Kind::select, .x = operand(), .y = operand(), .z = ChainStep::accumulator});
        break;
      default:
        steps.push_back({.kind = below(2) == 0 ? Kind::binary : Kind::reversed,
                         .function = static_cast<std::uint8_t>(binaries[below(std::size(binaries))]),
                         .x = operand()});
    }
    if (below(6) == 0)
      steps.push_back(
          {.kind = Kind::store, .x = static_cast<std::uint16_t>(read_arrays + below(arrays - read_arrays))});
  }
  steps.push_back({.kind = Kind::store, .x = arrays - 1});
  return steps;
}

// Step by step over whole arrays, slots among them.
template <class T>
void interpret(const Table<T>& table, const std::vector<ChainStep>& steps, std::vector<Array<T>>& all) {
  const std::size_t n = all[0].size();
  Array<T> a(n), before(n);
  for (const ChainStep& step : steps) {
    switch (step.kind) {
      case Kind::load:
        a = all[step.x];
        break;
      case Kind::store:
        all[step.x] = a;
        break;
      case Kind::unary:
        table.unary[step.function](a.data(), a.data(), n);
        break;
      case Kind::binary:
        table.binary[step.function](a.data(), 1, all[step.x].data(), 1, a.data(), n);
        break;
      case Kind::reversed:
        table.binary[step.function](all[step.x].data(), 1, a.data(), 1, a.data(), n);
        break;
      case Kind::select:
        before = a;
        table.select(all[step.x].data(), 1, all[step.y].data(), 1, before.data(), 1, a.data(), n);
        break;
    }
  }
}

TYPED_TEST(ChainSlots, KeepWhatWasStored) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      std::mt19937_64 engine(seed);
      const std::vector<ChainStep> steps = random_steps(engine);
      // One to four vectors, some more, and parts of one.
      for (const std::size_t n : {table.lanes, 2 * table.lanes, 3 * table.lanes, 4 * table.lanes, 10 * table.lanes,
                                  13 * table.lanes, table.lanes + 1, 2 * table.lanes + 1}) {
        std::vector<Array<T>> all;
        for (std::uint16_t k = 0; k < arrays + slots; ++k) all.push_back(random_array<T>(n, k + 1, -1, 1));
        std::vector<Array<T>> expected = all;
        interpret(table, steps, expected);
        std::vector<T*> at;
        for (std::uint16_t k = 0; k < arrays; ++k) at.push_back(all[k].data());
        Linked<T> linked(table, steps, std::vector<ChainArray>(arrays), n, slots);
        linked.place(at).run();
        linked.run();  // nothing is left of the first time
        for (std::uint16_t k = 0; k < arrays; ++k)
          ASSERT_TRUE(same_arrays(all[k], expected[k]))
              << target << ", seed " << seed << ", " << n << " numbers, " << k;
      }
    }
}

}  // namespace
}  // namespace elegans::kernels
