#include "elegans/ops/elementwise.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "ops/fixed_chain.hpp"
#include "ops/repeat_row.hpp"

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

std::size_t split_of(std::span<const Type> inputs, const Shape& result) {
  return find_split(inputs, result, [](const Type& type) -> const Shape& { return type.shape; }).value_or(0);
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
  if (repeats(0, rank)) return Access::number;
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
  ensure(inputs_ <= max_inputs && outputs_.size() <= max_outputs, "an elementwise chain has too many ends");
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
  return !chain_.reads_after(input, output);
}

std::size_t Elementwise::workspace_bytes(std::span<const Type> inputs, const Extents& at) const {
  const Shape result = result_shape(*this, inputs);
  const std::size_t split = split_of(inputs, result);
  const auto elements = static_cast<std::size_t>(result.elements(at));
  const std::size_t copy = aligned(std::min(tile_bytes, elements * size_of(inputs[0].dtype)));
  const auto copies = static_cast<std::size_t>(std::count_if(inputs.begin(), inputs.end(), [&](const Type& input) {
    const Access access = *access_of(input.shape, result, split);
    return access == Access::row || access == Access::column;
  }));
  return chain_.scratch_bytes() + aligned(chain_.arrays() * sizeof(void*)) + copies * copy;
}

void Elementwise::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                          Sizes& sizes) const {
  const Shape& result = outputs[0].shape;
  const std::size_t split = split_of(inputs, result);
  sizes[outer_at] = static_cast<std::size_t>(result.product(0, split).value(at));
  sizes[inner_at] = static_cast<std::size_t>(result.product(split, result.rank()).value(at));
  bool flat = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Access access = *access_of(inputs[i].shape, result, split);
    // Of a single column a column is all and a row is one number; of a single row the other way round.
    if (sizes[inner_at] == 1 || sizes[outer_at] == 1) {
      const bool is_all = access == (sizes[inner_at] == 1 ? Access::column : Access::row);
      access = access == Access::full || is_all ? Access::full : Access::number;
    }
    sizes[first_access + i] = static_cast<std::size_t>(access);
    flat = flat && (access == Access::full || access == Access::number);
  }
  if (flat) {
    sizes[inner_at] *= sizes[outer_at];
    sizes[outer_at] = 1;
  }
}

// One call in progress. Where rows are no whole vectors, long ones are visited one by one, and of short ones several are
// taken for one array: what repeats along or across them is copied so often before.
template <class T>
class Elementwise::Pass {
 public:
  Pass(const Elementwise& operation, const Call& call)
      : operation_(operation),
        chain_(operation.chain_),
        call_(call),
        table_(call.kernels.table<T>()),
        outer_(call.sizes[outer_at]),
        inner_(call.sizes[inner_at]),
        arrays_(reinterpret_cast<T**>(static_cast<std::byte*>(call.workspace) + chain_.scratch_bytes())) {}

  void link() const noexcept {
    kernels::ChainArray arrays[max_inputs + max_outputs];
    const Visit visit = visit_of();
    std::fill_n(arrays, chain_.arrays(), kernels::ChainArray{.streams = streams()});
    for (std::size_t i = 0; i < operation_.inputs_; ++i) {
      arrays[i].access = access(i);
      if (visit == Visit::rows && access(i) == Access::row) arrays[i].access = Access::full;
      if (visit == Visit::rows && access(i) == Access::column) arrays[i].access = Access::number;
      if (visit == Visit::tiles && is_copied(i)) arrays[i] = {.access = Access::full, .padded = true};
    }
    table_.link_chain(table_, chain_.chain(arrays, inner_), call_.linked);
  }

  std::string kernel() const {
    const std::string streamed = streams() ? "; fewer vectors at once, for arrays of this size come from memory" : "";
    switch (visit_of()) {
      case Visit::whole:
        if (outer_ == 1 || inner_ % table_.lanes != 0)  // nothing is repeated along rows or across them
          return fmt::format("run_chain on {} number{}{}", outer_ * inner_, outer_ * inner_ == 1 ? "" : "s", streamed);
        return fmt::format("run_chain on {} rows of {}, whole vectors of {}{}", outer_, inner_, table_.lanes, streamed);
      case Visit::rows:
        return fmt::format("run_chain row by row on {} rows of {}: long ones that are no whole vectors of {}{}", outer_,
                           inner_, table_.lanes, streamed);
      case Visit::tiles:
        break;
    }
    return fmt::format("{}run_chain on tiles of {} of {} rows of {}: short ones that are no whole vectors of {}{}",
                       has_columns() ? "repeat_each, " : "", tile_rows(), outer_, inner_, table_.lanes, streamed);
  }

  void run() noexcept {
    if (outer_ == 0 || inner_ == 0) return;
    switch (visit_of()) {
      case Visit::whole:
        for (std::size_t i = 0; i < operation_.inputs_; ++i) arrays_[i] = base(i);
        return run_on(0, outer_);
      case Visit::rows:
        return run_rows();
      case Visit::tiles:
        return run_tiles();
    }
  }

 private:
  enum class Visit : std::uint8_t { whole, rows, tiles };

  Access access(std::size_t i) const noexcept { return static_cast<Access>(call_.sizes[first_access + i]); }
  bool is_copied(std::size_t i) const noexcept { return access(i) == Access::row || access(i) == Access::column; }
  T* base(std::size_t i) const noexcept { return const_cast<T*>(call_.in<T>(i)); }  // the kernel writes results alone

  bool streams() const noexcept { return outer_ * inner_ * sizeof(T) >= kernels::streamed_bytes; }
  bool has_columns() const noexcept {
    for (std::size_t i = 0; i < operation_.inputs_; ++i)
      if (access(i) == Access::column) return true;
    return false;
  }
  std::size_t tile_rows() const noexcept { return std::min(tile_bytes / sizeof(T) / inner_, outer_); }

  Visit visit_of() const noexcept {
    if (inner_ % table_.lanes == 0) return Visit::whole;
    for (std::size_t i = 0; i < operation_.inputs_; ++i)
      if (is_copied(i)) return inner_ * sizeof(T) >= tile_bytes ? Visit::rows : Visit::tiles;
    return Visit::whole;
  }

  void run_on(std::size_t row, std::size_t rows) noexcept {
    for (std::size_t o = 0; o < operation_.outputs_.size(); ++o)
      arrays_[operation_.inputs_ + o] = call_.out<T>(o) + row * inner_;
    table_.place_chain(call_.linked, call_.workspace, arrays_, nullptr);
    table_.run_chain(call_.linked, rows);
  }

  void run_rows() noexcept {
    for (std::size_t row = 0; row < outer_; ++row) {
      for (std::size_t i = 0; i < operation_.inputs_; ++i)
        arrays_[i] = base(i) + (access(i) == Access::full ? row * inner_ : access(i) == Access::column ? row : 0);
      run_on(row, 1);
    }
  }

  void run_tiles() noexcept {
    const std::size_t at_once = tile_rows();
    const std::size_t copy = aligned(at_once * inner_ * sizeof(T)) / sizeof(T);
    T* const copies =
        reinterpret_cast<T*>(reinterpret_cast<std::byte*>(arrays_) + aligned(chain_.arrays() * sizeof(void*)));
    for (std::size_t i = 0, copied = 0; i < operation_.inputs_; ++i) {
      arrays_[i] = is_copied(i) ? copies + copied++ * copy : base(i);
      if (access(i) == Access::row) repeat_row(base(i), arrays_[i], inner_, at_once);
    }
    for (std::size_t row = 0; row < outer_; row += at_once) {
      const std::size_t rows = std::min(at_once, outer_ - row);
      for (std::size_t i = 0; i < operation_.inputs_; ++i) {
        if (access(i) == Access::full) arrays_[i] = base(i) + row * inner_;
        if (access(i) == Access::column) table_.repeat_each(base(i) + row, arrays_[i], rows, inner_);
      }
      run_on(row, rows);
    }
  }

  const Elementwise& operation_;
  const ChainProgram& chain_;
  const Call& call_;
  const kernels::Table<T>& table_;
  const std::size_t outer_, inner_;
  T** const arrays_;
};

void Elementwise::link(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { Pass<decltype(zero)>(*this, call).link(); });
}

Status Elementwise::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { Pass<decltype(zero)>(*this, call).run(); });
  return {};
}

std::string Elementwise::kernel(const Call& call) const {
  return with_floating(call.dtype, [&](auto zero) { return Pass<decltype(zero)>(*this, call).kernel(); });
}

namespace {

template <class T>
class FixedElementwise final : public FixedCall {
 public:
  FixedElementwise(const Elementwise& operation, const Call& call, std::size_t n) : chain_(operation, n, call.kernels) {
    for (std::size_t i = 0; i < operation.inputs(); ++i)
      chain_.read(i, call.in<T>(i), static_cast<Elementwise::Access>(call.sizes[Elementwise::first_access + i]),
                  call.is_padded(i));
    for (std::size_t o = 0; o < operation.results().size(); ++o) chain_.write(o, call.out<T>(o));
    chain_.link();
  }
  Status run() noexcept override {
    chain_.run();
    return {};
  }
  std::string kernel() const override { return chain_.kernel(); }

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
