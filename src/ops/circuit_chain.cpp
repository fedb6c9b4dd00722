#include "elegans/ops/circuit_chain.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <limits>

#include "ops/level_sums.hpp"
#include "ops/repeat_row.hpp"

namespace elegans::ops {
namespace {

using Access = Elementwise::Access;

// Sizes: the batch, then how each input is accessed; from here on connections that are computed together where rows of the
// batch are no whole vectors, elements of a tile of them, and whether the kernel's indices reach all rows.
constexpr std::size_t rows_at = 1 + Elementwise::max_inputs, tile_at = rows_at + 1, reaches_at = tile_at + 1;
static_assert(reaches_at < Sizes::capacity);

// Of connections that are computed together where rows are no whole vectors.
constexpr std::size_t tile_bytes = 2048;

std::size_t rows_at_once(std::size_t count, std::size_t batch, std::size_t element) {
  const std::size_t fit = tile_bytes / element / std::max<std::size_t>(batch, 1);
  return std::clamp<std::size_t>(fit, 1, std::max<std::size_t>(count, 1));
}

std::size_t tile_elements(std::size_t count, std::size_t batch, std::size_t element) {
  return (aligned(rows_at_once(count, batch, element) * batch * element) + 64) / element;
}

}  // namespace

CircuitChain::CircuitChain(ConnectionsPtr connections, std::shared_ptr<const Elementwise> chain,
                           std::vector<std::optional<End>> fetched_by, std::vector<Output> outputs)
    : connections_(std::move(connections)),
      chain_(std::move(chain)),
      fetched_by_(std::move(fetched_by)),
      outputs_(std::move(outputs)),
      program_(program()) {
  ensure(fetched_by_.size() == chain_->inputs(), "a circuit chain fetches what it does not read");
}

ChainProgram CircuitChain::program() const {
  ensure(outputs_.size() <= Elementwise::max_outputs, "a circuit chain has too many outputs");
  std::vector<std::uint16_t> results;
  std::uint64_t fetched = 0, summed = 0;
  for (std::size_t i = 0; i < fetched_by_.size(); ++i) fetched |= std::uint64_t{fetched_by_[i].has_value()} << i;
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    ensure(outputs_[o].result < chain_->results().size(), "an output of a circuit chain is none of its chain");
    results.push_back(chain_->results()[outputs_[o].result]);
    summed |= std::uint64_t{outputs_[o].sum_by.has_value()} << o;
  }
  return ChainProgram(chain_->inputs(), chain_->program(), results, fetched, summed);
}

std::string CircuitChain::options() const {
  std::string text = fmt::format("{} connections; ", connections_->count());
  for (std::size_t i = 0; i < fetched_by_.size(); ++i)
    if (fetched_by_[i]) text += fmt::format("%{} by {}; ", i, to_string(*fetched_by_[i]));
  text += chain_->options().empty() ? std::string(chain_->name()) : chain_->options();
  for (const Output& output : outputs_)
    if (output.sum_by)
      text += fmt::format("; sum of %{} by {}", chain_->results()[output.result], to_string(*output.sum_by));
  return text;
}

bool CircuitChain::same(const Operation& other) const {
  const auto& that = static_cast<const CircuitChain&>(other);
  return fetched_by_ == that.fetched_by_ && outputs_ == that.outputs_ && ops::same(*chain_, *that.chain_) &&
         ops::same(connections_, that.connections_);
}

std::vector<Type> CircuitChain::chain_inputs(std::span<const Type> inputs) const {
  std::vector<Type> types(inputs.begin(), inputs.end());
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!fetched_by_[i]) continue;
    const Dim width(static_cast<std::int64_t>(connections_->width(*fetched_by_[i])));
    const Shape& shape = types[i].shape;
    if (shape.rank() != 2 || shape[0] != width)
      shape_error(*this, "what is fetched", shape, fmt::format("[{}, *]", elegans::to_string(width)));
    types[i].shape[0] = static_cast<std::int64_t>(connections_->count());
  }
  return types;
}

std::vector<Type> CircuitChain::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, chain_->inputs());
  const std::vector<Type> results = chain_->infer(chain_inputs(inputs));
  const Shape& shape = results[0].shape;
  const Dim count(static_cast<std::int64_t>(connections_->count()));
  if (shape.rank() != 2 || shape[0] != count)
    shape_error(*this, "the chain's result", shape, fmt::format("[{}, *]", elegans::to_string(count)));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (fetched_by_[i] && inputs[i].shape[1] != shape[1])
      shape_error(*this, "what is fetched", inputs[i].shape, fmt::format("[*, {}]", elegans::to_string(shape[1])));
  std::vector<Type> types;
  for (const Output& output : outputs_) {
    Type type = results[output.result];
    if (output.sum_by) type.shape[0] = static_cast<std::int64_t>(connections_->width(*output.sum_by));
    types.push_back(type);
  }
  return types;
}

Cost CircuitChain::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const std::vector<Type> types = chain_inputs(inputs);
  const std::vector<Type> results = chain_->infer(types);
  cost.flop = chain_->cost(types, results, at).flop;
  for (const Output& output : outputs_)
    if (output.sum_by) cost.flop += static_cast<double>(results[0].shape.elements(at));
  return cost;
}

bool CircuitChain::may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const {
  return !outputs_[output].sum_by && !fetched_by_[input] &&
         inputs[input].shape == chain_->infer(chain_inputs(inputs))[0].shape && !program_.reads_after(input, output);
}

Dim CircuitChain::batch_of(std::span<const Type> inputs) const {
  Dim batch(1);
  for (const Type& type : inputs)
    if (type.shape.rank() == 2 && type.shape[1] != Dim(1)) batch = type.shape[1];
  return batch;
}

std::size_t CircuitChain::workspace_bytes(std::span<const Type> inputs, const Extents& at) const {
  const auto batch = static_cast<std::size_t>(batch_of(inputs).value(at));
  const std::size_t element = size_of(inputs[0].dtype);
  // A smaller batch may come with more rows a tile, so the whole tile is kept.
  const std::size_t tile = std::max(tile_elements(connections_->count(), batch, element) * element,
                                    std::min(tile_bytes, connections_->count() * batch * element));
  return program_.scratch_bytes() + aligned(program_.arrays() * sizeof(void*)) +
         program_.arrays() * (aligned(tile) + 64) + aligned(connections_->outputs() * element);
}

void CircuitChain::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Dim batch = batch_of(inputs);
  const Dim count(static_cast<std::int64_t>(connections_->count()));
  sizes[0] = static_cast<std::size_t>(batch.value(at));
  sizes[rows_at] = rows_at_once(connections_->count(), sizes[0], size_of(inputs[0].dtype));
  sizes[tile_at] = tile_elements(connections_->count(), sizes[0], size_of(inputs[0].dtype));
  const std::size_t numbers = std::max(connections_->inputs(), connections_->outputs()) * sizes[0];
  sizes[reaches_at] = numbers <= std::numeric_limits<std::uint32_t>::max() ? 1 : 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape shape = inputs[i].shape;
    if (fetched_by_[i]) shape[0] = count;
    Access access = *Elementwise::access_of(shape, Shape{count, batch}, 1);
    if (sizes[0] == 1) access = access == Access::full || access == Access::column ? Access::full : Access::number;
    sizes[1 + i] = static_cast<std::size_t>(access);
  }
}

// One call in progress. Where a row of the batch is whole vectors, the kernel fetches and sums; else rows are gathered
// into tiles, and summed from them.
template <class T>
class CircuitChain::Pass {
 public:
  Pass(const CircuitChain& circuit, const Call& call)
      : circuit_(circuit),
        connections_(*circuit.connections_),
        program_(circuit.program_),
        call_(call),
        table_(call.kernels.table<T>()),
        inputs_(circuit.fetched_by_.size()),
        count_(connections_.count()),
        batch_(call.sizes[0]),
        step_(call.sizes[rows_at]),
        tile_(call.sizes[tile_at]),
        arrays_(reinterpret_cast<T**>(static_cast<std::byte*>(call.workspace) + program_.scratch_bytes())),
        tiles_(
            reinterpret_cast<T*>(reinterpret_cast<std::byte*>(arrays_) + aligned(program_.arrays() * sizeof(void*)))),
        level_sums_(tiles_ + program_.arrays() * tile_) {}

  void link() const noexcept {
    kernels::ChainArray arrays[Elementwise::max_inputs + Elementwise::max_outputs];
    for (std::size_t k = 0; k < program_.arrays(); ++k) {
      if (is_whole() ? end_of(k).has_value() : is_tile(k))
        arrays[k] = is_whole() ? kernels::ChainArray{.access = Access::indexed} : kernels::ChainArray{.padded = true};
      else if (k < inputs_)
        arrays[k].access = access(k);
    }
    table_.link_chain(table_, program_.chain(arrays, batch_), call_.linked);
    if (is_whole()) link_index();
  }

  std::string kernel() const {
    if (is_whole())
      return fmt::format("run_chain, which fetches and adds by itself: a batch of {} is whole vectors of {}", batch_,
                         table_.lanes);
    bool gathers = false, repeats = false, levels = false, scatters = false;
    for (std::size_t i = 0; i < inputs_; ++i) {
      gathers = gathers || circuit_.fetched_by_[i];
      repeats = repeats || (!circuit_.fetched_by_[i] && access(i) == Access::column);
    }
    for (std::size_t o = 0; o < circuit_.outputs_.size(); ++o) {
      levels = levels || (sum_by(o) && by_level(*sum_by(o)));
      scatters = scatters || (sum_by(o) && !by_level(*sum_by(o)));
    }
    const std::string why = batch_ % table_.lanes == 0 ? "too large for indices of 32 bits"
                                                       : fmt::format("no whole vectors of {}", table_.lanes);
    return fmt::format("{}{}run_chain{}{} on {} connections at a time: a batch of {} is {}", gathers ? "gather, " : "",
                       repeats ? "repeat_each, " : "", scatters ? ", scatter_add" : "", levels ? ", sum_levels" : "",
                       step_, batch_, why);
  }

  void run() noexcept {
    for (std::size_t o = 0; o < circuit_.outputs_.size(); ++o)
      if (const auto by = sum_by(o); by && !by_level(*by))
        std::fill_n(call_.out<T>(o), connections_.width(*by) * batch_, T{0});
    if (is_whole()) {
      run_whole();
    } else {
      run_tiles();
    }
  }

 private:
  // Behind the chain: where array k finds the places of its rows, then, where rows are more than one number and their
  // places not their numbers, the places by either end.
  void link_index() const noexcept {
    const std::uint32_t** const index = circuit_.linked_index(call_);
    std::fill_n(index, program_.arrays(), nullptr);
    auto* place = reinterpret_cast<std::uint32_t*>(index + program_.arrays());
    for (const End end : {End::source, End::target}) {
      const std::vector<std::uint32_t>& rows = connections_.index(end);
      for (std::size_t k = 0; k < program_.arrays(); ++k)
        if (end_of(k) == end) index[k] = batch_ > 1 ? place : rows.data();
      if (batch_ <= 1) continue;
      for (const std::uint32_t row : rows) *place++ = static_cast<std::uint32_t>(row * batch_);
    }
  }

  const std::optional<End>& sum_by(std::size_t output) const noexcept { return circuit_.outputs_[output].sum_by; }
  Access access(std::size_t i) const noexcept { return static_cast<Access>(call_.sizes[1 + i]); }
  T* base(std::size_t i) const noexcept { return const_cast<T*>(call_.in<T>(i)); }  // the kernel writes results alone
  T* tile(std::size_t array) const noexcept { return tiles_ + array * tile_; }
  // For a single sample whole levels are added, once all connections are computed.
  bool by_level(End by) const noexcept {
    return by == End::target && batch_ == 1 && table_.lanes > 1 && step_ == count_ && connections_.levels().has_value();
  }

  bool is_whole() const noexcept { return batch_ % table_.lanes == 0 && call_.sizes[reaches_at] != 0; }
  // The end by which array k is fetched or summed.
  const std::optional<End>& end_of(std::size_t k) const noexcept {
    return k < inputs_ ? circuit_.fetched_by_[k] : sum_by(k - inputs_);
  }
  // Of rows that are no whole vectors: inputs that are fetched, rows and columns, and results that are summed.
  bool is_tile(std::size_t k) const noexcept {
    return end_of(k) || (k < inputs_ && (access(k) == Access::row || access(k) == Access::column));
  }

  void run_whole() noexcept {
    for (std::size_t k = 0; k < program_.arrays(); ++k) arrays_[k] = k < inputs_ ? base(k) : call_.out<T>(k - inputs_);
    table_.place_chain(call_.linked, call_.workspace, arrays_, circuit_.linked_index(call_));
    table_.run_chain(call_.linked, count_);
  }

  void run_tiles() noexcept {
    for (std::size_t k = 0; k < program_.arrays(); ++k) arrays_[k] = is_tile(k) || k >= inputs_ ? tile(k) : base(k);
    for (std::size_t i = 0; i < inputs_; ++i)
      if (!circuit_.fetched_by_[i] && access(i) == Access::row) repeat_row(base(i), tile(i), batch_, step_);
    for (std::size_t row = 0; row < count_; row += step_) {
      const std::size_t rows = std::min(step_, count_ - row);
      fetch(row, rows);
      table_.place_chain(call_.linked, call_.workspace, arrays_, nullptr);
      table_.run_chain(call_.linked, rows);
      for (std::size_t o = 0; o < circuit_.outputs_.size(); ++o)
        if (const auto by = sum_by(o); by && !by_level(*by))
          table_.scatter_add(tile(inputs_ + o), call_.out<T>(o), rows, batch_, connections_.index(*by).data() + row);
    }
    for (std::size_t o = 0; o < circuit_.outputs_.size(); ++o)
      if (const auto by = sum_by(o); by && by_level(*by)) {
        const T* const from = tile(inputs_ + o);
        T* const to = call_.out<T>(o);
        sum_by_levels(table_, connections_, 1, &from, &to, level_sums_);
      }
  }

  void fetch(std::size_t row, std::size_t rows) noexcept {
    for (std::size_t i = 0; i < inputs_; ++i) {
      if (const auto by = circuit_.fetched_by_[i]) {
        table_.gather(base(i), tile(i), 1, connections_.width(*by), rows, batch_, connections_.index(*by).data() + row);
      } else if (access(i) == Access::full) {
        arrays_[i] = base(i) + row * batch_;
      } else if (access(i) == Access::column) {
        table_.repeat_each(base(i) + row, tile(i), rows, batch_);
      }
    }
    for (std::size_t o = 0; o < circuit_.outputs_.size(); ++o)
      if (!sum_by(o)) arrays_[inputs_ + o] = call_.out<T>(o) + row * batch_;
  }

  const CircuitChain& circuit_;
  const Connections& connections_;
  const ChainProgram& program_;
  const Call& call_;
  const kernels::Table<T>& table_;
  const std::size_t inputs_, count_, batch_;
  const std::size_t step_;  // connections of a tile
  const std::size_t tile_;  // elements of one
  T** const arrays_;
  T* const tiles_;       // by array
  T* const level_sums_;  // by target
};

std::size_t CircuitChain::linked_bytes(std::span<const Type> inputs, const Extents& at) const {
  const std::size_t places = batch_of(inputs).value(at) > 1 ? 2 * connections_->count() : 0;
  return aligned(program_.bytes()) + program_.arrays() * sizeof(void*) + places * sizeof(std::uint32_t);
}

const std::uint32_t** CircuitChain::linked_index(const Call& call) const noexcept {
  return reinterpret_cast<const std::uint32_t**>(static_cast<std::byte*>(call.linked) + aligned(program_.bytes()));
}

void CircuitChain::link(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { Pass<decltype(zero)>(*this, call).link(); });
}

std::string CircuitChain::kernel(const Call& call) const {
  return with_floating(call.dtype, [&](auto zero) { return Pass<decltype(zero)>(*this, call).kernel(); });
}

Status CircuitChain::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { Pass<decltype(zero)>(*this, call).run(); });
  return {};
}

}  // namespace elegans::ops
