// Chains: the bits of the elementwise kernels, whatever the size, the alignment, how operands are read and what is
// overwritten.

#include "elegans/kernels/chain.hpp"

#include <span>

#include "elegans/base/aligned_buffer.hpp"
#include "kernels/linked_chain.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

using Kind = ChainStep::Kind;

template <class T>
class Chains : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Chains, Types);

// Numbers of one row: around one vector, and around groups of them.
constexpr std::size_t sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,   9,   15,  16,  17,  24,  31,  32,  33,
                                 47, 48, 49, 63, 64, 65, 80, 100, 127, 128, 129, 200, 255, 256, 257, 300};

ChainStep step(Kind kind, std::uint16_t x, std::uint8_t function = 0) {
  return {.kind = kind, .function = function, .x = x};
}

// The arrays end where memory ends, so that their alignment changes with n.
TYPED_TEST(Chains, EveryUnaryFunctionIsItsKernel) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (std::uint8_t f = 0; f < unary_count; ++f)
      for (const std::size_t n : sizes) {
        SCOPED_TRACE(target + " " + name(static_cast<Unary>(f)));
        Array<T> x = random_array<T>(n, n + 1, -6, 6), y(n), expected(n);
        table.unary[f](x.data(), expected.data(), n);
        Linked<T> linked(table, {step(Kind::load, 0), step(Kind::unary, 0, f), step(Kind::store, 1)}, {{}, {}}, n);
        linked.place({x.data(), y.data()}).run();
        ASSERT_TRUE(same_arrays(y, expected)) << n;
        linked.place({x.data(), x.data()}).run();
        ASSERT_TRUE(same_arrays(x, expected)) << n << ", in place";
      }
}

// The numbers of an array [rows, inner] that is read by `access`, and those that it stands for.
template <class T>
struct Operand {
  Access access;
  Array<T> given, meant;

  Operand(Access by, std::size_t rows, std::size_t inner, std::uint64_t seed)
      : access(by),
        given(random_array<T>(by == Access::full     ? rows * inner
                              : by == Access::row    ? inner
                              : by == Access::column ? rows
                                                     : 1,
                              seed, T{0.5}, 2)),
        meant(rows * inner) {
    for (std::size_t i = 0; i < meant.size(); ++i)
      meant[i] = given[by == Access::full ? i : by == Access::row ? i % inner : by == Access::column ? i / inner : 0];
  }
};

struct Rows {
  std::size_t rows, vectors;
};
constexpr Rows rows_of_vectors[] = {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {7, 1}, {8, 1},  {9, 1},  {19, 1},
                                    {1, 2}, {3, 2}, {4, 2}, {5, 2}, {7, 2}, {1, 3},  {2, 3},  {1, 4},
                                    {2, 4}, {3, 4}, {1, 5}, {3, 5}, {2, 8}, {1, 11}, {2, 16}, {3, 17}};

TYPED_TEST(Chains, EveryBinaryFunctionIsItsKernelHoweverItsOperandIsRead) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (std::uint8_t f = 0; f < binary_count; ++f)
      for (const Kind kind : {Kind::binary, Kind::reversed})
        for (const Access access : {Access::full, Access::row, Access::column, Access::number})
          for (const auto& [rows, vectors] : rows_of_vectors) {
            SCOPED_TRACE(target + " " + name(static_cast<Binary>(f)));
            const std::size_t inner = vectors * table.lanes, n = rows * inner;
            Operand<T> a(Access::full, rows, inner, 1), x(access, rows, inner, 2);
            Array<T> y(n), expected(n);
            const Array<T>&first = kind == Kind::binary ? a.meant : x.meant,
                  &second = kind == Kind::binary ? x.meant : a.meant;
            table.binary[f](first.data(), 1, second.data(), 1, expected.data(), n);
            Linked<T> linked(table, {step(Kind::load, 0), step(kind, 1, f), step(Kind::store, 2)},
                             {{}, {.access = access}, {}}, inner);
            linked.place({a.given.data(), x.given.data(), y.data()}).run(rows);
            ASSERT_TRUE(same_arrays(y, expected)) << rows << " rows of " << inner << ", access " << int(access);
            linked.place({a.given.data(), x.given.data(), a.given.data()}).run(rows);
            ASSERT_TRUE(same_arrays(a.given, expected)) << rows << " rows of " << inner << ", in place";
          }
}

// Where rows of `inner` numbers begin.
std::vector<std::uint32_t> beginnings(std::vector<std::uint32_t> rows, std::size_t inner) {
  for (std::uint32_t& row : rows) row *= static_cast<std::uint32_t>(inner);
  return rows;
}

// f(f(a, b)², c) with a read in every way, an array or not: kernels run several steps at once where they know how.
TYPED_TEST(Chains, StepsGiveTheSameBitsWhateverStandsBesideThem) {
  using T = TypeParam;
  constexpr Access ways[] = {Access::full, Access::row, Access::column, Access::number, Access::indexed};
  for (const auto& [target, table] : tables<T>())
    for (std::uint8_t f = 0; f < binary_count; ++f)
      for (const Access first : ways)
        for (const Access second : ways)
          for (const Kind kind : {Kind::binary, Kind::reversed})
            for (const auto& [rows, vectors] : {Rows{1, 3}, Rows{3, 2}, Rows{13, 1}, Rows{5, 4}, Rows{2, 12}}) {
              SCOPED_TRACE(target + " " + name(static_cast<Binary>(f)));
              const std::size_t inner = vectors * table.lanes, n = rows * inner;
              const auto operand = [rows = rows, inner](Access access, int seed) {
                return Operand<T>(access == Access::indexed ? Access::full : access, rows, inner, seed);
              };
              Operand<T> a = operand(first, 1), b = operand(second, 2);
              Array<T> y(n), expected(n);
              std::vector<std::uint32_t> index(rows);
              for (std::size_t r = 0; r < rows; ++r) index[r] = static_cast<std::uint32_t>(rows - 1 - r);
              const std::vector<std::uint32_t> begins = beginnings(index, inner);
              for (auto& [access, read] : {std::pair{first, &a}, std::pair{second, &b}})
                if (access == Access::indexed)
                  table.gather(read->given.data(), read->meant.data(), 1, rows, rows, inner, index.data());
              const auto apply = [&, function = table.binary[f]](const Array<T>& x) {
                const bool reversed = kind == Kind::reversed;
                function(reversed ? b.meant.data() : x.data(), 1, reversed ? x.data() : b.meant.data(), 1,
                         expected.data(), n);
              };
              apply(a.meant);
              table.unary[static_cast<std::size_t>(Unary::square)](expected.data(), expected.data(), n);
              apply(expected);
              Linked<T>(table,
                        {step(Kind::load, 0), step(kind, 1, f),
                         step(Kind::unary, 0, static_cast<std::uint8_t>(Unary::square)), step(kind, 1, f),
                         step(Kind::store, 2)},
                        {{.access = first}, {.access = second}, {}}, inner)
                  .place({a.given.data(), b.given.data(), y.data()}, {begins.data(), begins.data(), nullptr})
                  .run(rows);
              ASSERT_TRUE(same_arrays(y, expected))
                  << rows << " rows of " << inner << ", access " << int(first) << ", " << int(second);
            }
}

// (a - b) a over rows, with arrays that begin so many numbers behind a line, also written over a.
TYPED_TEST(Chains, ArraysBeginAnywhereAndMayBeOverwritten) {
  using T = TypeParam;
  const auto subtract = static_cast<std::uint8_t>(Binary::subtract),
             multiply = static_cast<std::uint8_t>(Binary::multiply);
  constexpr std::size_t line = 64 / sizeof(T);
  for (const auto& [target, table] : tables<T>())
    for (const Access access : {Access::full, Access::row, Access::column, Access::number, Access::indexed})
      for (const auto& [rows, vectors] : {Rows{1, 3}, Rows{3, 2}, Rows{13, 1}, Rows{2, 12}})
        for (const std::size_t behind : {std::size_t{0}, std::size_t{1}, std::size_t{3}, line - 1})
          for (const bool in_place : {false, true}) {
            const std::size_t inner = vectors * table.lanes, n = rows * inner;
            std::vector<std::uint32_t> index(rows);
            for (std::size_t r = 0; r < rows; ++r) index[r] = static_cast<std::uint32_t>(rows - 1 - r);
            const std::vector<std::uint32_t> begins = beginnings(index, inner);
            Operand<T> b(access == Access::indexed ? Access::full : access, rows, inner, 2);
            if (access == Access::indexed)
              table.gather(b.given.data(), b.meant.data(), 1, rows, rows, inner, index.data());
            const Array<T> a = random_array<T>(n, 1);
            Array<T> expected(n);
            table.binary[subtract](a.data(), 1, b.meant.data(), 1, expected.data(), n);
            table.binary[multiply](expected.data(), 1, a.data(), 1, expected.data(), n);

            AlignedBuffer memory[3]{AlignedBuffer((n + line) * sizeof(T)), AlignedBuffer((n + line) * sizeof(T)),
                                    AlignedBuffer((n + line) * sizeof(T))};
            T* at[3];
            for (std::size_t k = 0; k < 3; ++k) at[k] = reinterpret_cast<T*>(memory[k].data()) + behind;
            std::copy(a.begin(), a.end(), at[0]);
            std::copy(b.given.begin(), b.given.end(), at[1]);
            T* const y = in_place ? at[0] : at[2];
            Linked<T>(table,
                      {step(Kind::load, 0), step(Kind::binary, 1, subtract), step(Kind::binary, 0, multiply),
                       step(Kind::store, 2)},
                      {{}, {.access = access}, {}}, inner)
                .place({at[0], at[1], y}, {nullptr, begins.data(), nullptr})
                .run(rows);
            ASSERT_TRUE(same_arrays(Array<T>(std::vector<T>(y, y + n)), expected))
                << target << ", " << rows << " rows of " << inner << ", access " << int(access) << ", " << behind
                << " numbers behind a line" << (in_place ? ", in place" : "");
          }
}

// Rows that are no whole vectors: arrays and single numbers.
TYPED_TEST(Chains, BinaryFunctionsOfAnySize) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (std::uint8_t f = 0; f < binary_count; ++f)
      for (const Access access : {Access::full, Access::number})
        for (const std::size_t n : sizes) {
          SCOPED_TRACE(target + " " + name(static_cast<Binary>(f)));
          Operand<T> a(Access::full, 1, n, 1), x(access, 1, n, 2);
          Array<T> y(n), expected(n);
          table.binary[f](a.given.data(), 1, x.meant.data(), 1, expected.data(), n);
          Linked<T> linked(table, {step(Kind::load, 0), step(Kind::binary, 1, f), step(Kind::store, 2)},
                           {{}, {.access = access}, {}}, n);
          linked.place({a.given.data(), x.given.data(), y.data()}).run();
          ASSERT_TRUE(same_arrays(y, expected)) << n;
        }
}

TYPED_TEST(Chains, LoadsHoweverItsOperandIsRead) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const Access access : {Access::full, Access::row, Access::column, Access::number})
      for (const auto& [rows, vectors] : rows_of_vectors) {
        const std::size_t inner = vectors * table.lanes;
        Operand<T> x(access, rows, inner, 1);
        Array<T> y(rows * inner);
        Linked<T>(table, {step(Kind::load, 0), step(Kind::store, 1)}, {{.access = access}, {}}, inner)
            .place({x.given.data(), y.data()})
            .run(rows);
        ASSERT_TRUE(same_arrays(y, x.meant)) << target << ", " << rows << " rows of " << inner;
      }
}

TYPED_TEST(Chains, SelectIsItsKernelWhicheverOperandIsComputed) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const Access access : {Access::full, Access::row, Access::column, Access::number})
      for (std::size_t computed = 0; computed < 3; ++computed)
        for (const auto& [rows, vectors] : rows_of_vectors) {
          const std::size_t inner = vectors * table.lanes, n = rows * inner;
          std::vector<Operand<T>> x;
          std::vector<ChainArray> arrays(4);
          for (std::size_t k = 0; k < 3; ++k) {
            arrays[k].access = k == computed ? Access::full : access;
            x.emplace_back(arrays[k].access, rows, inner, k + 1);
          }
          for (std::size_t i = 0; i < x[0].given.size(); i += 2) x[0].given[i] = 0;
          for (std::size_t i = 0; i < n; ++i)
            x[0].meant[i] = x[0].given[arrays[0].access == Access::full     ? i
                                       : arrays[0].access == Access::row    ? i % inner
                                       : arrays[0].access == Access::column ? i / inner
                                                                            : 0];
          Array<T> y(n), expected(n);
          table.select(x[0].meant.data(), 1, x[1].meant.data(), 1, x[2].meant.data(), 1, expected.data(), n);
          ChainStep select{.kind = Kind::select, .function = 0, .x = 0, .y = 1, .z = 2};
          (computed == 0 ? select.x : computed == 1 ? select.y : select.z) = ChainStep::accumulator;
          Linked<T>(table, {step(Kind::load, static_cast<std::uint16_t>(computed)), select, step(Kind::store, 3)},
                    arrays, inner)
              .place({x[0].given.data(), x[1].given.data(), x[2].given.data(), y.data()})
              .run(rows);
          ASSERT_TRUE(same_arrays(y, expected)) << target << ", " << rows << " rows of " << inner << ", computed "
                                                << computed << ", access " << int(access);
        }
}

// y = x[index], and z[target] += x[index], as gather and scatter_add do it, and once more from where it began.
TYPED_TEST(Chains, IndexedRowsAreFetchedAndAddedTo) {
  using T = TypeParam;
  constexpr std::size_t sources = 5, targets = 3;
  for (const auto& [target, table] : tables<T>())
    for (const auto& [rows, vectors] : rows_of_vectors) {
      const std::size_t inner = vectors * table.lanes;
      std::vector<std::uint32_t> from(rows), to(rows);
      for (std::size_t r = 0; r < rows; ++r) {
        from[r] = static_cast<std::uint32_t>(r * 3 % sources);
        to[r] = static_cast<std::uint32_t>(r / 2 % targets);  // neighbours have the same
      }
      Array<T> x = random_array<T>(sources * inner, 1), z = random_array<T>(targets * inner, 2), y(rows * inner),
               gathered(rows * inner), sums = z;
      Linked<T> linked(table, {step(Kind::load, 0), step(Kind::store, 1), step(Kind::store, 2)},
                       {{.access = Access::indexed}, {}, {.access = Access::indexed}}, inner);
      const std::vector<std::uint32_t> read = beginnings(from, inner), added = beginnings(to, inner);
      linked.place({x.data(), y.data(), z.data()}, {read.data(), nullptr, added.data()});
      table.gather(x.data(), gathered.data(), 1, sources, rows, inner, from.data());
      for (int time = 0; time < 2; ++time) {
        linked.run(rows);
        table.scatter_add(gathered.data(), sums.data(), rows, inner, to.data());
        ASSERT_TRUE(same_arrays(y, gathered)) << target << ", " << rows << " rows of " << inner;
        ASSERT_TRUE(same_arrays(z, sums)) << target << ", " << rows << " rows of " << inner;
      }
    }
}

// What is read is padded, what is written is not: nothing behind it is touched, whether its step is joined or alone.
TYPED_TEST(Chains, OneRowStoresNothingBehindItsEnd) {
  using T = TypeParam;
  const auto multiply = static_cast<std::uint8_t>(Binary::multiply), relu = static_cast<std::uint8_t>(Unary::relu);
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t n : sizes) {
      SCOPED_TRACE(target + ", " + std::to_string(n) + " numbers");
      const std::size_t line = 64 / sizeof(T), whole = (n + line - 1) / line * line;
      Array<T> a = random_array<T>(whole, 1, -2, 2), b = random_array<T>(whole, 2), product(n), positive(n), x(n), y(n);
      table.binary[multiply](a.data(), 1, b.data(), 1, product.data(), n);
      table.unary[relu](product.data(), positive.data(), n);
      const std::vector<ChainStep> steps{step(Kind::load, 0), step(Kind::binary, 1, multiply), step(Kind::store, 2),
                                         step(Kind::unary, 0, relu), step(Kind::store, 3)};
      const ChainArray padded{.padded = true};
      Linked<T>(table, steps, {padded, padded, {}, {}}, n, 0, true)
          .place({a.data(), b.data(), x.data(), y.data()})
          .run();
      ASSERT_TRUE(same_arrays(x, product));
      ASSERT_TRUE(same_arrays(y, positive));
    }
}

// y = x[index] − a, and relu(x[index]), where machines look x up in registers, and on `scalar`.
TYPED_TEST(Chains, WhatIsLookedUpIsWhatGatherGives) {
  using T = TypeParam;
  const auto subtract = static_cast<std::size_t>(Binary::subtract), relu = static_cast<std::size_t>(Unary::relu);
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t numbers : {1, 7, 15, 16, 17, 20, 31, 32}) {
      if (table.lanes > 1 && numbers > table.looked_up) continue;
      const std::size_t line = 64 / sizeof(T);
      Array<T> x = random_array<T>((numbers + line - 1) / line * line, numbers, -2, 2);
      for (const std::size_t n : sizes)
        for (const bool padded : {false, true}) {
          SCOPED_TRACE(target + ", " + std::to_string(numbers) + " numbers, " + std::to_string(n) + " of them");
          const std::size_t size = padded ? (n + line - 1) / line * line : n;
          std::vector<std::uint32_t> index((n + 15) / 16 * 16, 0);
          for (std::size_t s = 0; s < n; ++s) index[s] = static_cast<std::uint32_t>(s * 5 % numbers);
          Array<T> a = random_array<T>(size, n + 1), y(size), z(size), fetched(n), difference(n), positive(n);
          table.gather(x.data(), fetched.data(), 1, numbers, n, 1, index.data());
          table.binary[subtract](fetched.data(), 1, a.data(), 1, difference.data(), n);
          table.unary[relu](fetched.data(), positive.data(), n);
          const ChainArray plain{.padded = padded};
          Linked<T>(table,
                    {step(Kind::load, 0), step(Kind::binary, 1, subtract), step(Kind::store, 2), step(Kind::load, 0),
                     step(Kind::unary, 0, relu), step(Kind::store, 3)},
                    {{.access = Access::looked_up, .padded = true, .numbers = numbers}, plain, plain, plain}, n)
              .place({x.data(), a.data(), y.data(), z.data()}, {index.data(), nullptr, nullptr, nullptr})
              .run();
          ASSERT_TRUE(std::equal(difference.begin(), difference.end(), y.begin()));
          ASSERT_TRUE(std::equal(positive.begin(), positive.end(), z.begin()));
        }
    }
}

// Of a row that is one group or its end, and of several of them in between.
TYPED_TEST(Chains, MayRunOnOtherRowsEachTime) {
  using T = TypeParam;
  const auto multiply = static_cast<std::uint8_t>(Binary::multiply);
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t inner : {1, 3, 8, 16, 17, 34, 64, 70, 128}) {
      Linked<T> linked(table, {step(Kind::load, 0), step(Kind::binary, 1, multiply), step(Kind::store, 2)},
                       {{}, {}, {}}, inner);
      for (const std::size_t rows : {1, 5, 1, 2, 3, 1}) {
        const std::size_t n = rows * inner;
        Array<T> a = random_array<T>(n, 1), b = random_array<T>(n, 2), y(n), expected(n);
        table.binary[multiply](a.data(), 1, b.data(), 1, expected.data(), n);
        linked.place({a.data(), b.data(), y.data()}).run(rows);
        ASSERT_TRUE(same_arrays(y, expected)) << target << ", " << rows << " rows of " << inner;
      }
    }
}

// (a b - a) / (a b), with a b in a slot; run twice, for places are to be left as they were.
TYPED_TEST(Chains, SlotsKeepWhatIsReadAgain) {
  using T = TypeParam;
  const auto multiply = static_cast<std::uint8_t>(Binary::multiply),
             subtract = static_cast<std::uint8_t>(Binary::subtract), divide = static_cast<std::uint8_t>(Binary::divide);
  const std::vector<ChainStep> steps{step(Kind::load, 0),           step(Kind::binary, 1, multiply),
                                     step(Kind::store, 3),          step(Kind::binary, 0, subtract),
                                     step(Kind::binary, 3, divide), step(Kind::store, 2)};
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t n : sizes) {
      Array<T> a = random_array<T>(n, 1, T{0.5}, 2), b = random_array<T>(n, 2, T{0.5}, 2), y(n), product(n),
               expected(n);
      table.binary[multiply](a.data(), 1, b.data(), 1, product.data(), n);
      table.binary[subtract](product.data(), 1, a.data(), 1, expected.data(), n);
      table.binary[divide](expected.data(), 1, product.data(), 1, expected.data(), n);
      Linked<T> linked(table, steps, {{}, {}, {}}, n, 1);
      linked.place({a.data(), b.data(), y.data()});
      for (int time = 0; time < 2; ++time) {
        std::fill_n(y.data(), n, T{0});
        linked.run();
        ASSERT_TRUE(same_arrays(y, expected)) << target << ", " << n;
      }
    }
}

// Padded arrays are overwritten up to the end of a line, and no further; others not behind their last number.
TYPED_TEST(Chains, WhatIsBehindAnArrayIsLeftAlone) {
  using T = TypeParam;
  constexpr std::size_t line = 64 / sizeof(T);
  for (const auto& [target, table] : tables<T>())
    for (const bool padded : {false, true})
      for (const std::size_t n : sizes) {
        const std::size_t end = padded ? (n + line - 1) / line * line : n;
        AlignedBuffer memory((n + 2 * line) * sizeof(T));
        T* const y = reinterpret_cast<T*>(memory.data());
        std::fill_n(y, n + 2 * line, T{7});
        Array<T> x = random_array<T>(n, 1);
        Linked<T>(table, {step(Kind::load, 0), step(Kind::store, 1)}, {{}, {.padded = padded}}, n)
            .place({x.data(), y})
            .run();
        ASSERT_TRUE(std::equal(x.begin(), x.end(), y)) << target;
        ASSERT_EQ(std::count(y + end, y + n + 2 * line, T{7}), static_cast<std::ptrdiff_t>(n + 2 * line - end))
            << target << ", " << n;
      }
}

// Arrays from memory, which are read ahead of: what is asked for behind their end is no harm.
TYPED_TEST(Chains, StreamsAreNoException) {
  using T = TypeParam;
  const auto add = static_cast<std::uint8_t>(Binary::add);
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t n : sizes) {
      Array<T> a = random_array<T>(n, 1), b = random_array<T>(n, 2), y(n), expected(n);
      table.binary[add](a.data(), 1, b.data(), 1, expected.data(), n);
      Linked<T>(table, {step(Kind::load, 0), step(Kind::binary, 1, add), step(Kind::store, 2)},
                {{.streams = true}, {}, {.streams = true}}, n)
          .place({a.data(), b.data(), y.data()})
          .run();
      ASSERT_TRUE(same_arrays(y, expected)) << target << ", " << n;
    }
}

TYPED_TEST(Chains, AChainWithoutStepsDoesNothing) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    Array<T> a{1, 2, 3, 4, 5};
    Linked<T>(table, {}, {{}}, 5).place({a.data()}).run();
    EXPECT_TRUE(same_arrays(a, Array<T>{1, 2, 3, 4, 5})) << target;
  }
}

}  // namespace
}  // namespace elegans::kernels
