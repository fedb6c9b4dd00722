// Chains of instructions: the bits of the elementwise kernels, whatever the size, the alignment and what is
// overwritten.

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

using Kind = ChainInstruction::Kind;

template <class T>
class Chain : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Chain, Types);

constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100};

template <class T>
void run(const Table<T>& table, const ChainInstruction& instruction, std::initializer_list<T*> tiles, std::size_t n) {
  table.chain(&instruction, 1, std::data(tiles), n, 0, 1);
}

// The arrays end where memory ends, so that their alignment changes with n.
TYPED_TEST(Chain, EveryUnaryInstructionIsItsKernel) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (std::uint8_t f = 0; f < unary_count; ++f)
      for (const std::size_t n : sizes) {
        SCOPED_TRACE(target + " " + name(static_cast<Unary>(f)));
        Array<T> x = random_array<T>(n, n + 1, -6, 6), y(n), expected(n);
        table.unary[f](x.data(), expected.data(), n);
        const ChainInstruction instruction{.kind = Kind::unary, .function = f, .y = 1, .a = 0};
        run(table, instruction, {x.data(), y.data()}, n);
        ASSERT_TRUE(same_arrays(y, expected));
        run(table, instruction, {x.data(), x.data()}, n);
        ASSERT_TRUE(same_arrays(x, expected)) << "in place";
      }
}

TYPED_TEST(Chain, EveryBinaryInstructionIsItsKernel) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (std::uint8_t f = 0; f < binary_count; ++f)
      for (const std::size_t n : sizes) {
        SCOPED_TRACE(target + " " + name(static_cast<Binary>(f)));
        Array<T> a = random_array<T>(n, n + 1), b = random_array<T>(n, n + 2), y(n), expected(n), of_itself(n);
        table.binary[f](a.data(), 1, b.data(), 1, expected.data(), n);
        table.binary[f](a.data(), 1, a.data(), 1, of_itself.data(), n);
        const ChainInstruction instruction{.kind = Kind::binary, .function = f, .y = 2, .a = 0, .b = 1};
        run(table, instruction, {a.data(), b.data(), y.data()}, n);
        ASSERT_TRUE(same_arrays(y, expected));
        run(table, instruction, {a.data(), b.data(), b.data()}, n);
        ASSERT_TRUE(same_arrays(b, expected)) << "over the second operand";
        run(table, instruction, {a.data(), a.data(), a.data()}, n);
        ASSERT_TRUE(same_arrays(a, of_itself)) << "both operands and the result at one place";
      }
}

TYPED_TEST(Chain, SelectIsItsKernel) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t n : sizes) {
      SCOPED_TRACE(target);
      Array<T> c = random_array<T>(n, n + 1), a = random_array<T>(n, n + 2), b = random_array<T>(n, n + 3), expected(n);
      for (std::size_t i = 0; i < n; i += 2) c[i] = 0;
      table.select(c.data(), 1, a.data(), 1, b.data(), 1, expected.data(), n);
      const ChainInstruction instruction{.kind = Kind::select, .function = 0, .y = 3, .a = 0, .b = 1, .c = 2};
      run(table, instruction, {c.data(), a.data(), b.data(), c.data()}, n);
      ASSERT_TRUE(same_arrays(c, expected)) << "over the condition";
    }
}

TYPED_TEST(Chain, PairsAreTheirTwoKernels) {
  using T = TypeParam;
  constexpr Binary functions[] = {Binary::add, Binary::subtract, Binary::multiply, Binary::divide};
  for (const auto& [target, table] : tables<T>())
    for (const Binary f : functions)
      for (const Binary g : functions)
        for (const Kind kind : {Kind::binary_left, Kind::binary_right})
          for (const std::size_t n : sizes) {
            if (kind == Kind::binary_right && (g == Binary::add || g == Binary::multiply)) continue;
            SCOPED_TRACE(target + " " + name(f) + " " + name(g));
            Array<T> a = random_array<T>(n, n + 1), b = random_array<T>(n, n + 2), c = random_array<T>(n, n + 3), y(n),
                     inner(n), expected(n);
            table.binary[static_cast<std::size_t>(f)](a.data(), 1, b.data(), 1, inner.data(), n);
            const bool left = kind == Kind::binary_left;
            table.binary[static_cast<std::size_t>(g)](left ? inner.data() : c.data(), 1, left ? c.data() : inner.data(),
                                                      1, expected.data(), n);
            const ChainInstruction instruction{
                .kind = kind, .function = static_cast<std::uint8_t>(f), .outer = g, .y = 3, .a = 0, .b = 1, .c = 2};
            run(table, instruction, {a.data(), b.data(), c.data(), y.data()}, n);
            ASSERT_TRUE(same_arrays(y, expected));
            run(table, instruction, {a.data(), b.data(), c.data(), c.data()}, n);
            ASSERT_TRUE(same_arrays(c, expected)) << "over the third operand";
            c = random_array<T>(n, n + 3);
            run(table, instruction, {a.data(), b.data(), c.data(), a.data()}, n);
            ASSERT_TRUE(same_arrays(a, expected)) << "over the first operand";
          }
}

bool is_instruction(Kind kind, Binary f, Binary outer) {
  if (kind == Kind::binary) return outer == Binary::add;  // which it has not
  if (kind == Kind::binary_right && (outer == Binary::add || outer == Binary::multiply)) return false;
  return f != Binary::power;
}

// Columns against the same numbers repeated along their rows, for every combination of operands.
TYPED_TEST(Chain, ColumnsAreReadAsIfRepeated) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const Kind kind : {Kind::binary, Kind::binary_left, Kind::binary_right})
      for (const Binary f : {Binary::add, Binary::subtract, Binary::multiply, Binary::divide, Binary::power})
        for (const Binary outer : {Binary::add, Binary::subtract, Binary::multiply, Binary::divide})
          for (std::uint32_t columns = 0; columns < 8; ++columns)
            for (const std::size_t vectors : {1, 2, 3, 100})
              for (const std::size_t rows : {0, 1, 2, 7, 8}) {
                if (!is_instruction(kind, f, outer)) continue;
                SCOPED_TRACE(target + " " + name(f));
                const std::size_t inner = vectors * table.lanes, n = rows * inner;
                std::vector<Array<T>> tiles, repeated;
                for (std::size_t k = 0; k < 3; ++k) {
                  const bool column = (columns >> k & 1) != 0;
                  tiles.push_back(random_array<T>(column ? rows : n, k + 1, T{0.5}, 2));
                  repeated.emplace_back(n);
                  for (std::size_t i = 0; i < n; ++i) repeated[k][i] = tiles[k][column ? i / inner : i];
                }
                const ChainInstruction instruction{.kind = kind,
                                                   .function = static_cast<std::uint8_t>(f),
                                                   .outer = outer,
                                                   .y = 3,
                                                   .a = 0,
                                                   .b = 1,
                                                   .c = 2};
                Array<T> y(n), expected(n);
                T* const read[] = {tiles[0].data(), tiles[1].data(), tiles[2].data(), y.data()};
                table.chain(&instruction, 1, read, n, columns, inner);
                run(table, instruction, {repeated[0].data(), repeated[1].data(), repeated[2].data(), expected.data()},
                    n);
                ASSERT_TRUE(same_arrays(y, expected)) << "columns " << columns << ", " << rows << " rows of " << inner;
              }
}

TYPED_TEST(Chain, InstructionsFollowEachOther) {
  using T = TypeParam;
  const ChainInstruction program[] = {
      {.kind = Kind::binary, .function = static_cast<std::uint8_t>(Binary::multiply), .y = 2, .a = 0, .b = 1},
      {.kind = Kind::unary, .function = static_cast<std::uint8_t>(Unary::negate), .y = 2, .a = 2},
      {.kind = Kind::binary, .function = static_cast<std::uint8_t>(Binary::add), .y = 0, .a = 2, .b = 0},
  };
  for (const auto& [target, table] : tables<T>()) {
    Array<T> a{1, 2, 3, 4, 5}, b{10, 20, 30, 40, 50}, c(5);
    T* const tiles[] = {a.data(), b.data(), c.data()};
    table.chain(program, 0, tiles, 5, 0, 1);
    EXPECT_TRUE(same_arrays(a, Array<T>{1, 2, 3, 4, 5})) << "a program without instructions";
    table.chain(program, 3, tiles, 5, 0, 1);
    EXPECT_TRUE(same_arrays(a, Array<T>{-9, -38, -87, -156, -245})) << target;
  }
}

}  // namespace
}  // namespace elegans::kernels
