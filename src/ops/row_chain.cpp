#include "elegans/ops/row_chain.hpp"

#include <fmt/format.h>
#include <algorithm>

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
    case Kind::pick:
      return "pick";
    case Kind::add_at:
      return "add_at";
    case Kind::elementwise:
      break;
  }
  return function_name(instruction.of);
}

// Of a tile: so many rows as fit, but at least one. Two dozen registers stay within 32 KB.
constexpr std::size_t tile_bytes = 1024;

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
  share_places();
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
      for (std::size_t k = 1; k < instruction.operand_count(); ++k)
        ensure(!places_[instruction.of.operands[k]].wide || inner_ == 1, "a row chain takes what is wide for a label");
      result.wide = instruction.kind == Kind::one_hot || instruction.kind == Kind::add_at;
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

void RowChain::share_places() {
  std::vector<std::size_t> readers(places_.size(), 0);
  for (const RowInstruction& instruction : program_)
    for (std::size_t k = 0; k < instruction.operand_count(); ++k) ++readers[instruction.of.operands[k]];
  for (std::size_t i = program_.size(); i-- > 0;) {
    const std::size_t to = program_[i].of.operands[0];
    if (program_[i].kind != Kind::add_at || is_input(to) || readers[to] != 1 || places_[to].output >= 0) continue;
    places_[to].output = places_[forms_.size() + i].output;
  }
}

// A register is free again after the last instruction that reads it.
void RowChain::take_registers() {
  std::vector<std::size_t> last_use(places_.size(), 0);
  for (std::size_t i = 0; i < program_.size(); ++i)
    for (std::size_t k = 0; k < program_[i].operand_count(); ++k) last_use[program_[i].of.operands[k]] = i;
  std::vector<std::size_t> wide_until, narrow_until;
  // `rather` is the one to take if it is free.
  const auto take = [&](std::vector<std::size_t>& busy_until, std::size_t from, std::size_t until,
                        std::size_t rather = 0) {
    std::size_t r = rather < busy_until.size() && busy_until[rather] <= from ? rather : 0;
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
    const std::size_t first = program_[i].of.operands[0];
    const std::size_t rather = program_[i].kind == Kind::add_at && !is_input(first) ? places_[first].at : 0;
    if (place.wide || place.output < 0) place.at = take(place.wide ? wide_until : narrow_until, i, until, rather);
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
    const Kind kind = program_[i].kind;
    const bool of_all =
        kind == Kind::elementwise ? places_[forms_.size() + i].wide : kind != Kind::pick && kind != Kind::add_at;
    cost.flop += (of_all ? wide : wide / static_cast<double>(inner_)) *
                 (kind == Kind::elementwise ? flop_of(program_[i].of) : 1);
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
         narrow_registers_ * aligned(rows * element) + program_.size() * bound_bytes;
}

void RowChain::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                       Sizes& sizes) const {
  const Shape wide = wide_shape(inputs);
  sizes[outer_at] = static_cast<std::size_t>(wide.product(0, wide.rank() - 1).value(at));
  std::size_t moved = 0;
  for (const Type& type : inputs) moved += bytes_of(type, at);
  for (const Type& type : outputs) moved += bytes_of(type, at);
  sizes[past_caches_at] = moved > kernels::cached_bytes ? 1 : 0;
}

std::string RowChain::kernel(const Call& call) const {
  std::vector<const char*> names;
  for (const RowInstruction& instruction : program_)
    names.push_back(instruction.kind == Kind::sum   ? "reduce_sum"
                    : instruction.kind == Kind::max ? "reduce_max"
                                                    : name_of(instruction));
  const std::size_t rows = call.sizes[outer_at];
  return fmt::format(
      "{}, one after the other on {} of {} rows, which stay near the core{}", fmt::join(names, ", "),
      rows_at_once(rows, size_of(call.dtype)), rows,
      call.sizes[past_caches_at] != 0
          ? "; copy_past_caches of results that overwrite nothing, for the caches do not hold them, then "
            "finish_past_caches"
          : "");
}

}  // namespace elegans::ops
