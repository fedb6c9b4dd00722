#include "elegans/ops/chain_program.hpp"

#include <algorithm>

#include "elegans/base/error.hpp"

namespace elegans::ops {
namespace {

using kernels::Binary;
using kernels::ChainInstruction;
using Kind = ChainInstruction::Kind;

bool is_arithmetic(const Instruction& instruction) {
  if (instruction.kind != Instruction::Kind::binary) return false;
  const auto function = static_cast<Binary>(instruction.function);
  return function == Binary::add || function == Binary::subtract || function == Binary::multiply ||
         function == Binary::divide;
}

bool commutes(Binary function) { return function == Binary::add || function == Binary::multiply; }

Kind kernel_kind(Instruction::Kind kind) {
  return kind == Instruction::Kind::unary    ? Kind::unary
         : kind == Instruction::Kind::binary ? Kind::binary
                                             : Kind::select;
}

// A square as a product, of which a pair can be made.
std::vector<Instruction> without_squares(std::span<const Instruction> program) {
  std::vector<Instruction> written(program.begin(), program.end());
  for (Instruction& at : written)
    if (at.kind == Instruction::Kind::unary && at.function == static_cast<std::uint8_t>(kernels::Unary::square))
      at = {
          Instruction::Kind::binary, static_cast<std::uint8_t>(Binary::multiply), {at.operands[0], at.operands[0], 0}};
  return written;
}

std::array<std::uint16_t, 3> operands_of(const ChainInstruction& at) { return {at.a, at.b, at.c}; }

std::size_t operand_count(Kind kind) { return kind == Kind::unary ? 1 : kind == Kind::binary ? 2 : 3; }

}  // namespace

ChainProgram::ChainProgram(std::size_t inputs, std::span<const Instruction> program,
                           std::span<const std::uint16_t> outputs)
    : inputs_(inputs), is_output_(program.size(), 0) {
  for (const std::uint16_t output : outputs) {
    ensure(output >= inputs_ && output < inputs_ + program.size(), "an output of a chain is no result");
    is_output_[output - inputs_] = 1;
  }
  for (std::size_t i = 0; i < program.size(); ++i)
    for (std::size_t k = 0; k < program[i].operand_count(); ++k)
      ensure(program[i].operands[k] < inputs_ + i, "an operand of a chain is not defined yet");
  write_instructions(without_squares(program));
  take_registers(program.size());
  possible_columns_ = static_cast<std::uint32_t>((std::uint64_t{1} << std::min<std::size_t>(inputs_, 32)) - 1);
  for (const ChainInstruction& at : instructions_)
    if (at.kind == Kind::unary || at.kind == Kind::select)
      for (std::size_t k = 0; k < operand_count(at.kind); ++k)
        if (operands_of(at)[k] < 32) possible_columns_ &= ~(std::uint32_t{1} << operands_of(at)[k]);
}

void ChainProgram::write_instructions(std::span<const Instruction> program) {
  std::vector<std::size_t> readers(program.size(), 0);
  for (const Instruction& instruction : program)
    for (std::size_t k = 0; k < instruction.operand_count(); ++k)
      if (instruction.operands[k] >= inputs_) ++readers[instruction.operands[k] - inputs_];  // twice of a square

  // By instruction: the operand that is computed with it; whether it is computed with the one that reads it.
  std::vector<std::int32_t> joined(program.size(), -1);
  std::vector<char> is_inner(program.size(), 0);
  for (std::size_t i = 0; i < program.size(); ++i) {
    if (!is_arithmetic(program[i])) continue;
    for (std::int32_t k = 1; k >= 0 && joined[i] < 0; --k) {
      const std::uint16_t operand = program[i].operands[static_cast<std::size_t>(k)];
      if (!is_register(operand)) continue;
      const std::size_t inner = operand - inputs_;
      if (!is_arithmetic(program[inner]) || joined[inner] >= 0 || readers[inner] != 1) continue;
      joined[i] = k;
      is_inner[inner] = 1;
    }
  }

  for (std::size_t i = 0; i < program.size(); ++i) {
    if (is_inner[i]) continue;
    const auto& [kind, function, operands] = program[i];
    ChainInstruction one{.kind = kernel_kind(kind),
                         .function = function,
                         .y = static_cast<std::uint16_t>(inputs_ + i),
                         .a = operands[0],
                         .b = operands[1],
                         .c = operands[2]};
    if (joined[i] >= 0) {
      const bool left = joined[i] == 0;
      const Instruction& inner = program[operands[left ? 0 : 1] - inputs_];
      one.outer = static_cast<Binary>(function);
      one.kind = left || commutes(one.outer) ? Kind::binary_left : Kind::binary_right;
      one.function = inner.function;
      one.a = inner.operands[0];
      one.b = inner.operands[1];
      one.c = operands[left ? 1 : 0];
    }
    unsigned padded = is_register(one.y) ? 1 : 0;
    for (std::size_t k = 0; k < operand_count(one.kind); ++k)
      padded |= (is_register(operands_of(one)[k]) ? 2U : 0U) << k;
    one.padded = static_cast<std::uint8_t>(padded);
    instructions_.push_back(one);
  }
}

// A register is free again after the last instruction that reads it.
void ChainProgram::take_registers(std::size_t count) {
  std::vector<std::size_t> last_use(count, 0);
  for (std::size_t i = 0; i < instructions_.size(); ++i)
    for (std::size_t k = 0; k < operand_count(instructions_[i].kind); ++k)
      if (const std::size_t number = operands_of(instructions_[i])[k]; number >= inputs_)
        last_use[number - inputs_] = i;
  register_of_.assign(count, 0);
  std::vector<std::size_t> busy_until;
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    const std::size_t result = instructions_[i].y - inputs_;
    if (is_output_[result]) continue;
    std::size_t r = 0;
    while (r < busy_until.size() && busy_until[r] > i) ++r;
    if (r == busy_until.size()) busy_until.push_back(0);
    busy_until[r] = std::max(last_use[result], i + 1);
    register_of_[result] = static_cast<std::uint16_t>(r);
  }
  registers_ = busy_until.size();
}

bool ChainProgram::reads_after(std::size_t number, std::size_t result) const {
  bool written = false;
  for (const ChainInstruction& at : instructions_) {
    for (std::size_t k = 0; written && k < operand_count(at.kind); ++k)
      if (operands_of(at)[k] == number) return true;
    written = written || at.y == result;
  }
  return false;
}

}  // namespace elegans::ops
