#pragma once
// Elementwise functions, one or a chain of them, computed group by group of elements in registers.
//
// A chain is a little program: its inputs are numbered 0 … inputs−1, the result of instruction i is number inputs + i,
// and any results may be outputs. tanh(x·w + b) is
//
//     inputs 3    0 = x   1 = w   2 = b
//     3 = multiply(0, 1)    4 = add(3, 2)    5 = tanh(4)       outputs {5}
//
// Results have the shape that the inputs broadcast to, seen as [outer, inner]; every input is one of
//
//     full    [outer, inner]    each element once            row     [inner]    the same for every outer
//     number  [1]               the same everywhere          column  [outer, 1] the same along inner
//
// with one split into outer and inner for the whole program. Any other broadcast is a ShapeError (broadcast_to first).
// A chain and its instructions one by one give the same bits: each is the same kernel on the same element.
// An output may overwrite a full input that is not read after it is written.

#include <optional>

#include "elegans/ops/chain_program.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class Elementwise final : public Operation {
 public:
  static constexpr std::size_t max_inputs = 24, max_outputs = 64;
  // Of what is copied so that a chain can read it, and of rows that are too short to be visited one by one.
  static constexpr std::size_t tile_bytes = 4096;

  static OperationPtr unary(kernels::Unary function);
  static OperationPtr binary(kernels::Binary function);
  static OperationPtr select();  // (c, a, b) → c != 0 ? a : b
  // A chain; InternalError where an operand is not defined yet.
  static OperationPtr chain(std::size_t inputs, std::vector<Instruction> program, std::vector<std::uint16_t> outputs);

  std::size_t inputs() const { return inputs_; }
  const std::vector<Instruction>& program() const { return program_; }
  const std::vector<std::uint16_t>& results() const { return outputs_; }  // which numbers are outputs
  const ChainProgram& chain_program() const { return chain_; }            // the same for the kernel

  // How an input is read where the result is seen as [outer, inner]: full, row, column or number.
  using Access = kernels::Access;
  // The access of an input of `shape` where `result` is split at `split`, if it has one.
  static std::optional<Access> access_of(const Shape& shape, const Shape& result, std::size_t split);
  // Loop sizes of run(): outer and inner, then the access of each input.
  static constexpr std::size_t outer_at = 0, inner_at = 1, first_access = 2;

  // The axis at which `result` splits into outer and inner so that each of `inputs` is full, row, column or number;
  // none where no split will do.
  static std::optional<std::size_t> split_axis(std::span<const Shape> inputs, const Shape& result);

  std::string_view name() const override;
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  bool may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const override;
  std::size_t workspace_bytes(std::span<const Type> inputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  std::size_t linked_bytes(std::span<const Type>, const Extents&) const override { return chain_.bytes(); }
  void link(const Call& call) const noexcept override;
  Status run(const Call& call) const noexcept override;
  std::string kernel(const Call& call) const override;
  std::unique_ptr<FixedCall> fix(const Call& call) const override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

  Elementwise(std::size_t inputs, std::vector<Instruction> program, std::vector<std::uint16_t> outputs);

 private:
  template <class T>
  class Pass;

  std::size_t inputs_;
  std::vector<Instruction> program_;
  std::vector<std::uint16_t> outputs_;
  ChainProgram chain_;
};

// Arithmetic of one element of an instruction, and the name of its function.
double flop_of(const Instruction& instruction);
const char* function_name(const Instruction& instruction);

}  // namespace elegans::ops
