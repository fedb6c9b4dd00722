#include "elegans/ops/elementwise.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

#include "ops/fixed_chain.hpp"

namespace elegans::ops {
namespace {

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
      case Unary::fast_tanh:
      case Unary::fast_sigmoid:
        return transcendental_flop;
      default:
        return 1;
    }
  if (instruction.kind == Instruction::Kind::binary && static_cast<Binary>(instruction.function) == Binary::power)
    return transcendental_flop;
  return 1;
}

Elementwise::Elementwise(std::size_t inputs, std::vector<Instruction> program, std::vector<std::uint16_t> outputs)
    : inputs_(inputs), program_(std::move(program)), outputs_(std::move(outputs)), chain_(inputs_, program_, outputs_) {
  ensure(inputs_ <= max_inputs, "an elementwise chain has too many inputs");
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
  return !chain_.reads_after(input, outputs_[output]);
}

std::size_t Elementwise::workspace_bytes(std::span<const Type> inputs, const Extents& at) const {
  const auto elements = static_cast<std::size_t>(result_shape(*this, inputs).elements(at));
  const std::size_t tiles = aligned((inputs_ + program_.size()) * sizeof(void*));
  return tiles + (chain_.registers() + inputs_) * register_bytes(elements, size_of(inputs[0].dtype));
}

void Elementwise::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                          Sizes& sizes) const {
  const Shape& result = outputs[0].shape;
  const std::size_t split =
      find_split(inputs, result, [](const Type& type) -> const Shape& { return type.shape; }).value_or(0);
  sizes[outer_at] = static_cast<std::size_t>(result.product(0, split).value(at));
  sizes[inner_at] = static_cast<std::size_t>(result.product(split, result.rank()).value(at));
  bool flat = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Access access = *access_of(inputs[i].shape, result, split);
    // Of a single column a column is all and a row is one number; of a single row the other way round.
    if (sizes[inner_at] == 1 || sizes[outer_at] == 1) {
      const bool is_all = access == (sizes[inner_at] == 1 ? Access::column : Access::row);
      access = access == Access::full || is_all ? Access::full : Access::scalar;
    }
    sizes[first_access + i] = static_cast<std::size_t>(access);
    flat = flat && (access == Access::full || access == Access::scalar);
  }
  if (flat) {
    sizes[inner_at] *= sizes[outer_at];
    sizes[outer_at] = 1;
  }
}

std::uint32_t Elementwise::columns(std::span<const std::size_t> accesses, std::size_t inner, std::size_t lanes) const {
  if (inner % lanes != 0) return 0;
  std::uint32_t columns = 0;
  for (std::size_t i = 0; i < inputs_; ++i)
    if (static_cast<Access>(accesses[i]) == Access::column) columns |= std::uint32_t{1} << i;
  return columns & chain_.possible_columns();
}

// One call in progress. The arrays are visited as [outer, inner] in tiles: parts of a row where rows are long, several
// whole rows where they are short. In the second case rows and columns are spread into scratch. What is the same for
// all tiles, single numbers and rows, is spread once.
template <class T>
class Elementwise::Pass {
 public:
  Pass(const Elementwise& operation, const Call& call)
      : operation_(operation),
        program_(operation.chain_.instructions()),
        call_(call),
        table_(call.kernels.table<T>()),
        outer_(call.sizes[outer_at]),
        inner_(call.sizes[inner_at]),
        streams_(outer_ == 1 && inner_ * sizeof(T) >= streamed_bytes),
        rows_at_once_(inner_ < tile ? std::max<std::size_t>(1, tile / std::max<std::size_t>(1, inner_)) : 1),
        spread_(rows_at_once_ > 1 && outer_ > 1),
        columns_(spread_ ? operation.columns(std::span(call.sizes.at).subspan(first_access), inner_, table_.lanes) : 0),
        register_(register_bytes(outer_ * inner_, sizeof(T)) / sizeof(T)),
        tiles_(static_cast<T**>(call.workspace)),
        scratch_(reinterpret_cast<T*>(static_cast<std::byte*>(call.workspace) +
                                      aligned((operation.inputs_ + operation.program_.size()) * sizeof(void*)))) {}

  void run() noexcept {
    if (outer_ == 0 || inner_ == 0) return;
    const std::size_t row_step = spread_ ? rows_at_once_ : 1;
    place_inputs(spread_ ? std::min(rows_at_once_, outer_) : 1);
    place_results();
    for (std::size_t row = 0; row < outer_; row += row_step) {
      const std::size_t rows = std::min(row_step, outer_ - row);
      for (std::size_t column = 0; column < inner_; column += tile) {
        const std::size_t n = spread_ ? rows * inner_ : std::min(tile, inner_ - column);
        move_to(row, rows, column, n);
        if (streams_) fetch_ahead(column + tiles_ahead * tile);
        table_.chain(program_.data(), program_.size(), tiles_, n, columns_, inner_);
      }
    }
  }

 private:
  static constexpr std::size_t tile = tile_bytes / sizeof(T), tiles_ahead = 2;

  Access access(std::size_t i) const noexcept { return static_cast<Access>(call_.sizes[first_access + i]); }
  bool is_column(std::size_t i) const noexcept { return i < 32 && (columns_ >> i & 1) != 0; }
  T* copy(std::size_t i) const noexcept { return scratch_ + (operation_.chain_.registers() + i) * register_; }

  // Places that are the same for all tiles, and their contents.
  void place_inputs(std::size_t rows) noexcept {
    for (std::size_t i = 0; i < operation_.inputs_; ++i) {
      const T* base = call_.in<T>(i);
      tiles_[i] = copy(i);
      if (access(i) == Access::scalar) {
        std::fill_n(copy(i), spread_ ? rows * inner_ : std::min(tile, inner_), *base);
      } else if (access(i) == Access::row && spread_) {
        for (std::size_t r = 0; r < rows; ++r) std::memcpy(copy(i) + r * inner_, base, inner_ * sizeof(T));
      }
    }
  }

  void place_results() noexcept {
    for (std::size_t k = 0; k < operation_.program_.size(); ++k)
      tiles_[operation_.inputs_ + k] = scratch_ + operation_.chain_.register_of(k) * register_;
  }

  // The memory works while the instructions of this tile run.
  void fetch_ahead(std::size_t column) const noexcept {
    const std::size_t end = std::min(column + tile, inner_);
    for (std::size_t i = 0; i < operation_.inputs_; ++i)
      if (access(i) == Access::full)
        for (std::size_t at = column; at < end; at += AlignedBuffer::alignment / sizeof(T))
          __builtin_prefetch(call_.in<T>(i) + at);
  }

  // Places of the tile of n elements that begins at (row, column).
  void move_to(std::size_t row, std::size_t rows, std::size_t column, std::size_t n) noexcept {
    for (std::size_t i = 0; i < operation_.inputs_; ++i) {
      T* base = const_cast<T*>(call_.in<T>(i));  // the kernel writes results alone
      switch (access(i)) {
        case Access::full:
          tiles_[i] = base + row * inner_ + column;
          break;
        case Access::row:
          if (!spread_) tiles_[i] = base + column;
          break;
        case Access::column:
          if (is_column(i))
            tiles_[i] = base + row;
          else if (spread_)
            table_.repeat_each(base + row, copy(i), rows, inner_);
          else if (column == 0)
            std::fill_n(copy(i), n, base[row]);
          break;
        case Access::scalar:
          break;
      }
    }
    for (std::size_t o = 0; o < operation_.outputs_.size(); ++o)
      tiles_[operation_.outputs_[o]] = call_.out<T>(o) + row * inner_ + column;
  }

  const Elementwise& operation_;
  const std::span<const kernels::ChainInstruction> program_;
  const Call& call_;
  const kernels::Table<T>& table_;
  const std::size_t outer_, inner_;
  const bool streams_;  // through arrays that no cache near the core holds
  const std::size_t rows_at_once_;
  const bool spread_;
  const std::uint32_t columns_;  // inputs that the kernel reads as columns
  const std::size_t register_;   // elements of one
  T** const tiles_;              // by number of the value
  T* const scratch_;             // registers, then copies of inputs
};

Status Elementwise::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { Pass<decltype(zero)>(*this, call).run(); });
  return {};
}

namespace {

template <class T>
class FixedElementwise final : public FixedCall {
 public:
  FixedElementwise(const Elementwise& operation, const Call& call, std::size_t n) : chain_(operation, n, call.kernels) {
    for (std::size_t i = 0; i < operation.inputs(); ++i)
      chain_.read(i, call.in<T>(i), static_cast<Elementwise::Access>(call.sizes[Elementwise::first_access + i]));
    for (std::size_t o = 0; o < operation.results().size(); ++o) chain_.write(o, call.out<T>(o));
  }
  Status run() noexcept override {
    chain_.run();
    return {};
  }

 private:
  FixedChain<T> chain_;
};

}  // namespace

std::unique_ptr<FixedCall> Elementwise::fix(const Call& call) const {
  return with_floating(call.dtype, [&]<class T>(T) -> std::unique_ptr<FixedCall> {
    // Of a single row nothing is a row or a column (prepare).
    const std::size_t n = call.sizes[inner_at];
    if (call.sizes[outer_at] != 1 || !FixedChain<T>::fits(n)) return nullptr;
    return std::make_unique<FixedElementwise<T>>(*this, call, n);
  });
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
