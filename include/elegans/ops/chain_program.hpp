#pragma once
// The program of an elementwise chain as its kernel runs it: with registers, and pairs of instructions as one.
//
// Where a sum, difference, product or quotient is read once, by another one, both become one instruction of the kernel
// at the place of the second: a tile less is written and read. A square is a product like others. No bit changes
// (kernels/table.hpp).

#include <array>
#include <span>
#include <vector>

#include "elegans/kernels/table.hpp"

namespace elegans::ops {

struct Instruction {
  enum class Kind : std::uint8_t { unary, binary, select };
  Kind kind = Kind::unary;
  std::uint8_t function = 0;                // a kernels::Unary or kernels::Binary
  std::array<std::uint16_t, 3> operands{};  // numbers of inputs or earlier results
  std::size_t operand_count() const { return kind == Kind::unary ? 1 : kind == Kind::binary ? 2 : 3; }
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

class ChainProgram {
 public:
  // Of a chain of so many inputs; the result of instruction i is number inputs + i. InternalError where an operand is
  // not defined yet or an output is no result.
  ChainProgram(std::size_t inputs, std::span<const Instruction> program, std::span<const std::uint16_t> outputs);

  // Tile numbers are value numbers. Values between a pair have no tile.
  std::span<const kernels::ChainInstruction> instructions() const { return instructions_; }
  // Tiles that results which are no outputs share, and the one of a result.
  std::size_t registers() const { return registers_; }
  std::size_t register_of(std::size_t instruction) const { return register_of_[instruction]; }
  // The inputs, a bit each, that the kernel can read as columns: instructions of other kinds do not read them.
  std::uint32_t possible_columns() const { return possible_columns_; }
  // Whether value `number` is read after result `result` has been written.
  bool reads_after(std::size_t number, std::size_t result) const;

 private:
  void write_instructions(std::span<const Instruction> program);
  void take_registers(std::size_t count);
  bool is_register(std::size_t number) const { return number >= inputs_ && !is_output_[number - inputs_]; }

  std::size_t inputs_;
  std::vector<char> is_output_;
  std::vector<kernels::ChainInstruction> instructions_;
  std::vector<std::uint16_t> register_of_;
  std::size_t registers_ = 0;
  std::uint32_t possible_columns_ = 0;
};

}  // namespace elegans::ops
