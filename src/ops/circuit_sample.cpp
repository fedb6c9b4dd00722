// A single sample of a circuit chain whose addresses stay.

#include <fmt/format.h>
#include <algorithm>
#include <vector>

#include "elegans/ops/circuit_chain.hpp"
#include "ops/fixed_chain.hpp"
#include "ops/level_sums.hpp"

namespace elegans::ops {
namespace {

using Access = Elementwise::Access;

// Of an array of the connections that are computed together where there are many: what is fetched for them and what is
// summed of them stays near the core. A few pieces cost more than all at once, as long as all fits into the caches.
constexpr std::size_t piece_bytes = 16384, many_bytes = 8 * piece_bytes;

}  // namespace

// All connections at once.
template <class T>
class CircuitChain::FixedSample final : public FixedCall {
 public:
  FixedSample(const CircuitChain& operation, const Call& call)
      : table_(call.kernels.table<T>()),
        connections_(*operation.connections_),
        chain_(*operation.chain_, connections_.count(), call.kernels),
        scratch_(2 * connections_.outputs() * sizeof(T)) {
    for (std::size_t i = 0; i < operation.fetched_by_.size(); ++i) {
      if (const auto by = operation.fetched_by_[i]) {
        fetch(i, *by, call);
      } else {
        chain_.read(i, call.in<T>(i), static_cast<Access>(call.sizes[1 + i]), call.is_padded(i));
      }
    }
    for (std::size_t o = 0; o < operation.outputs_.size(); ++o)
      if (!operation.outputs_[o].sum_by) chain_.write(operation.outputs_[o].result, call.out<T>(o));
    for (std::size_t o = 0; o < operation.outputs_.size(); ++o)
      if (const auto by = operation.outputs_[o].sum_by)
        sum(*by, chain_.result(operation.outputs_[o].result), call.out<T>(o));
    chain_.link();
  }

  Status run() noexcept override {
    const std::size_t count = connections_.count();
    for (const auto& [by, from, to] : fetched_)
      table_.gather(from, to, 1, connections_.width(by), count, 1, connections_.index(by).data());
    chain_.run();
    for (const auto& [by, from, to] : summed_) {
      std::fill_n(to, connections_.width(by), T{0});
      table_.scatter_add(from, to, count, 1, connections_.index(by).data());
    }
    if (!levelled_.empty())
      sum_by_levels(table_, connections_, levelled_.size(), levelled_.data(), level_results_.data(),
                    reinterpret_cast<T*>(scratch_.data()));
    return {};
  }

  std::string kernel() const override {
    std::string text = chain_.kernel();
    if (!indices_.empty())
      text += fmt::format("; {} fetched in registers, where {} numbers have room", indices_.size(), table_.looked_up);
    if (!fetched_.empty())
      text += fmt::format("; {} fetched by gather{}", fetched_.size(),
                          table_.looked_up == 0 ? ""
                          : ends_in_line_       ? ": its memory may end within a vector"
                                                : fmt::format(": more than {} numbers", table_.looked_up));
    if (!levelled_.empty()) text += fmt::format("; {} summed by sum_levels", levelled_.size());
    if (!summed_.empty()) text += fmt::format("; {} summed by scatter_add", summed_.size());
    return text;
  }

 private:
  struct Moved {
    End by;
    const T* from;
    T* to;
  };

  // A few numbers the chain looks up itself. Memory of whole vectors needs no padding.
  void fetch(std::size_t input, End by, const Call& call) {
    const std::size_t width = connections_.width(by);
    const bool few = chain_.looks_up(input, width);
    const bool whole = call.is_padded(input) || width * sizeof(T) % AlignedBuffer::alignment == 0;
    if (!few || !whole) {
      ends_in_line_ = ends_in_line_ || few;
      fetched_.push_back({by, call.in<T>(input), chain_.input(input)});
      return;
    }
    AlignedBuffer& index = indices_.emplace_back(aligned(connections_.count() * sizeof(std::uint32_t)));
    std::ranges::copy(connections_.index(by), reinterpret_cast<std::uint32_t*>(index.data()));
    chain_.look_up(input, call.in<T>(input), width, reinterpret_cast<const std::uint32_t*>(index.data()));
  }

  // Sums by target all run along the levels together.
  void sum(End by, const T* from, T* to) {
    if (by != End::target || !connections_.levels()) {
      summed_.push_back({by, from, to});
      return;
    }
    levelled_.push_back(from);
    level_results_.push_back(to);
  }

  const kernels::Table<T>& table_;
  const Connections& connections_;
  FixedChain<T> chain_;
  AlignedBuffer scratch_;
  std::vector<AlignedBuffer> indices_;  // of what is looked up
  bool ends_in_line_ = false;           // of few numbers that are gathered: their last vector may not be read whole
  std::vector<Moved> fetched_, summed_;
  std::vector<const T*> levelled_;
  std::vector<T*> level_results_;
};

// Piece by piece of connections, where there are many.
template <class T>
class CircuitChain::PiecewiseSample final : public FixedCall {
 public:
  PiecewiseSample(const CircuitChain& operation, const Call& call)
      : operation_(operation),
        table_(call.kernels.table<T>()),
        connections_(*operation.connections_),
        program_(operation.program_),
        inputs_(operation.fetched_by_.size()),
        linked_(program_.bytes()),
        scratch_(program_.scratch_bytes()),
        places_(program_.arrays()),
        at_(program_.arrays()) {
    std::vector<kernels::ChainArray> arrays(program_.arrays());
    for (std::size_t k = 0; k < arrays.size(); ++k) {
      const bool is_input = k < inputs_;
      const std::optional<End>& by = is_input ? operation.fetched_by_[k] : operation.outputs_[k - inputs_].sum_by;
      Place& place = places_[k];
      place.by = by;
      place.array = is_input ? const_cast<T*>(call.in<T>(k)) : call.out<T>(k - inputs_);
      if (by) place.tile = own(piece());
      if (!is_input && by) place.sums = in_levels(by) ? own(connections_.outputs()) : place.array;
      const bool is_number = is_input && !by && static_cast<Access>(call.sizes[1 + k]) == Access::number;
      if (is_number) arrays[k].access = Access::number;
      place.moves = !by && !is_number;
    }
    table_.link_chain(table_, program_.chain(arrays.data(), 1), linked_.data());
    cut();
  }

  Status run() noexcept override {
    for (std::size_t o = 0; o < operation_.outputs_.size(); ++o)
      if (const auto by = place_of(o).by) std::fill_n(place_of(o).sums, connections_.width(*by), T{0});
    for (const Piece& piece : pieces_) run(piece);
    for (std::size_t o = 0; o < operation_.outputs_.size(); ++o)
      if (const Place& place = place_of(o); in_levels(place.by))
        table_.gather(place.sums, place.array, 1, connections_.outputs(), connections_.outputs(), 1,
                      connections_.levels()->rank.data());
    return {};
  }

  std::string kernel() const override {
    bool gathers = false, scatters = false, levels = false;
    for (std::size_t k = 0; k < places_.size(); ++k) {
      const auto& by = places_[k].by;
      gathers = gathers || (by && k < inputs_);
      levels = levels || (by && k >= inputs_ && in_levels(by));
      scatters = scatters || (by && k >= inputs_ && !in_levels(by));
    }
    return fmt::format("{}run_chain{}{} on {} connections at a time{}: all {} do not stay near the core",
                       gathers ? "gather, " : "", scatters ? ", scatter_add" : "", levels ? ", add of levels" : "",
                       piece(), levels ? ", gather of sums" : "", connections_.count());
  }

 private:
  struct Place {
    std::optional<End> by;  // by which an input is fetched, or an output summed
    T* array = nullptr;     // the operation's
    T* tile = nullptr;      // of a piece, of what is fetched or summed
    T* sums = nullptr;      // of what is summed: in the order of the levels, if there are any
    bool moves = false;     // from piece to piece
  };
  struct Piece {
    std::size_t first, count;
    std::size_t level;  // of the first connection
  };

  static std::size_t piece() { return piece_bytes / sizeof(T); }
  T* own(std::size_t n) { return reinterpret_cast<T*>(own_.emplace_back(aligned(n * sizeof(T)) + 64).data()); }
  const Place& place_of(std::size_t output) const noexcept { return places_[inputs_ + output]; }
  bool in_levels(const std::optional<End>& by) const noexcept { return by == End::target && connections_.levels(); }

  void cut() {
    for (std::size_t first = 0, level = 0; first < connections_.count(); first += piece()) {
      while (connections_.levels() && connections_.levels()->offsets[level + 1] <= first) ++level;
      pieces_.push_back({first, std::min(piece(), connections_.count() - first), level});
    }
  }

  void add_by_level(const Piece& piece, const T* from, T* sums) const noexcept {
    const std::vector<std::uint32_t>& offsets = connections_.levels()->offsets;
    const std::size_t last = piece.first + piece.count;
    for (std::size_t level = piece.level, first = piece.first; first < last; ++level) {
      const std::size_t end = std::min<std::size_t>(last, offsets[level + 1]);
      T* const to = sums + (first - offsets[level]);
      table_.binary[static_cast<std::size_t>(kernels::Binary::add)](to, 1, from + (first - piece.first), 1, to,
                                                                    end - first);
      first = end;
    }
  }

  void run(const Piece& piece) noexcept {
    for (std::size_t k = 0; k < places_.size(); ++k) {
      const Place& place = places_[k];
      at_[k] = place.by ? place.tile : place.array + (place.moves ? piece.first : 0);
      if (k < inputs_ && place.by)
        table_.gather(place.array, place.tile, 1, connections_.width(*place.by), piece.count, 1,
                      connections_.index(*place.by).data() + piece.first);
    }
    table_.place_chain(linked_.data(), scratch_.data(), at_.data(), nullptr);
    table_.run_chain(linked_.data(), piece.count);
    for (std::size_t o = 0; o < operation_.outputs_.size(); ++o) {
      const Place& place = place_of(o);
      if (!place.by) continue;
      if (in_levels(place.by)) {
        add_by_level(piece, place.tile, place.sums);
      } else {
        table_.scatter_add(place.tile, place.sums, piece.count, 1, connections_.index(*place.by).data() + piece.first);
      }
    }
  }

  const CircuitChain& operation_;
  const kernels::Table<T>& table_;
  const Connections& connections_;
  const ChainProgram& program_;
  const std::size_t inputs_;
  AlignedBuffer linked_, scratch_;
  std::vector<AlignedBuffer> own_;
  std::vector<Place> places_;  // by array of the chain
  std::vector<T*> at_;
  std::vector<Piece> pieces_;
};

std::unique_ptr<FixedCall> CircuitChain::fix(const Call& call) const {
  return with_floating(call.dtype, [&]<class T>(T) -> std::unique_ptr<FixedCall> {
    if (call.sizes[0] != 1 || connections_->count() == 0) return nullptr;
    if (connections_->count() * sizeof(T) > many_bytes) return std::make_unique<PiecewiseSample<T>>(*this, call);
    return std::make_unique<FixedSample<T>>(*this, call);
  });
}

}  // namespace elegans::ops
