// What a chain becomes for its kernel: the order of its steps, slots, and what may be overwritten. Each program is also
// run as written, instruction by instruction.

#include "elegans/ops/chain_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/base/error.hpp"
#include "elegans/kernels/table.hpp"

namespace elegans::ops {
namespace {

using kernels::Binary;
using kernels::ChainStep;
using kernels::Unary;
using Kind = ChainStep::Kind;

Instruction binary(Binary function, std::uint16_t a, std::uint16_t b) {
  return {Instruction::Kind::binary, static_cast<std::uint8_t>(function), {a, b, 0}};
}
Instruction unary(Unary function, std::uint16_t x) {
  return {Instruction::Kind::unary, static_cast<std::uint8_t>(function), {x, 0, 0}};
}
Instruction select(std::uint16_t c, std::uint16_t a, std::uint16_t b) {
  return {Instruction::Kind::select, 0, {c, a, b}};
}

ChainStep step(Kind kind, std::uint16_t x, std::uint8_t function = 0) {
  return {.kind = kind, .function = function, .x = x};
}
ChainStep step(Kind kind, std::uint16_t x, Binary function) {
  return step(kind, x, static_cast<std::uint8_t>(function));
}

std::vector<ChainStep> steps(const ChainProgram& program) { return {program.steps().begin(), program.steps().end()}; }

using ::testing::ElementsAre;

TEST(ChainProgram, LeavesResultsInTheAccumulatorForTheNext) {
  // 3 = 0 · 1   4 = 3 − 2   and   3 = 0 · 1   4 = 2 − 3
  const std::uint16_t outputs[] = {4};
  const ChainProgram left(3, std::array{binary(Binary::multiply, 0, 1), binary(Binary::subtract, 3, 2)}, outputs);
  EXPECT_THAT(steps(left), ElementsAre(step(Kind::load, 0), step(Kind::binary, 1, Binary::multiply),
                                       step(Kind::binary, 2, Binary::subtract), step(Kind::store, 3)));
  EXPECT_EQ(left.slots(), 0u);
  const ChainProgram right(3, std::array{binary(Binary::multiply, 0, 1), binary(Binary::subtract, 2, 3)}, outputs);
  EXPECT_THAT(steps(right), ElementsAre(step(Kind::load, 0), step(Kind::binary, 1, Binary::multiply),
                                        step(Kind::reversed, 2, Binary::subtract), step(Kind::store, 3)));
}

// 2 = 0 + 1   3 = 2 · 2   4 = 3 − 2: the sum is read three times. Slots come behind the arrays, 0 to 2.
TEST(ChainProgram, KeepsWhatIsReadAgainInASlot) {
  const std::uint16_t outputs[] = {4};
  const ChainProgram program(
      2, std::array{binary(Binary::add, 0, 1), binary(Binary::multiply, 2, 2), binary(Binary::subtract, 3, 2)},
      outputs);
  EXPECT_THAT(steps(program), ElementsAre(step(Kind::load, 0), step(Kind::binary, 1, Binary::add), step(Kind::store, 3),
                                          step(Kind::binary, 3, Binary::multiply),
                                          step(Kind::binary, 3, Binary::subtract), step(Kind::store, 2)));
  EXPECT_EQ(program.slots(), 1u);
}

// What is an output is read from there, unless it is indexed.
TEST(ChainProgram, ReadsOutputsWhereTheyStand) {
  const std::uint16_t outputs[] = {2, 3};
  const std::array program{binary(Binary::add, 0, 1), binary(Binary::multiply, 2, 2)};
  EXPECT_EQ(ChainProgram(2, program, outputs).slots(), 0u);
  EXPECT_EQ(ChainProgram(2, program, outputs, 0, 0b10).slots(), 0u);
  EXPECT_EQ(ChainProgram(2, program, outputs, 0, 0b01).slots(), 1u);
}

// Functions of two read an indexed array where they need it, and it is in no slot; select does not.
TEST(ChainProgram, ReadsIndexedInputsAsOftenAsTheyAreWanted) {
  const std::uint16_t outputs[] = {3, 4};
  const ChainProgram fetched(3, std::array{binary(Binary::add, 0, 1), binary(Binary::multiply, 1, 2)}, outputs, 0b010);
  EXPECT_THAT(steps(fetched),
              ElementsAre(step(Kind::load, 1), step(Kind::reversed, 0, Binary::add), step(Kind::store, 3),
                          step(Kind::load, 1), step(Kind::binary, 2, Binary::multiply), step(Kind::store, 4)));
  EXPECT_EQ(fetched.slots(), 0u);

  // 3 = tanh 0   4 = 3 − 1   and   4 = 1 < 3 ? 1 : 3
  const std::uint16_t last[] = {4}, chosen[] = {5};
  const ChainProgram behind(3, std::array{unary(Unary::tanh, 0), binary(Binary::subtract, 3, 1)}, last, 0b010);
  EXPECT_THAT(steps(behind),
              ElementsAre(step(Kind::load, 0),
                          ChainStep{.kind = Kind::unary, .function = static_cast<std::uint8_t>(Unary::tanh)},
                          step(Kind::binary, 1, Binary::subtract), step(Kind::store, 3)));
  const ChainProgram choice(3, std::array{unary(Unary::tanh, 0), binary(Binary::less, 1, 3), select(4, 1, 3)}, chosen,
                            0b010);
  const auto chooses = [](const ChainStep& at) { return at.kind == Kind::select; };
  ASSERT_EQ(std::count_if(choice.steps().begin(), choice.steps().end(), chooses), 1);
  const ChainStep& at = *std::find_if(choice.steps().begin(), choice.steps().end(), chooses);
  for (const std::uint16_t operand : {at.x, at.y, at.z}) EXPECT_NE(operand, 1u);
}

// 2 = 0 · 1   3 = tanh 1   4 = 2 + 3, outputs 3 and 4
TEST(ChainProgram, KnowsWhatIsReadAfterAnOutputIsWritten) {
  const std::array program{binary(Binary::multiply, 0, 1), unary(Unary::tanh, 1), binary(Binary::add, 2, 3)};
  const std::uint16_t outputs[] = {3, 4};
  const ChainProgram chain(2, program, outputs);
  EXPECT_FALSE(chain.reads_after(0, 1));
  EXPECT_FALSE(chain.reads_after(1, 1));
  // The product is computed first and kept, so nothing of it is read after tanh is written.
  EXPECT_FALSE(chain.reads_after(0, 0));
  const std::array later{unary(Unary::tanh, 1), binary(Binary::add, 2, 0)};
  const std::uint16_t both[] = {2, 3};
  EXPECT_TRUE(ChainProgram(2, later, both).reads_after(0, 0));
  EXPECT_FALSE(ChainProgram(2, later, both).reads_after(1, 0));
}

TEST(ChainProgram, RefusesWhatIsNotDefined) {
  const std::uint16_t outputs[] = {2}, none[] = {1};
  EXPECT_THROW(ChainProgram(2, std::array{binary(Binary::add, 0, 2)}, outputs), InternalError);
  EXPECT_THROW(ChainProgram(2, std::array{binary(Binary::add, 0, 1)}, none), InternalError);
}

// The interpreter that needs no thought: every value has a place of its own.
std::vector<std::vector<double>> run_as_written(std::vector<std::vector<double>> values,
                                                const std::vector<Instruction>& program) {
  const auto& table = kernels::table<double>(kernels::Target::scalar);
  const std::size_t n = values[0].size();
  for (const auto& [kind, function, x] : program) {
    std::vector<double> y(n);
    if (kind == Instruction::Kind::unary) {
      table.unary[function](values[x[0]].data(), y.data(), n);
    } else if (kind == Instruction::Kind::binary) {
      table.binary[function](values[x[0]].data(), 1, values[x[1]].data(), 1, y.data(), n);
    } else {
      table.select(values[x[0]].data(), 1, values[x[1]].data(), 1, values[x[2]].data(), 1, y.data(), n);
    }
    values.push_back(y);
  }
  return values;
}

void expect_as_written(std::mt19937_64& engine) {
  const auto below = [&](std::size_t n) { return static_cast<std::uint16_t>(engine() % n); };
  const std::size_t inputs = 1 + below(4), length = 1 + below(14), n = 3;
  std::vector<Instruction> program;
  std::vector<char> is_read(inputs + length, 0);
  for (std::size_t i = 0; i < length; ++i) {
    const std::size_t known = inputs + i;
    switch (below(6)) {
      case 0:
        program.push_back(unary(below(2) ? Unary::negate : Unary::tanh, below(known)));
        break;
      case 1:
        program.push_back(select(below(known), below(known), below(known)));
        break;
      default:
        program.push_back(binary(static_cast<Binary>(below(7)), below(known), below(known)));
    }
    for (std::size_t k = 0; k < program.back().operand_count(); ++k) is_read[program.back().operands[k]] = 1;
  }
  std::vector<std::uint16_t> outputs;
  for (std::size_t v = inputs; v < is_read.size(); ++v)
    if (!is_read[v] || below(4) == 0) outputs.push_back(static_cast<std::uint16_t>(v));
  const std::uint64_t indexed_inputs = engine() & ((1U << inputs) - 1), indexed_outputs = engine() & 0xff;
  const ChainProgram chain(inputs, program, outputs, indexed_inputs, indexed_outputs);

  std::vector<std::vector<double>> arrays;
  std::uniform_real_distribution<double> uniform(0.5, 2);
  for (std::size_t i = 0; i < inputs; ++i) arrays.push_back({uniform(engine), uniform(engine), 0});
  const std::vector<std::vector<double>> expected = run_as_written(arrays, program);
  arrays.resize(chain.arrays(), std::vector<double>(n, 0));
  const std::vector<std::uint32_t> index{0, 1, 2};
  std::vector<kernels::ChainArray> how(chain.arrays());
  std::vector<double*> at;
  std::vector<const std::uint32_t*> indices(chain.arrays(), index.data());
  for (std::size_t k = 0; k < chain.arrays(); ++k) {
    const bool indexed =
        k < inputs ? indexed_inputs >> k & 1 : k - inputs < 64 && (indexed_outputs >> (k - inputs) & 1);
    how[k].access = indexed ? kernels::Access::indexed : kernels::Access::full;
    at.push_back(arrays[k].data());
  }
  const auto& table = kernels::table<double>(kernels::Target::scalar);
  AlignedBuffer linked(chain.bytes()), scratch(chain.scratch_bytes());
  table.link_chain(table, chain.chain(how.data(), 1), linked.data());
  table.place_chain(linked.data(), scratch.data(), at.data(), indices.data());
  table.run_chain(linked.data(), n);
  for (std::size_t o = 0; o < outputs.size(); ++o)
    for (std::size_t i = 0; i < n; ++i) {
      const double actual = arrays[inputs + o][i], as_written = expected[outputs[o]][i];
      ASSERT_TRUE(actual == as_written || (std::isnan(actual) && std::isnan(as_written)))
          << "output " << o << ": " << actual << ", expected " << as_written;
    }
}

TEST(ChainProgram, ComputesWhatIsWritten) {
  std::mt19937_64 engine(1);
  for (int program = 0; program < 4000; ++program) {
    SCOPED_TRACE(program);
    expect_as_written(engine);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace elegans::ops
