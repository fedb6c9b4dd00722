#include "elegans/ops/elementwise.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

namespace elegans::ops {
namespace {

const char* function_name(const Instruction& instruction) {
  switch (instruction.kind) {
    case Instruction::Kind::unary:
      return kernels::name(static_cast<kernels::Unary>(instruction.function));
    case Instruction::Kind::binary:
      return kernels::name(static_cast<kernels::Binary>(instruction.function));
    case Instruction::Kind::select:
      break;
  }
  return "select";
}

Dim size_at(const Shape& shape, std::size_t axis, std::size_t rank) {
  const std::size_t missing = rank - shape.rank();
  return axis < missing ? Dim(1) : shape[axis - missing];
}

Shape result_shape(const Operation& operation, std::span<const Type> inputs) {
  Shape shape = inputs[0].shape;
  for (const Type& input : inputs.subspan(1))
    shape = broadcast(shape, input.shape, std::string(operation.name()).c_str());
  return shape;
}

std::vector<Shape> shapes_of(std::span<const Type> types) {
  std::vector<Shape> shapes;
  for (const Type& type : types) shapes.push_back(type.shape);
  return shapes;
}

// Elementwise::split_axis without memory of its own, for prepare.
template <class Items, class ShapeOf>
std::optional<std::size_t> find_split(const Items& items, const Shape& result, ShapeOf shape_of) {
  for (std::size_t split = 0; split <= result.rank(); ++split)
    if (std::all_of(items.begin(), items.end(), [&](const auto& item) {
          return Elementwise::access_of(shape_of(item), result, split).has_value();
        }))
      return split;
  return std::nullopt;
}

}  // namespace

std::optional<Elementwise::Access> Elementwise::access_of(const Shape& shape, const Shape& result, std::size_t split) {
  const auto follows = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i)
      if (size_at(shape, i, result.rank()) != result[i]) return false;
    return true;
  };
  const auto repeats = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i)
      if (size_at(shape, i, result.rank()) != Dim(1)) return false;
    return true;
  };
  const std::size_t rank = result.rank();
  if (follows(0, rank)) return Access::full;
  if (repeats(0, rank)) return Access::scalar;
  if (repeats(0, split) && follows(split, rank)) return Access::row;
  if (follows(0, split) && repeats(split, rank)) return Access::column;
  return std::nullopt;
}

double flop_of(const Instruction& instruction) {
  using kernels::Binary;
  using kernels::Unary;
  if (instruction.kind == Instruction::Kind::unary) switch (static_cast<Unary>(instruction.function)) {
      case Unary::exponential:
      case Unary::logarithm:
      case Unary::tanh:
      case Unary::sigmoid:
      case Unary::softplus:
      case Unary::error_function:
      case Unary::sine:
      case Unary::cosine:
        return transcendental_flop;
      default:
        return 1;
    }
  if (instruction.kind == Instruction::Kind::binary && static_cast<Binary>(instruction.function) == Binary::power)
    return transcendental_flop;
  return 1;
}

Elementwise::Elementwise(std::size_t inputs, std::vector<Instruction> program, std::vector<std::uint16_t> outputs)
    : inputs_(inputs), program_(std::move(program)), outputs_(std::move(outputs)) {
  ensure(inputs_ <= max_inputs, "an elementwise chain has too many inputs");
  output_of_.assign(program_.size(), -1);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    ensure(outputs_[i] >= inputs_ && outputs_[i] < inputs_ + program_.size(), "an output of a chain is no result");
    output_of_[outputs_[i] - inputs_] = static_cast<std::int16_t>(i);
  }
  // A register is free again after the last instruction that reads it.
  std::vector<std::size_t> last_use(program_.size(), 0);
  for (std::size_t i = 0; i < program_.size(); ++i)
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k) {
      ensure(program_[i].operands[k] < inputs_ + i, "an operand of a chain is not defined yet");
      if (program_[i].operands[k] >= inputs_) last_use[program_[i].operands[k] - inputs_] = i;
    }
  register_of_.assign(program_.size(), 0);
  std::vector<std::size_t> busy_until;
  for (std::size_t i = 0; i < program_.size(); ++i) {
    if (output_of_[i] >= 0) continue;
    std::size_t r = 0;
    while (r < busy_until.size() && busy_until[r] > i) ++r;
    if (r == busy_until.size()) busy_until.push_back(0);
    busy_until[r] = std::max(last_use[i], i + 1);
    register_of_[i] = static_cast<std::uint16_t>(r);
  }
  registers_ = busy_until.size();
}

OperationPtr Elementwise::unary(kernels::Unary function) {
  const Instruction instruction{Instruction::Kind::unary, static_cast<std::uint8_t>(function), {0, 0, 0}};
  return std::make_shared<Elementwise>(1, std::vector{instruction}, std::vector<std::uint16_t>{1});
}

OperationPtr Elementwise::binary(kernels::Binary function) {
  const Instruction instruction{Instruction::Kind::binary, static_cast<std::uint8_t>(function), {0, 1, 0}};
  return std::make_shared<Elementwise>(2, std::vector{instruction}, std::vector<std::uint16_t>{2});
}

OperationPtr Elementwise::select() {
  const Instruction instruction{Instruction::Kind::select, 0, {0, 1, 2}};
  return std::make_shared<Elementwise>(3, std::vector{instruction}, std::vector<std::uint16_t>{3});
}

OperationPtr Elementwise::chain(std::size_t inputs, std::vector<Instruction> program,
                                std::vector<std::uint16_t> outputs) {
  return std::make_shared<Elementwise>(inputs, std::move(program), std::move(outputs));
}

std::optional<std::size_t> Elementwise::split_axis(std::span<const Shape> inputs, const Shape& result) {
  return find_split(inputs, result, [](const Shape& shape) -> const Shape& { return shape; });
}

std::string_view Elementwise::name() const { return program_.size() == 1 ? function_name(program_[0]) : "elementwise"; }

std::string Elementwise::options() const {
  if (program_.size() == 1) return {};
  std::string text;
  for (std::size_t i = 0; i < program_.size(); ++i) {
    text += fmt::format("{}%{} = {}(", i ? "; " : "", inputs_ + i, function_name(program_[i]));
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k)
      text += fmt::format("{}%{}", k ? ", " : "", program_[i].operands[k]);
    text += ')';
  }
  return text;
}

bool Elementwise::same(const Operation& other) const {
  const auto& that = static_cast<const Elementwise&>(other);
  return inputs_ == that.inputs_ && program_ == that.program_ && outputs_ == that.outputs_;
}

std::vector<Type> Elementwise::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, inputs_);
  require_floating(*this, inputs);
  const Shape shape = result_shape(*this, inputs);
  const std::vector<Shape> shapes = shapes_of(inputs);
  if (!split_axis(shapes, shape))
    shape_error(*this, "an input", shapes.back(),
                fmt::format("a row, column or scalar of {}", elegans::to_string(shape)),
                "Spread it with broadcast_to first.");
  return std::vector<Type>(outputs_.size(), Type{inputs[0].dtype, shape});
}

Cost Elementwise::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const auto elements = static_cast<double>(outputs[0].shape.elements(at));
  for (const Instruction& instruction : program_) cost.flop += elements * flop_of(instruction);
  return cost;
}

bool Elementwise::may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const {
  if (inputs[input].shape != result_shape(*this, inputs)) return false;
  const std::size_t producer = outputs_[output] - inputs_;
  for (std::size_t i = producer + 1; i < program_.size(); ++i)
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k)
      if (program_[i].operands[k] == input) return false;
  return true;
}

std::size_t Elementwise::workspace_bytes(std::span<const Type>, const Extents&) const {
  return (registers_ + inputs_) * tile_bytes;
}

void Elementwise::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                          Sizes& sizes) const {
  const Shape& result = outputs[0].shape;
  const std::size_t split =
      find_split(inputs, result, [](const Type& type) -> const Shape& { return type.shape; }).value_or(0);
  sizes[0] = static_cast<std::size_t>(result.product(0, split).value(at));
  sizes[1] = static_cast<std::size_t>(result.product(split, result.rank()).value(at));
  bool flat = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Access access = *access_of(inputs[i].shape, result, split);
    sizes[first_access + i] = static_cast<std::size_t>(access);
    flat = flat && (access == Access::full || access == Access::scalar);
  }
  if (flat) {
    sizes[1] *= sizes[0];
    sizes[0] = 1;
  }
}

// One pass over [outer, inner] in tiles: parts of a row where rows are long, several whole rows where they are short.
// In the second case rows and columns are spread into scratch, rows once for all tiles.
template <class T>
void Elementwise::execute(const Call& call) const noexcept {
  constexpr std::size_t tile = tile_bytes / sizeof(T);
  const kernels::Table<T>& table = call.kernels.table<T>();
  const std::size_t outer = call.sizes[0], inner = call.sizes[1];
  if (outer == 0 || inner == 0) return;
  const std::size_t rows_at_once = inner < tile ? std::max<std::size_t>(1, tile / inner) : 1;
  const bool spread = rows_at_once > 1 && outer > 1;
  T* const scratch = static_cast<T*>(call.workspace);
  T* const spread_inputs = scratch + registers_ * tile;

  struct Operand {
    const T* at;
    std::size_t stride;
  };
  std::array<Operand, max_inputs> input{};
  const auto access = [&](std::size_t i) { return static_cast<Access>(call.sizes[first_access + i]); };

  if (spread)
    for (std::size_t i = 0; i < inputs_; ++i)
      if (access(i) == Access::row)
        for (std::size_t r = 0; r < std::min(rows_at_once, outer); ++r)
          std::memcpy(spread_inputs + i * tile + r * inner, call.in<T>(i), inner * sizeof(T));

  const std::size_t row_step = spread ? rows_at_once : 1;
  for (std::size_t row = 0; row < outer; row += row_step) {
    const std::size_t rows = std::min(row_step, outer - row);
    for (std::size_t column = 0; column < inner; column += tile) {
      const std::size_t n = spread ? rows * inner : std::min(tile, inner - column);
      const std::size_t start = row * inner + column;
      for (std::size_t i = 0; i < inputs_; ++i) {
        const T* base = call.in<T>(i);
        switch (access(i)) {
          case Access::full:
            input[i] = {base + start, 1};
            break;
          case Access::scalar:
            input[i] = {base, 0};
            break;
          case Access::row:
            input[i] = {spread ? spread_inputs + i * tile : base + column, 1};
            break;
          case Access::column:
            if (!spread) {
              input[i] = {base + row, 0};
            } else {
              T* copy = spread_inputs + i * tile;
              for (std::size_t r = 0; r < rows; ++r) std::fill_n(copy + r * inner, inner, base[row + r]);
              input[i] = {copy, 1};
            }
            break;
        }
      }
      const auto operand = [&](std::uint16_t number) -> Operand {
        if (number < inputs_) return input[number];
        const std::size_t k = number - inputs_;
        return {output_of_[k] >= 0 ? call.out<T>(static_cast<std::size_t>(output_of_[k])) + start
                                   : scratch + register_of_[k] * tile,
                1};
      };
      for (std::size_t i = 0; i < program_.size(); ++i) {
        const Instruction& instruction = program_[i];
        T* y = output_of_[i] >= 0 ? call.out<T>(static_cast<std::size_t>(output_of_[i])) + start
                                  : scratch + register_of_[i] * tile;
        const Operand a = operand(instruction.operands[0]);
        if (instruction.kind == Instruction::Kind::unary) {
          if (a.stride == 1) {
            table.unary[instruction.function](a.at, y, n);
          } else {
            table.unary[instruction.function](a.at, y, 1);
            std::fill_n(y + 1, n - 1, y[0]);
          }
        } else if (instruction.kind == Instruction::Kind::binary) {
          const Operand b = operand(instruction.operands[1]);
          table.binary[instruction.function](a.at, a.stride, b.at, b.stride, y, n);
        } else {
          const Operand b = operand(instruction.operands[1]);
          const Operand c = operand(instruction.operands[2]);
          table.select(a.at, a.stride, b.at, b.stride, c.at, c.stride, y, n);
        }
      }
    }
  }
}

Status Elementwise::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { execute<decltype(zero)>(call); });
  return {};
}

OperationPtr Elementwise::stacked(std::span<const Type> inputs, std::span<const char> is_stacked,
                                  const Dim& steps) const {
  const std::size_t rank = result_shape(*this, inputs).rank();
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (is_stacked[i] && inputs[i].shape.rank() != rank) return nullptr;
    shapes.push_back(is_stacked[i] ? inputs[i].shape.inserted(0, steps) : inputs[i].shape);
  }
  if (!split_axis(shapes, result_shape(*this, inputs).inserted(0, steps))) return nullptr;
  return std::make_shared<Elementwise>(*this);
}

}  // namespace elegans::ops
