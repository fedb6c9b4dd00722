#pragma once
// The program of an elementwise chain as its kernel runs it, on an accumulator (kernels/chain.hpp).
//
// Instructions are written in an order in which most results are read by the next one: from each result that no
// instruction reads back to what it needs. What is read again later gets a slot.

#include <array>
#include <span>
#include <vector>

#include "elegans/kernels/chain.hpp"

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
  // Of a chain of so many inputs; the result of instruction i is number inputs + i. Output o is result outputs[o], and
  // one may be several. Arrays whose bit is set in `indexed_inputs` and `indexed_outputs` may be indexed ones: of
  // functions those of two alone read such an input, and such an output is not read. InternalError where an operand is
  // not defined yet or an output is no result.
  ChainProgram(std::size_t inputs, std::span<const Instruction> program, std::span<const std::uint16_t> outputs,
               std::uint64_t indexed_inputs = 0, std::uint64_t indexed_outputs = 0);

  // Arrays are the inputs, then the outputs.
  std::span<const kernels::ChainStep> steps() const { return steps_; }
  std::size_t arrays() const { return inputs_ + outputs_; }
  std::size_t slots() const { return slots_; }
  // Memory for its kernel, that stays and that is free afterwards.
  std::size_t bytes() const { return kernels::chain_bytes(steps_.size(), arrays(), slots_); }
  std::size_t scratch_bytes() const { return kernels::chain_scratch_bytes(slots_); }
  // The chain for its kernel, of arrays() arrays.
  kernels::Chain chain(const kernels::ChainArray* arrays, std::size_t inner, bool one_row = false) const {
    return {.steps = steps_.data(),
            .length = steps_.size(),
            .arrays = arrays,
            .count = inputs_ + outputs_,
            .slots = slots_,
            .inner = inner,
            .one_row = one_row};
  }
  // Whether input `number` is read by loads alone.
  bool only_loads(std::size_t number) const;
  // Whether input `number` is read after output `output` has been written.
  bool reads_after(std::size_t number, std::size_t output) const;

 private:
  class Writer;

  std::size_t inputs_, outputs_, slots_ = 0;
  std::vector<kernels::ChainStep> steps_;
};

}  // namespace elegans::ops
