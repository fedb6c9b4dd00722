// What a chain becomes for its kernel: pairs, registers, and what may be overwritten or read as a column.

#include "elegans/ops/chain_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace elegans::ops {
namespace {

using kernels::Binary;
using kernels::ChainInstruction;
using kernels::Unary;
using Kind = ChainInstruction::Kind;

Instruction binary(Binary function, std::uint16_t a, std::uint16_t b) {
  return {Instruction::Kind::binary, static_cast<std::uint8_t>(function), {a, b, 0}};
}
Instruction unary(Unary function, std::uint16_t x) {
  return {Instruction::Kind::unary, static_cast<std::uint8_t>(function), {x, 0, 0}};
}

std::vector<Kind> kinds(const ChainProgram& program) {
  std::vector<Kind> kinds;
  for (const ChainInstruction& at : program.instructions()) kinds.push_back(at.kind);
  return kinds;
}

TEST(ChainProgram, ReadsAResultThatOneInstructionReadsInPlace) {
  // 3 = 0 · 1   4 = 3 − 2   and   3 = 0 · 1   4 = 2 − 3
  const std::uint16_t outputs[] = {4};
  const ChainProgram left(3, std::array{binary(Binary::multiply, 0, 1), binary(Binary::subtract, 3, 2)}, outputs);
  ASSERT_THAT(kinds(left), ::testing::ElementsAre(Kind::binary_left));
  const ChainInstruction one = left.instructions()[0];
  EXPECT_EQ(one.function, static_cast<std::uint8_t>(Binary::multiply));
  EXPECT_EQ(one.outer, Binary::subtract);
  EXPECT_THAT((std::array{one.y, one.a, one.b, one.c}), ::testing::ElementsAre(4, 0, 1, 2));
  EXPECT_EQ(left.registers(), 0u);

  const ChainProgram right(3, std::array{binary(Binary::multiply, 0, 1), binary(Binary::subtract, 2, 3)}, outputs);
  EXPECT_THAT(kinds(right), ::testing::ElementsAre(Kind::binary_right));
  // Sums commute: one kind is enough.
  const ChainProgram sum(3, std::array{binary(Binary::multiply, 0, 1), binary(Binary::add, 2, 3)}, outputs);
  EXPECT_THAT(kinds(sum), ::testing::ElementsAre(Kind::binary_left));
}

TEST(ChainProgram, LeavesWhatIsReadTwiceOrPutOutOrNoArithmetic) {
  const std::uint16_t last[] = {4}, both[] = {3, 4}, third[] = {5};
  const std::array squared{binary(Binary::add, 0, 1), binary(Binary::multiply, 3, 3)};
  EXPECT_THAT(kinds(ChainProgram(3, squared, last)), ::testing::ElementsAre(Kind::binary, Kind::binary));
  const std::array kept{binary(Binary::add, 0, 1), binary(Binary::multiply, 3, 2)};
  EXPECT_THAT(kinds(ChainProgram(3, kept, both)), ::testing::ElementsAre(Kind::binary, Kind::binary));
  const std::array largest{binary(Binary::maximum, 0, 1), binary(Binary::multiply, 3, 2)};
  EXPECT_THAT(kinds(ChainProgram(3, largest, last)), ::testing::ElementsAre(Kind::binary, Kind::binary));
  // Of three in a row two are one: a pair is no part of another.
  const std::array three{binary(Binary::add, 0, 1), binary(Binary::add, 3, 2), binary(Binary::add, 4, 0)};
  EXPECT_THAT(kinds(ChainProgram(3, three, third)), ::testing::ElementsAre(Kind::binary_left, Kind::binary));
}

// 2 = 0²   3 = 2 · 1, and the square of what is a product itself.
TEST(ChainProgram, TakesASquareForAProduct) {
  const std::uint16_t outputs[] = {3};
  const ChainProgram scaled(2, std::array{unary(Unary::square, 0), binary(Binary::multiply, 2, 1)}, outputs);
  ASSERT_THAT(kinds(scaled), ::testing::ElementsAre(Kind::binary_left));
  const ChainInstruction one = scaled.instructions()[0];
  EXPECT_EQ(one.function, static_cast<std::uint8_t>(Binary::multiply));
  EXPECT_THAT((std::array{one.y, one.a, one.b, one.c}), ::testing::ElementsAre(3, 0, 0, 1));
  EXPECT_EQ(scaled.possible_columns(), 0b11u);
  const ChainProgram squared(2, std::array{binary(Binary::multiply, 0, 1), unary(Unary::square, 2)}, outputs);
  EXPECT_THAT(kinds(squared), ::testing::ElementsAre(Kind::binary, Kind::binary));
}

// 2 = 0 · 1   3 = tanh 1   4 = 2 + 3: the product is computed with the sum, so 0 and 1 are read after 3 is written.
TEST(ChainProgram, ReadsOperandsOfAPairWhereItStands) {
  const std::array program{binary(Binary::multiply, 0, 1), unary(Unary::tanh, 1), binary(Binary::add, 2, 3)};
  const std::uint16_t outputs[] = {3, 4};
  const ChainProgram chain(2, program, outputs);
  ASSERT_THAT(kinds(chain), ::testing::ElementsAre(Kind::unary, Kind::binary_left));
  EXPECT_TRUE(chain.reads_after(0, 3));
  EXPECT_TRUE(chain.reads_after(1, 3));
  EXPECT_FALSE(chain.reads_after(0, 4));
}

TEST(ChainProgram, ReadsColumnsInBinaryInstructionsAlone) {
  const std::array program{binary(Binary::multiply, 0, 1), unary(Unary::tanh, 2), binary(Binary::maximum, 3, 4)};
  const std::uint16_t outputs[] = {5};
  EXPECT_EQ(ChainProgram(3, program, outputs).possible_columns(), 0b011u);
}

}  // namespace
}  // namespace elegans::ops
