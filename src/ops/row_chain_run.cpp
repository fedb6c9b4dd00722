// A row chain as it runs: tile by tile, instruction by instruction.

#include <algorithm>
#include <new>

#include "elegans/ops/row_chain.hpp"
#include "ops/pick_rows.hpp"
#include "ops/repeat_row.hpp"

namespace elegans::ops {
namespace {

using Kind = RowInstruction::Kind;

// Numbers from `first` on, `advance` further for each row that is done; stride 0 is one number for all.
template <class T>
struct Reach {
  T* first = nullptr;
  std::size_t advance = 0, stride = 1;
};

// An instruction with all that it reads and writes.
template <class T>
struct Bound {
  const RowInstruction* instruction;
  Reach<T> y;
  Reach<T> x[3] = {};
  std::size_t width = 1;  // numbers of a row, of something elementwise
  T* spread = nullptr;    // where the result is repeated along its rows
  T* past = nullptr;      // the output that goes past the caches
};

std::size_t elements_of(std::size_t bytes, std::size_t element) { return aligned(bytes) / element; }

}  // namespace

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
        bound_(reinterpret_cast<Bound<T>*>(narrow_ + chain.narrow_registers_ * narrow_register_)),
        past_caches_(call.sizes[past_caches_at] != 0 && !overwrites()) {
    static_assert(sizeof(Bound<T>) <= bound_bytes);
  }

  Status run() noexcept {
    if (outer_ == 0) return {};
    for (std::size_t i = 0; i < chain_.program_.size(); ++i) bind(i);
    spread_rows();
    const Status status = run_tiles();
    if (past_caches_) table_.finish_past_caches();
    return status;
  }

 private:
  Status run_tiles() noexcept {
    for (row_ = 0; row_ < outer_; row_ += step_) {
      rows_ = std::min(step_, outer_ - row_);
      for (std::size_t i = 0; step_ > 1 && i < chain_.forms_.size(); ++i)
        if (chain_.forms_[i] != RowForm::row && chain_.places_[i].spread) spread(reach(i), spread_register(i));
      for (std::size_t i = 0; i < chain_.program_.size(); ++i) {
        const Bound<T>& bound = bound_[i];
        T* const y = at(bound.y);
        if (const std::size_t done = execute(bound, y); done < rows_)
          return {.code = Status::Code::index_out_of_range, .node = -1, .item = static_cast<std::int64_t>(row_ + done)};
        if (bound.spread != nullptr) spread(bound.y, bound.spread);
        if (bound.past != nullptr) table_.copy_past_caches(y, bound.past + row_ * inner_, rows_ * inner_);
      }
    }
    return {};
  }

  T* at(const Reach<T>& reach) const noexcept { return reach.first + row_ * reach.advance; }

  // What stays the same from tile to tile is found out once.
  void bind(std::size_t i) noexcept {
    const RowInstruction& instruction = chain_.program_[i];
    const std::size_t number = chain_.forms_.size() + i;
    const Place& place = chain_.places_[number];
    Bound<T>& bound = *new (bound_ + i) Bound<T>{.instruction = &instruction, .y = reach(number)};
    const bool by_wide = instruction.kind == Kind::elementwise && place.wide;
    for (std::size_t k = 0; k < instruction.operand_count(); ++k)
      bound.x[k] = operand(instruction.of.operands[k], by_wide);
    bound.width = by_wide ? inner_ : 1;
    if (place.spread && step_ > 1) bound.spread = spread_register(number);
    if (past_caches_ && place.wide && is_output(number)) bound.past = output(place);
  }

  // Where a value stands, unspread.
  Reach<T> reach(std::size_t number) const noexcept {
    const Place& place = chain_.places_[number];
    if (!chain_.is_input(number)) {
      if (place.output >= 0 && !(past_caches_ && place.wide)) return {output(place), place.wide ? inner_ : 1, 1};
      return {place.wide ? wide_ + place.at * wide_register_ : narrow_ + place.at * narrow_register_, 0, 1};
    }
    T* const base = const_cast<T*>(call_.in<T>(number));  // inputs are read alone
    switch (chain_.forms_[number]) {
      case RowForm::full:
        return {base, inner_, 1};
      case RowForm::column:
      case RowForm::each:
        return {base, 1, 1};
      case RowForm::scalar:
        return {base, 0, 0};
      default:
        return {base, 0, 1};
    }
  }

  // The same of an operand of something wide, or not. Of a single row what is narrow is one number.
  Reach<T> operand(std::size_t number, bool by_wide) const noexcept {
    const Place& place = chain_.places_[number];
    Reach<T> reached = reach(number);
    if (!by_wide || inner_ == 1 || reached.stride == 0 || (place.wide && !place.spread)) return reached;
    if (step_ > 1) return {spread_register(number), 0, 1};
    if (!place.wide) reached.stride = 0;
    return reached;
  }

  T* spread_register(std::size_t number) const noexcept {
    return wide_ + chain_.places_[number].spread_at * wide_register_;
  }

  void spread_rows() noexcept {
    for (std::size_t i = 0; step_ > 1 && i < chain_.forms_.size(); ++i)
      if (chain_.forms_[i] == RowForm::row) repeat_row(call_.in<T>(i), spread_register(i), inner_, step_);
  }

  // Repeats each number of what is narrow along its row.
  void spread(const Reach<T>& narrow, T* to) noexcept {
    const T* from = at(narrow);
    for (std::size_t r = 0; r < rows_; ++r, to += inner_) std::fill_n(to, inner_, from[r]);
  }

  // Whether a wide output stands where an input does: then it is in the cache when it is written.
  bool overwrites() const noexcept {
    for (std::size_t o = 0; o < chain_.outputs_.size(); ++o)
      for (std::size_t i = 0; i < chain_.forms_.size(); ++i)
        if (is_wide(chain_.outputs_[o].form) && call_.outputs[o] == call_.inputs[i]) return true;
    return false;
  }

  // Whether a value is an output, and not made in its memory alone.
  bool is_output(std::size_t number) const noexcept {
    const std::int32_t output = chain_.places_[number].output;
    return output >= 0 && chain_.outputs_[static_cast<std::size_t>(output)].result == number;
  }

  T* output(const Place& place) const noexcept { return call_.out<T>(static_cast<std::size_t>(place.output)); }

  // Runs an instruction on the tile; rows of it that could be done.
  std::size_t execute(const Bound<T>& bound, T* y) noexcept {
    const Instruction& of = bound.instruction->of;
    switch (bound.instruction->kind) {
      case Kind::elementwise:
        elementwise(bound, y);
        break;
      case Kind::sum:
        table_.reduce_sum(at(bound.x[0]), y, rows_, inner_, 1);
        break;
      case Kind::max:
        table_.reduce_max(at(bound.x[0]), y, rows_, inner_, 1);
        break;
      case Kind::one_hot:
        return table_.one_hot(call_.in<std::int32_t>(of.operands[0]) + row_, y, rows_, inner_);
      case Kind::pick:
        pick_rows<T>(at(bound.x[0]), each_row(bound.x[1]), y, rows_, inner_);
        break;
      case Kind::add_at:
        add_at_rows<T>(at(bound.x[0]), each_row(bound.x[1]), each_row(bound.x[2]), y, rows_, inner_);
        break;
    }
    return rows_;
  }

  EachRow<T> each_row(const Reach<T>& reach) const noexcept { return {at(reach), reach.stride}; }

  void elementwise(const Bound<T>& bound, T* y) noexcept {
    const Instruction& of = bound.instruction->of;
    const auto& [a, b, c] = bound.x;
    const std::size_t n = rows_ * bound.width;
    switch (of.kind) {
      case Instruction::Kind::unary:
        return table_.unary[of.function](at(a), y, n);
      case Instruction::Kind::binary:
        return table_.binary[of.function](at(a), a.stride, at(b), b.stride, y, n);
      case Instruction::Kind::select:
        return table_.select(at(a), a.stride, at(b), b.stride, at(c), c.stride, y, n);
    }
  }

  const RowChain& chain_;
  const Call& call_;
  const kernels::Table<T>& table_;
  const std::size_t outer_, inner_;
  const std::size_t step_;                             // rows of a tile
  const std::size_t wide_register_, narrow_register_;  // elements of one
  T* const wide_;
  T* const narrow_;
  Bound<T>* const bound_;   // by instruction
  const bool past_caches_;  // whether wide outputs go from their registers to memory
  std::size_t row_ = 0;     // the tile's first
  std::size_t rows_ = 0;    // and how many it has
};

Status RowChain::run(const Call& call) const noexcept {
  return with_floating(call.dtype, [&](auto zero) { return Pass<decltype(zero)>(*this, call).run(); });
}

}  // namespace elegans::ops
