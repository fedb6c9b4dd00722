#include "elegans/ops/packed_matmul.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/kernels/nearest_cache.hpp"
#include "elegans/kernels/row_sweep.hpp"

namespace elegans::ops {

std::vector<Type> PackedMatmul::infer(std::span<const Type> inputs) const {
  const std::size_t terms = layout_->operands().size();
  require_inputs(*this, inputs, terms + 1);
  require_floating(*this, inputs);
  for (std::size_t i = 0; i < terms; ++i) {
    const Shape& a = inputs[i].shape;
    Shape wanted = inputs[0].shape;
    if (wanted.rank() >= 2)
      wanted[wanted.rank() - 1] = static_cast<std::int64_t>(layout_->depth()[layout_->operands()[i]]);
    if (wanted.rank() < 2 || !(a == wanted))
      shape_error(*this, fmt::format("term {}", i).c_str(), a,
                  wanted.rank() < 2 ? "a shape of rank 2 or more" : elegans::to_string(wanted));
  }
  if (inputs[terms] != layout_->packed())
    shape_error(*this, "packed", inputs[terms].shape, elegans::to_string(layout_->packed().shape),
                "Make it with pack.");
  std::vector<Type> outputs;
  for (const std::size_t width : layout_->width()) {
    Shape y = inputs[0].shape;
    y[y.rank() - 1] = static_cast<std::int64_t>(width);
    outputs.push_back({inputs[0].dtype, y});
  }
  return outputs;
}

Cost PackedMatmul::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const Shape& a = inputs[0].shape;
  cost.flop = 2.0 * static_cast<double>(a.product(0, a.rank() - 1).value(at)) * static_cast<double>(layout_->count());
  return cost;
}

void PackedMatmul::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Shape& a = inputs[0].shape;
  sizes[0] = static_cast<std::size_t>(a.product(0, a.rank() - 1).value(at));
}

namespace {

// What `explain` tells of absent connections, and of products that are found out anew at each call.
std::string resummed(const PackedLayout& layout) {
  return layout.exists().empty() ? "" : "; packed_resum of what is NaN, for absent connections count nothing";
}
std::string of_rows(std::size_t rows) { return fmt::format("packed_matmul of {} row{}", rows, rows == 1 ? "" : "s"); }
std::string chained(const std::size_t* chains, std::size_t terms) {
  if (chains == nullptr || std::all_of(chains, chains + terms, [](std::size_t count) { return count == 1; })) return {};
  return fmt::format(", {} in {} chains", terms == 1 ? "summed" : "terms summed",
                     fmt::join(chains, chains + terms, ", "));
}

}  // namespace

// One product with its operands. Parts of a single row that stand side by side are one part.
template <class T>
class PackedMatmul::Product final : public FixedCall {
 public:
  Product(const PackedLayout& layout, const Call& call)
      : layout_(layout),
        table_(call.kernels.table<T>()),
        rows_(call.sizes[0]),
        packed_(call.in<T>(layout.operands().size())),
        chains_(layout.count_chains(table_.lanes, counted_)) {
    for (std::size_t i = 0; i < layout.operands().size(); ++i) a_[layout.operands()[i]] = call.in<T>(i);
    for (std::size_t j = 0; j < layout.parts(); ++j) {
      const std::size_t width = layout.width()[j];
      if (rows_ == 1 && parts_ > 0 && y_[parts_ - 1] + width_[parts_ - 1] == call.out<T>(j)) {
        width_[parts_ - 1] += width;
      } else {
        y_[parts_] = call.out<T>(j);
        width_[parts_++] = width;
      }
    }
  }

  // A single row is made ready once: of a small one that takes as long as the product itself.
  void link() {
    if (rows_ != 1 || parts_ != 1) return;
    linked_ = AlignedBuffer(kernels::packed_row_bytes<T>(width_[0]));
    table_.link_packed_row(a_, layout_.depth().data(), chains_, layout_.terms(), packed_, y_[0], width_[0],
                           linked_.data());
  }

  std::string kernel() const override {
    if (linked_.data())
      return "run_packed_row: one row that stays where it is" + chained(chains_, layout_.terms()) +
             (alternates() ? ", from both ends of the matrix in turn, which the nearest cache does not hold" : "") +
             resummed(layout_) + fetches();
    return (rows_ == 1 && parts_ > 1 ? fmt::format("packed_matmul of one row: {} results apart", parts_)
                                     : of_rows(rows_)) +
           chained(chains_, layout_.terms()) + resummed(layout_);
  }

  Status run() noexcept override {
    const std::size_t* const depth = layout_.depth().data();
    const bool any_nan =
        linked_.data() ? table_.run_packed_row(linked_.data())
                       : table_.packed_matmul(a_, depth, chains_, layout_.terms(), packed_, y_, width_, parts_, rows_);
    if (any_nan && !layout_.exists().empty())
      table_.packed_resum(a_, depth, chains_, layout_.terms(), packed_, layout_.exists().data(), y_, width_, parts_,
                          rows_);
    if (fetched_bytes_ > 0) kernels::fetch(fetched_, fetched_bytes_);
    return {};
  }

  // Half of a matrix: while it is multiplied, the other half comes as fast. Where vectors are narrower than a cache line,
  // the whole comes as fast as it is multiplied.
  Sweep sweep() const override {
    if (!linked_.data()) return {};
    const std::size_t bytes = layout_.form().elements() * sizeof(T);
    const bool waits = table_.lanes == kernels::panel_columns<T> && !alternates();
    return {reinterpret_cast<const std::byte*>(packed_), bytes, waits ? bytes / 2 : 0};
  }
  void fetch_behind(const std::byte* from, std::size_t bytes) override {
    fetched_ = from;
    fetched_bytes_ = bytes;
  }

 private:
  std::string fetches() const {
    if (fetched_bytes_ == 0) return {};
    return fmt::format(
        "; then it fetches {} bytes of the next matrix, for the nearest cache does not hold all of a step's",
        fetched_bytes_);
  }
  bool alternates() const {
    // The scalar kernels go through it as it stands.
    return table_.lanes > 1 && kernels::row_sweep<T>(layout_.form(), table_.row_panels).alternates;
  }

  const PackedLayout& layout_;
  const kernels::Table<T>& table_;
  const std::size_t rows_;
  const T* const packed_;
  const T* a_[PackedLayout::max_terms] = {};  // none of biases
  std::size_t counted_[PackedLayout::max_terms];
  const std::size_t* const chains_;  // these, or null
  T* y_[PackedLayout::max_parts];
  std::size_t width_[PackedLayout::max_parts];
  std::size_t parts_ = 0;
  AlignedBuffer linked_;
  const std::byte* fetched_ = nullptr;
  std::size_t fetched_bytes_ = 0;
};

Status PackedMatmul::run(const Call& call) const noexcept {
  return with_floating(call.dtype, [&]<class T>(T) { return Product<T>(*layout_, call).run(); });
}

std::string PackedMatmul::kernel(const Call& call) const {
  std::size_t counted[PackedLayout::max_terms];
  const std::size_t* const chains = with_floating(
      call.dtype, [&]<class T>(T) { return layout_->count_chains(call.kernels.table<T>().lanes, counted); });
  return of_rows(call.sizes[0]) + chained(chains, layout_->terms()) + resummed(*layout_);
}

std::unique_ptr<FixedCall> PackedMatmul::fix(const Call& call) const {
  return with_floating(call.dtype, [&]<class T>(T) -> std::unique_ptr<FixedCall> {
    auto product = std::make_unique<Product<T>>(*layout_, call);
    product->link();
    return product;
  });
}

OperationPtr PackedMatmul::stacked(std::span<const Type>, std::span<const char> is_stacked, const Dim&) const {
  const bool all = std::all_of(is_stacked.begin(), is_stacked.end() - 1, [](char s) { return s != 0; });
  return all && !is_stacked.back() ? std::make_shared<PackedMatmul>(*this) : nullptr;
}

}  // namespace elegans::ops
