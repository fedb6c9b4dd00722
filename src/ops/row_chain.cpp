#include "elegans/ops/row_chain.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "ops/repeat_row.hpp"

namespace elegans::ops {
namespace {

using Kind = RowInstruction::Kind;

const char* name_of(const RowInstruction& instruction) {
  switch (instruction.kind) {
    case Kind::sum:
      return "sum";
    case Kind::max:
      return "max";
    case Kind::one_hot:
      return "one_hot";
    case Kind::elementwise:
      break;
  }
  return function_name(instruction.of);
}

// Of a tile: so many rows as fit, but at least one. Two dozen registers stay within 32 KB.
constexpr std::size_t tile_bytes = 1024;

// What prepare() finds out.
constexpr std::size_t outer_at = 0, past_caches_at = 1;

constexpr bool is_wide(RowForm form) { return form == RowForm::full || form == RowForm::row; }

std::size_t elements_of(std::size_t bytes, std::size_t element) { return aligned(bytes) / element; }

}  // namespace

RowChain::RowChain(std::int64_t inner, std::vector<RowForm> inputs, std::vector<RowInstruction> program,
                   std::vector<RowOutput> outputs)
    : inner_(inner), forms_(std::move(inputs)), program_(std::move(program)), outputs_(std::move(outputs)) {
  ensure(forms_.size() <= Elementwise::max_inputs, "a row chain has too many inputs");
  ensure(inner_ >= 1, "the rows of a row chain are empty");
  places_.resize(forms_.size() + program_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const std::size_t result = outputs_[i].result;
    ensure(result >= forms_.size() && result < places_.size() && places_[result].output < 0,
           "an output of a row chain is no result, or is one twice");
    places_[result].output = static_cast<std::int32_t>(i);
  }
  find_widths();
  take_registers();
}

void RowChain::find_widths() {
  for (std::size_t i = 0; i < forms_.size(); ++i) places_[i].wide = is_wide(forms_[i]);
  for (std::size_t i = 0; i < program_.size(); ++i) {
    const RowInstruction& instruction = program_[i];
    Place& result = places_[forms_.size() + i];
    for (std::size_t k = 0; k < instruction.operand_count(); ++k) {
      const std::size_t operand = instruction.of.operands[k];
      ensure(operand < forms_.size() + i, "an operand of a row chain is not defined yet");
      const bool label = is_input(operand) && forms_[operand] == RowForm::label;
      ensure(label == (instruction.kind == Kind::one_hot), "a row chain takes something else for a label");
      result.wide = result.wide || places_[operand].wide;
    }
    if (instruction.kind != Kind::elementwise) {
      const std::size_t operand = instruction.of.operands[0];
      const bool whole = (result.wide || inner_ == 1) && !(is_input(operand) && forms_[operand] == RowForm::row);
      ensure(whole || instruction.kind == Kind::one_hot, "a row chain reduces what is narrow");
      result.wide = instruction.kind == Kind::one_hot;
      continue;
    }
    if (!result.wide) continue;
    for (std::size_t k = 0; k < instruction.operand_count(); ++k) {
      Place& operand = places_[instruction.of.operands[k]];
      const bool scalar = is_input(instruction.of.operands[k]) && forms_[instruction.of.operands[k]] == RowForm::scalar;
      // A row of one number is as wide as what is narrow.
      operand.spread = operand.spread || (!operand.wide && !scalar && inner_ > 1);
    }
  }
  for (std::size_t i = 0; i < forms_.size(); ++i) places_[i].spread = places_[i].spread || forms_[i] == RowForm::row;
  for (const RowOutput& output : outputs_)
    ensure(places_[output.result].wide == (output.form == RowForm::full) || inner_ == 1,
           "an output of a row chain is of another width");
}

// A register is free again after the last instruction that reads it.
void RowChain::take_registers() {
  std::vector<std::size_t> last_use(places_.size(), 0);
  for (std::size_t i = 0; i < program_.size(); ++i)
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k) last_use[program_[i].of.operands[k]] = i;
  std::vector<std::size_t> wide_until, narrow_until;
  const auto take = [&](std::vector<std::size_t>& busy_until, std::size_t from, std::size_t until) {
    std::size_t r = 0;
    while (r < busy_until.size() && busy_until[r] > from) ++r;
    if (r == busy_until.size()) busy_until.push_back(0);
    busy_until[r] = until;
    return r;
  };
  constexpr std::size_t always = static_cast<std::size_t>(-1);
  for (std::size_t i = 0; i < forms_.size(); ++i)
    if (places_[i].spread) places_[i].spread_at = take(wide_until, 0, always);
  for (std::size_t i = 0; i < program_.size(); ++i) {
    Place& place = places_[forms_.size() + i];
    const std::size_t until = std::max(last_use[forms_.size() + i], i + 1);
    if (place.wide || place.output < 0) place.at = take(place.wide ? wide_until : narrow_until, i, until);
    if (place.spread) place.spread_at = take(wide_until, i, until);
  }
  wide_registers_ = wide_until.size();
  narrow_registers_ = narrow_until.size();
}

std::string RowChain::options() const {
  std::string text;
  for (std::size_t i = 0; i < program_.size(); ++i) {
    text += fmt::format("{}%{} = {}(", i ? "; " : "", forms_.size() + i, name_of(program_[i]));
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k)
      text += fmt::format("{}%{}", k ? ", " : "", program_[i].of.operands[k]);
    text += ')';
  }
  return text;
}

bool RowChain::same(const Operation& other) const {
  const auto& that = static_cast<const RowChain&>(other);
  return inner_ == that.inner_ && forms_ == that.forms_ && program_ == that.program_ && outputs_ == that.outputs_;
}

Shape RowChain::wide_shape(std::span<const Type> inputs) const {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape shape = inputs[i].shape;
    if (forms_[i] == RowForm::full) return shape;
    if (forms_[i] == RowForm::each || forms_[i] == RowForm::label) return shape.inserted(shape.rank(), inner_);
    if (forms_[i] != RowForm::column) continue;
    shape[shape.rank() - 1] = inner_;
    return shape;
  }
  throw InternalError("no input of a row chain says how many rows there are");
}

Shape RowChain::shape_of(RowForm form, const Shape& wide) const {
  if (form == RowForm::full) return wide;
  const Shape each = wide.removed(wide.rank() - 1);
  return form == RowForm::column ? each.inserted(each.rank(), 1) : each;
}

std::vector<Type> RowChain::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, forms_.size());
  const Shape wide = wide_shape(inputs);
  std::vector<Type> floating;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].shape;
    if (forms_[i] != RowForm::label) floating.push_back(inputs[i]);
    if (forms_[i] == RowForm::scalar || forms_[i] == RowForm::row) {
      const auto access = Elementwise::access_of(shape, wide, wide.rank() - 1);
      const bool fits =
          access == Elementwise::Access::number || (forms_[i] == RowForm::row && access == Elementwise::Access::row);
      if (!fits) shape_error(*this, "an input", shape, fmt::format("a row of {}", elegans::to_string(wide)));
    } else if (const Shape wanted = shape_of(forms_[i], wide); !(shape == wanted)) {
      shape_error(*this, "an input", shape, elegans::to_string(wanted));
    }
  }
  ensure(!floating.empty(), "a row chain has labels alone");
  require_floating(*this, floating);
  std::vector<Type> types;
  for (const RowOutput& output : outputs_) types.push_back({floating[0].dtype, shape_of(output.form, wide)});
  return types;
}

Cost RowChain::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const auto wide = static_cast<double>(wide_shape(inputs).elements(at));
  for (std::size_t i = 0; i < program_.size(); ++i) {
    const double elements = program_[i].kind != Kind::elementwise || places_[forms_.size() + i].wide
                                ? wide
                                : wide / static_cast<double>(inner_);
    cost.flop += elements * (program_[i].kind == Kind::elementwise ? flop_of(program_[i].of) : 1);
  }
  return cost;
}

bool RowChain::may_overwrite(std::size_t output, std::size_t input, std::span<const Type>) const {
  if (outputs_[output].form != forms_[input]) return false;
  const std::size_t producer = outputs_[output].result - forms_.size();
  for (std::size_t i = producer + 1; i < program_.size(); ++i)
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k)
      if (program_[i].of.operands[k] == input) return false;
  return program_[producer].kind == Kind::elementwise;
}

std::size_t RowChain::rows_at_once(std::size_t outer, std::size_t element) const {
  const std::size_t fit = tile_bytes / element / static_cast<std::size_t>(inner_);
  return std::clamp<std::size_t>(fit, 1, std::max<std::size_t>(outer, 1));
}

std::size_t RowChain::workspace_bytes(std::span<const Type> inputs, const Extents& at) const {
  std::size_t element = sizeof(double);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (forms_[i] != RowForm::label) element = size_of(inputs[i].dtype);
  const Shape wide = wide_shape(inputs);
  const std::size_t rows = rows_at_once(static_cast<std::size_t>(wide.product(0, wide.rank() - 1).value(at)), element);
  return wide_registers_ * aligned(rows * static_cast<std::size_t>(inner_) * element) +
         narrow_registers_ * aligned(rows * element);
}

void RowChain::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                       Sizes& sizes) const {
  const Shape wide = wide_shape(inputs);
  sizes[outer_at] = static_cast<std::size_t>(wide.product(0, wide.rank() - 1).value(at));
  const auto bytes = [&](const Type& type) {
    return static_cast<std::size_t>(type.shape.elements(at)) * size_of(type.dtype);
  };
  std::size_t moved = 0;
  for (const Type& type : inputs) moved += bytes(type);
  for (const Type& type : outputs) moved += bytes(type);
  sizes[past_caches_at] = moved > kernels::cached_bytes ? 1 : 0;
}

// One call in progress.
template <class T>
class RowChain::Pass {
 public:
  Pass(const RowChain& chain, const Call& call)
      : chain_(chain),
        call_(call),
        table_(call.kernels.table<T>()),
        outer_(call.sizes[outer_at]),
        inner_(static_cast<std::size_t>(chain.inner_)),
        step_(chain.rows_at_once(outer_, sizeof(T))),
        wide_register_(elements_of(step_ * inner_ * sizeof(T), sizeof(T))),
        narrow_register_(elements_of(step_ * sizeof(T), sizeof(T))),
        wide_(static_cast<T*>(call.workspace)),
        narrow_(wide_ + chain.wide_registers_ * wide_register_),
        past_caches_(call.sizes[past_caches_at] != 0 && !overwrites()) {}

  Status run() noexcept {
    if (outer_ == 0) return {};
    spread_rows();
    for (row_ = 0; row_ < outer_; row_ += step_) {
      rows_ = std::min(step_, outer_ - row_);
      for (std::size_t i = 0; i < chain_.forms_.size(); ++i)
        if (chain_.forms_[i] != RowForm::row && chain_.places_[i].spread) spread(i);
      for (std::size_t i = 0; i < chain_.program_.size(); ++i) {
        const std::size_t done = execute(i);
        if (done < rows_)
          return {.code = Status::Code::index_out_of_range, .node = -1, .item = static_cast<std::int64_t>(row_ + done)};
        const Place& place = chain_.places_[chain_.forms_.size() + i];
        if (place.spread) spread(chain_.forms_.size() + i);
        if (past_caches_ && place.wide && place.output >= 0)
          table_.copy_past_caches(wide_ + place.at * wide_register_, output(place), rows_ * inner_);
      }
    }
    return {};
  }

 private:
  struct Operand {
    const T* at;
    std::size_t stride;
  };

  T* spread_register(std::size_t number) const noexcept {
    return wide_ + chain_.places_[number].spread_at * wide_register_;
  }

  void spread_rows() noexcept {
    for (std::size_t i = 0; step_ > 1 && i < chain_.forms_.size(); ++i)
      if (chain_.forms_[i] == RowForm::row) repeat_row(call_.in<T>(i), spread_register(i), inner_, step_);
  }

  // Repeats each number of what is narrow along its row. (A single row is read with stride 0 instead.)
  void spread(std::size_t number) noexcept {
    if (step_ == 1) return;
    const T* from = values(number);
    T* to = spread_register(number);
    for (std::size_t r = 0; r < rows_; ++r, to += inner_) std::fill_n(to, inner_, from[r]);
  }

  // Where a value stands for this tile, unspread.
  const T* values(std::size_t number) const noexcept {
    if (!chain_.is_input(number)) return result(number);
    const T* base = call_.in<T>(number);
    switch (chain_.forms_[number]) {
      case RowForm::full:
        return base + row_ * inner_;
      case RowForm::column:
      case RowForm::each:
        return base + row_;
      default:
        return base;
    }
  }

  // Whether a wide output stands where an input does: then it is in the cache when it is written.
  bool overwrites() const noexcept {
    for (std::size_t o = 0; o < chain_.outputs_.size(); ++o)
      for (std::size_t i = 0; i < chain_.forms_.size(); ++i)
        if (is_wide(chain_.outputs_[o].form) && call_.outputs[o] == call_.inputs[i]) return true;
    return false;
  }

  T* output(const Place& place) const noexcept {
    return call_.out<T>(static_cast<std::size_t>(place.output)) + (place.wide ? row_ * inner_ : row_);
  }

  T* result(std::size_t number) const noexcept {
    const Place& place = chain_.places_[number];
    if (place.output >= 0 && !(past_caches_ && place.wide)) return output(place);
    return place.wide ? wide_ + place.at * wide_register_ : narrow_ + place.at * narrow_register_;
  }

  Operand operand(std::size_t number, bool wide) const noexcept {
    if (chain_.is_input(number) && chain_.forms_[number] == RowForm::scalar) return {values(number), 0};
    const Place& place = chain_.places_[number];
    if (!wide || inner_ == 1 || (place.wide && !place.spread)) return {values(number), 1};
    if (step_ > 1) return {spread_register(number), 1};
    return {values(number), place.wide ? std::size_t{1} : std::size_t{0}};
  }

  // Runs instruction i on the tile; rows of it that could be done.
  std::size_t execute(std::size_t i) noexcept {
    const RowInstruction& instruction = chain_.program_[i];
    const std::size_t number = chain_.forms_.size() + i;
    T* y = result(number);
    switch (instruction.kind) {
      case Kind::sum:
        table_.reduce_sum(values(instruction.of.operands[0]), y, rows_, inner_, 1);
        break;
      case Kind::max:
        table_.reduce_max(values(instruction.of.operands[0]), y, rows_, inner_, 1);
        break;
      case Kind::one_hot:
        return table_.one_hot(call_.in<std::int32_t>(instruction.of.operands[0]) + row_, y, rows_, inner_);
      case Kind::elementwise:
        elementwise(instruction.of, chain_.places_[number].wide, y);
    }
    return rows_;
  }

  void elementwise(const Instruction& instruction, bool wide, T* y) noexcept {
    const std::size_t n = wide ? rows_ * inner_ : rows_;
    const Operand a = operand(instruction.operands[0], wide);
    if (instruction.kind == Instruction::Kind::unary) {
      table_.unary[instruction.function](a.at, y, n);
      return;
    }
    const Operand b = operand(instruction.operands[1], wide);
    if (instruction.kind == Instruction::Kind::binary) {
      table_.binary[instruction.function](a.at, a.stride, b.at, b.stride, y, n);
      return;
    }
    const Operand c = operand(instruction.operands[2], wide);
    table_.select(a.at, a.stride, b.at, b.stride, c.at, c.stride, y, n);
  }

  const RowChain& chain_;
  const Call& call_;
  const kernels::Table<T>& table_;
  const std::size_t outer_, inner_;
  const std::size_t step_;                             // rows of a tile
  const std::size_t wide_register_, narrow_register_;  // elements of one
  T* const wide_;
  T* const narrow_;
  const bool past_caches_;  // whether wide outputs go from their registers to memory
  std::size_t row_ = 0;     // the tile's first
  std::size_t rows_ = 0;    // and how many it has
};

Status RowChain::run(const Call& call) const noexcept {
  return with_floating(call.dtype, [&](auto zero) { return Pass<decltype(zero)>(*this, call).run(); });
}

}  // namespace elegans::ops
