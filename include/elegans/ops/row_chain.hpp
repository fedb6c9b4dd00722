#pragma once
// Elementwise functions and reductions along the last axis in one visit of the memory.
//
// Arrays are seen as rows [outer, inner], inner the last axis. A row chain is a program like that of
// ops/elementwise.hpp: inputs are numbered 0 … inputs−1, the result of instruction i is number inputs + i. Values are
// wide (a row of `inner` numbers) or narrow (one number a row):
//
//     elementwise   wide where an operand is, else narrow; a narrow operand of a wide one is spread along the row
//     sum, max      narrow, of a wide value
//     one_hot       wide, of a label
//     pick          narrow, of a wide value and a narrow one: of a row, what it names (ops/pick.hpp)
//     add_at        wide, of a wide value and two narrow ones: a row with the second added where the first names a place
//
// The softmax of x is
//
//     1 = max(0)    2 = subtract(0, 1)    3 = exponential(2)    4 = sum(3)    5 = divide(3, 4)       outputs {5}
//
// A tile of whole rows goes through the program while it is in the cache: long rows one by one, short ones many at
// once. A chain and its operations one by one give the same bits: each is the same kernel on the same rows.
//
// Inputs and outputs come in forms; W is the shape of what is wide, S the same without its last axis:
//
//     full     W                                  scalar   one number
//     row      [inner], or with 1s in front       label    i32, S (inputs alone)
//     column   S with a last axis of 1            each     S
//
// Where more than kernels::cached_bytes are read and written in all, what is wide goes past the caches: rows of it are
// computed in the cache and stored from there.
//
// An output that is elementwise may overwrite an input of the same form that no later instruction reads. What add_at alone
// reads to add to is made where the sum goes, in the memory of an output where that is one. A label of one_hot outside
// 0 … inner − 1 is the Status index_out_of_range with the row's number.

#include "elegans/ops/elementwise.hpp"

namespace elegans::ops {

enum class RowForm : std::uint8_t { full, row, column, each, scalar, label };
constexpr bool is_wide(RowForm form) { return form == RowForm::full || form == RowForm::row; }

struct RowInstruction {
  enum class Kind : std::uint8_t { elementwise, sum, max, one_hot, pick, add_at };
  Kind kind = Kind::elementwise;
  Instruction of;  // of the others than elementwise, operands alone count
  std::size_t operand_count() const {
    switch (kind) {
      case Kind::elementwise:
        return of.operand_count();
      case Kind::pick:
        return 2;
      case Kind::add_at:
        return 3;
      default:
        return 1;
    }
  }
  friend bool operator==(const RowInstruction&, const RowInstruction&) = default;
};

struct RowOutput {
  std::uint16_t result = 0;      // its number
  RowForm form = RowForm::full;  // full, column or each
  friend bool operator==(const RowOutput&, const RowOutput&) = default;
};

class RowChain final : public Operation {
 public:
  // Of a longest row. Longer ones would fall out of the first-level cache between instructions.
  static constexpr std::size_t row_bytes = 16384;

  // InternalError where an operand is not defined yet or of the wrong width.
  RowChain(std::int64_t inner, std::vector<RowForm> inputs, std::vector<RowInstruction> program,
           std::vector<RowOutput> outputs);

  std::string_view name() const override { return "row_chain"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  bool may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const override;
  std::size_t workspace_bytes(std::span<const Type> inputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  std::string kernel(const Call& call) const override;

 private:
  template <class T>
  class Pass;

  // What prepare() finds out: rows, and whether what is wide goes past the caches.
  static constexpr std::size_t outer_at = 0, past_caches_at = 1;
  // Of an instruction with its addresses, as run() has it.
  static constexpr std::size_t bound_bytes = 128;

  // A value of the program, by its number.
  struct Place {
    bool wide = false;
    bool spread = false;        // narrow or a row, and read by something wide: has a wide register of its own for it
    std::int32_t output = -1;   // the output that it is, or in whose place it is made; −1 if none
    std::size_t at = 0;         // its register, of those of its width
    std::size_t spread_at = 0;  // a wide register
  };
  bool is_input(std::size_t number) const { return number < forms_.size(); }
  void find_widths();
  // Where one alone reads a value to add to it, it is made where the sum is to be.
  void share_places();
  void take_registers();
  Shape shape_of(RowForm form, const Shape& wide) const;
  Shape wide_shape(std::span<const Type> inputs) const;
  // Rows of a tile where there are `outer`.
  std::size_t rows_at_once(std::size_t outer, std::size_t element) const;

  std::int64_t inner_;
  std::vector<RowForm> forms_;
  std::vector<RowInstruction> program_;
  std::vector<RowOutput> outputs_;
  std::vector<Place> places_;  // of inputs, then of results
  std::size_t wide_registers_ = 0, narrow_registers_ = 0;
};

}  // namespace elegans::ops
