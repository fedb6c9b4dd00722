#include "elegans/ops/chain_program.hpp"

#include <algorithm>

#include "elegans/base/error.hpp"

namespace elegans::ops {

using kernels::ChainStep;
using Kind = ChainStep::Kind;

// Values are numbered as in the chain: inputs, then results.
class ChainProgram::Writer {
 public:
  Writer(ChainProgram& to, std::span<const Instruction> program, std::span<const std::uint16_t> outputs,
         std::uint64_t indexed_inputs, std::uint64_t indexed_outputs)
      : to_(to),
        program_(program),
        outputs_(outputs),
        indexed_inputs_(indexed_inputs),
        indexed_outputs_(indexed_outputs),
        reads_(to.inputs_ + program.size(), 0),
        home_(reads_.size(), none) {
    for (const Instruction& instruction : program)
      for (std::size_t k = 0; k < instruction.operand_count(); ++k) ++reads_[instruction.operands[k]];
    for (std::size_t i = 0; i < to.inputs_; ++i)
      if (!is_indexed(indexed_inputs, i)) home_[i] = static_cast<std::int32_t>(i);
  }

  void write() {
    for (std::size_t i = 0; i < program_.size(); ++i)
      if (reads_[to_.inputs_ + i] == 0) compute(static_cast<std::uint16_t>(to_.inputs_ + i));
  }

 private:
  static constexpr std::int32_t none = -1;

  static bool is_indexed(std::uint64_t bits, std::size_t i) { return i < 64 && (bits >> i & 1) != 0; }
  bool is_fetched(std::uint16_t value) const { return value < to_.inputs_ && is_indexed(indexed_inputs_, value); }
  bool has_home(std::uint16_t value) const { return home_[value] != none; }
  std::uint16_t home(std::uint16_t value) const { return static_cast<std::uint16_t>(home_[value]); }
  // Where a function of two reads it.
  std::uint16_t place(std::uint16_t value) const { return has_home(value) ? home(value) : value; }

  void step(Kind kind, std::uint16_t x, std::uint8_t function = 0) {
    to_.steps_.push_back({.kind = kind, .function = function, .x = x, .y = 0, .z = 0});
  }

  // Leaves the value in the accumulator.
  void take(std::uint16_t value) {
    if (in_accumulator_ == value) return;
    if (has_home(value)) {
      step(Kind::load, home(value));
    } else if (is_fetched(value)) {  // again each time: that is less than to store it once
      step(Kind::load, value);
    } else {
      compute(value);
    }
    in_accumulator_ = value;
  }

  // Puts the value, which is in the accumulator, into a slot.
  void keep(std::uint16_t value) {
    if (has_home(value)) return;
    std::size_t slot = 0;
    while (slot < busy_.size() && busy_[slot]) ++slot;
    if (slot == busy_.size()) busy_.push_back(1);
    busy_[slot] = 1;
    to_.slots_ = busy_.size();
    home_[value] = static_cast<std::int32_t>(to_.arrays() + slot);
    step(Kind::store, home(value));
  }

  // One reader less.
  void release(std::uint16_t value) {
    if (--reads_[value] == 0 && has_home(value) && home(value) >= to_.arrays()) busy_[home(value) - to_.arrays()] = 0;
  }

  // Leaves one of the operands in the accumulator, and others where steps can read them; says which.
  std::size_t gather(const Instruction& instruction) {
    const std::span operands(instruction.operands.data(), instruction.operand_count());
    const bool is_binary = instruction.kind == Instruction::Kind::binary;
    const auto can_be_read = [&](std::uint16_t value) { return has_home(value) || (is_binary && is_fetched(value)); };
    for (std::size_t k = 0; k < operands.size(); ++k) {
      if (can_be_read(operands[k])) continue;
      take(operands[k]);
      const auto is_ready = [&](std::uint16_t other) { return other == operands[k] || can_be_read(other); };
      if (std::all_of(operands.begin(), operands.end(), is_ready)) return k;
      keep(operands[k]);
    }
    auto here = std::find(operands.begin(), operands.end(), in_accumulator_);
    // What is fetched is loaded and joined with what comes next (kernels/simd/chain_runs-inl.h).
    if (here == operands.end())
      here = std::find_if(operands.begin(), operands.end(), [&](std::uint16_t value) { return !has_home(value); });
    // Of select what is chosen: the condition often is one number.
    const std::size_t first = instruction.kind == Instruction::Kind::select ? 1 : 0;
    const std::size_t taken = here == operands.end() ? first : static_cast<std::size_t>(here - operands.begin());
    take(operands[taken]);
    return taken;
  }

  void compute(std::uint16_t value) {
    const Instruction& instruction = program_[value - to_.inputs_];
    const auto& operands = instruction.operands;
    const std::size_t taken = gather(instruction);
    // Twice the same operand: the other is read from where it is kept.
    if (instruction.kind == Instruction::Kind::binary && operands[0] == operands[1] && !is_fetched(operands[0]))
      keep(operands[0]);
    switch (instruction.kind) {
      case Instruction::Kind::unary:
        step(Kind::unary, 0, instruction.function);
        break;
      case Instruction::Kind::binary:
        step(taken == 0 ? Kind::binary : Kind::reversed, place(operands[1 - taken]), instruction.function);
        break;
      case Instruction::Kind::select: {
        const auto of = [&](std::size_t k) {
          return operands[k] == operands[taken] ? ChainStep::accumulator : home(operands[k]);
        };
        to_.steps_.push_back({.kind = Kind::select, .function = 0, .x = of(0), .y = of(1), .z = of(2)});
        break;
      }
    }
    in_accumulator_ = value;
    for (std::size_t k = 0; k < instruction.operand_count(); ++k) release(operands[k]);
    store(value);
    if (reads_[value] > 1) keep(value);
  }

  void store(std::uint16_t value) {
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      if (outputs_[o] != value) continue;
      const auto array = static_cast<std::uint16_t>(to_.inputs_ + o);
      step(Kind::store, array);
      if (!is_indexed(indexed_outputs_, o)) home_[value] = array;
    }
  }

  ChainProgram& to_;
  std::span<const Instruction> program_;
  std::span<const std::uint16_t> outputs_;
  std::uint64_t indexed_inputs_, indexed_outputs_;
  std::vector<std::size_t> reads_;  // by value: instructions that are still to read it
  std::vector<std::int32_t> home_;  // the array or slot where it can be read
  std::vector<char> busy_;          // by slot
  std::int32_t in_accumulator_ = none;
};

ChainProgram::ChainProgram(std::size_t inputs, std::span<const Instruction> program,
                           std::span<const std::uint16_t> outputs, std::uint64_t indexed_inputs,
                           std::uint64_t indexed_outputs)
    : inputs_(inputs), outputs_(outputs.size()) {
  for (const std::uint16_t output : outputs)
    ensure(output >= inputs_ && output < inputs_ + program.size(), "an output of a chain is no result");
  for (std::size_t i = 0; i < program.size(); ++i)
    for (std::size_t k = 0; k < program[i].operand_count(); ++k)
      ensure(program[i].operands[k] < inputs_ + i, "an operand of a chain is not defined yet");
  Writer(*this, program, outputs, indexed_inputs, indexed_outputs).write();
}

bool ChainProgram::only_loads(std::size_t number) const {
  return std::all_of(steps_.begin(), steps_.end(), [number](const ChainStep& step) {
    if (step.kind == Kind::select) return step.x != number && step.y != number && step.z != number;
    return (step.kind != Kind::binary && step.kind != Kind::reversed) || step.x != number;
  });
}

bool ChainProgram::reads_after(std::size_t number, std::size_t output) const {
  bool written = false;
  for (const ChainStep& step : steps_) {
    const bool is_store = step.kind == Kind::store;
    if (is_store && step.x == inputs_ + output) written = true;
    if (!written || is_store || step.kind == Kind::unary) continue;
    if (step.x == number || (step.kind == Kind::select && (step.y == number || step.z == number))) return true;
  }
  return false;
}

}  // namespace elegans::ops
