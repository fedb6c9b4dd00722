#include "elegans/ops/product_chain.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/ops/matmul.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "ops/fixed_chain.hpp"

namespace elegans::ops {
namespace {

// Sizes: 0 … 2 of the product (0 its rows), 3 the row size of its left operand (that of a packed product stands in its
// layout), 4 … of the chain.
constexpr std::size_t rows_at = 0, left_width_at = 3, chain_at = 4;

Sizes chain_sizes_of(const Sizes& sizes) {
  Sizes chain_sizes;
  std::copy(sizes.at.begin() + chain_at, sizes.at.end(), chain_sizes.at.begin());
  return chain_sizes;
}

using Use = ProductChain::Use;

std::size_t block_rows(std::size_t rows, std::size_t width, std::size_t element) {
  return std::clamp<std::size_t>(ProductChain::block_bytes / std::max<std::size_t>(1, width * element), 1,
                                 std::max<std::size_t>(rows, 1));
}

// Bytes of the rows of one result that are finished together: one row at least, and no more than there are.
std::size_t result_bytes(std::size_t elements, std::size_t width, std::size_t element) {
  return aligned(std::max(width * element, std::min(ProductChain::block_bytes, elements * element)));
}

}  // namespace

ProductChain::ProductChain(OperationPtr product, std::shared_ptr<const Elementwise> chain, std::vector<Use> uses)
    : product_(std::move(product)), chain_(std::move(chain)), uses_(std::move(uses)) {
  ensure(takes(*product_), "an operation that is no product gets an epilogue");
  if (const auto* packed = dynamic_cast<const PackedMatmul*>(product_.get())) {
    layout_ = packed->layout();
    lefts_ = layout_->operands().size();
  }
  read_ = static_cast<std::size_t>(std::count_if(uses_.begin(), uses_.end(), [](Use use) { return use != Use::kept; }));
  kept_ = static_cast<std::size_t>(std::count_if(uses_.begin(), uses_.end(), [](Use use) { return use != Use::read; }));
  ensure(read_ > 0, "an epilogue that does not read its product");
}

bool ProductChain::takes(const Operation& product) {
  if (const auto* matmul = dynamic_cast<const Matmul*>(&product)) return !matmul->transposed().transpose_a;
  if (const auto* sparse = dynamic_cast<const SparseMatmul*>(&product))
    return sparse->axis() == FeatureAxis::last && sparse->connections()->by(sparse->to()).in_order;
  return dynamic_cast<const PackedMatmul*>(&product) != nullptr;
}

std::string ProductChain::options() const {
  return fmt::format("{} {}{}; then {}{}", product_->name(), product_->options(), kept_ > 0 ? ", kept" : "",
                     chain_->name(), chain_->options().empty() ? "" : ": " + chain_->options());
}

bool ProductChain::same(const Operation& other) const {
  const auto& that = static_cast<const ProductChain&>(other);
  return uses_ == that.uses_ && ops::same(*product_, *that.product_) && ops::same(*chain_, *that.chain_);
}

std::vector<Type> ProductChain::product_outputs(std::span<const Type> inputs) const {
  std::vector<Type> results = product_->infer(product_inputs(inputs));
  ensure(results.size() == uses_.size(), "a product with other results than an epilogue was told of");
  return results;
}

std::vector<Type> ProductChain::chain_inputs(std::span<const Type> inputs, std::span<const Type> results) const {
  std::vector<Type> types;
  for (std::size_t j = 0; j < results.size(); ++j)
    if (uses_[j] != Use::kept) types.push_back(results[j]);
  types.insert(types.end(), inputs.begin() + static_cast<std::ptrdiff_t>(lefts_) + 1, inputs.end());
  return types;
}

std::vector<Type> ProductChain::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, lefts_ + 1 + chain_->inputs() - read_);
  const std::vector<Type> results = product_outputs(inputs);
  const std::vector<Type> types = chain_inputs(inputs, results);
  const std::vector<Type> finished = chain_->infer(types);
  std::vector<Type> outputs;
  for (std::size_t j = 0; j < results.size(); ++j) {
    if (uses_[j] != Use::kept)
      ensure(finished[0].shape == results[j].shape, "an epilogue changes the shape of its product");
    if (uses_[j] != Use::read) outputs.push_back(results[j]);
  }
  outputs.insert(outputs.end(), finished.begin(), finished.end());
  return outputs;
}

Cost ProductChain::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const std::vector<Type> results = product_outputs(inputs);
  const std::vector<Type> types = chain_inputs(inputs, results);
  cost.flop =
      product_->cost(product_inputs(inputs), results, at).flop + chain_->cost(types, chain_->infer(types), at).flop;
  return cost;
}

bool ProductChain::may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const {
  if (output < kept_ || input == lefts_) return false;
  const std::vector<Type> types = chain_inputs(inputs, product_outputs(inputs));
  // A row of the chain's results is written when all products of that row are there.
  if (input < lefts_) return inputs[input].shape == types[0].shape;
  return chain_->may_overwrite(output - kept_, read_ + input - lefts_ - 1, types);
}

std::size_t ProductChain::linked_bytes(std::span<const Type> inputs, const Extents& at) const {
  return chain_->linked_bytes(chain_inputs(inputs, product_outputs(inputs)), at);
}

std::size_t ProductChain::workspace_bytes(std::span<const Type> inputs, const Extents& at) const {
  const std::vector<Type> types = chain_inputs(inputs, product_outputs(inputs));
  const std::size_t size = size_of(types[0].dtype);
  const auto width = static_cast<std::size_t>(types[0].shape.back().value(at));
  const auto elements = static_cast<std::size_t>(types[0].shape.elements(at));
  return read_ * result_bytes(elements, width, size) + chain_->workspace_bytes(types, at);
}

void ProductChain::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                           Sizes& sizes) const {
  // A product of one result has the type of what the chain makes of it; a packed one knows its own.
  product_->prepare(product_inputs(inputs), outputs.last(1), at, sizes);
  const Shape& result = outputs.back().shape;
  const std::size_t split = result.rank() - 1;
  sizes[left_width_at] = static_cast<std::size_t>(inputs[0].shape.back().value(at));
  sizes[chain_at + Elementwise::inner_at] = static_cast<std::size_t>(result.back().value(at));
  for (std::size_t i = 0; i < chain_->inputs(); ++i) {
    const auto access = i < read_ ? Elementwise::Access::full
                                  : *Elementwise::access_of(inputs[lefts_ + 1 + i - read_].shape, result, split);
    sizes[chain_at + Elementwise::first_access + i] = static_cast<std::size_t>(access);
  }
}

std::size_t ProductChain::left_width(std::size_t i, const Sizes& sizes) const {
  return layout_ ? layout_->depth()[layout_->operands()[i]] : sizes[left_width_at];
}

std::size_t ProductChain::result_width(std::size_t j, const Sizes& sizes) const {
  return layout_ ? layout_->width()[j] : sizes[chain_at + Elementwise::inner_at];
}

void ProductChain::link(const Call& call) const noexcept {
  const Sizes sizes = chain_sizes_of(call.sizes);
  chain_->link({sizes, nullptr, nullptr, call.workspace, call.linked, call.dtype, call.kernels});
}

// Runs the chain over a block of rows that begins at `row`.
template <class T>
void ProductChain::finish(const Call& call, Sizes& sizes, const void* const* results, void* workspace,
                          std::size_t row) const noexcept {
  const std::size_t width = sizes[Elementwise::inner_at];
  const void* in[Elementwise::max_inputs];
  void* out[Elementwise::max_outputs];
  std::copy(results, results + read_, in);
  for (std::size_t i = read_; i < chain_->inputs(); ++i) {
    const T* base = call.in<T>(lefts_ + 1 + i - read_);
    switch (static_cast<Elementwise::Access>(sizes[Elementwise::first_access + i])) {
      case Elementwise::Access::full:
        base += row * width;
        break;
      case Elementwise::Access::column:
        base += row;
        break;
      default:
        break;
    }
    in[i] = base;
  }
  for (std::size_t o = 0; o < chain_->results().size(); ++o) out[o] = call.out<T>(kept_ + o) + row * width;
  chain_->run({sizes, in, out, workspace, call.linked, call.dtype, call.kernels});
}

template <class T>
void ProductChain::execute(const Call& call) const noexcept {
  const std::size_t rows = call.sizes[rows_at];
  const std::size_t width = call.sizes[chain_at + Elementwise::inner_at];
  const std::size_t at_once = block_rows(rows, width, sizeof(T));
  const std::size_t bytes = result_bytes(rows * width, width, sizeof(T));
  std::byte* const workspace = static_cast<std::byte*>(call.workspace);

  Sizes product_sizes = call.sizes;
  Sizes chain_sizes = chain_sizes_of(call.sizes);
  const void* product_in[PackedLayout::max_terms + 1];
  void* product_out[PackedLayout::max_parts];
  const void* finished[PackedLayout::max_parts];
  product_in[lefts_] = call.inputs[lefts_];
  for (std::size_t row = 0; row < rows; row += at_once) {
    // Mostly all rows are one block: then no width is asked for.
    for (std::size_t i = 0; i < lefts_; ++i)
      product_in[i] = call.in<T>(i) + (row > 0 ? row * left_width(i, call.sizes) : 0);
    std::size_t kept = 0, read = 0;
    for (std::size_t j = 0; j < uses_.size(); ++j) {
      product_out[j] = uses_[j] == Use::read ? static_cast<void*>(workspace + read * bytes)
                                             : call.out<T>(kept) + (row > 0 ? row * result_width(j, call.sizes) : 0);
      kept += uses_[j] == Use::read ? 0 : 1;
      if (uses_[j] != Use::kept) finished[read++] = product_out[j];
    }
    product_sizes[rows_at] = chain_sizes[Elementwise::outer_at] = std::min(at_once, rows - row);
    product_->run({product_sizes, product_in, product_out, nullptr, nullptr, call.dtype, call.kernels});
    finish<T>(call, chain_sizes, finished, workspace + read_ * bytes, row);
  }
}

std::string ProductChain::kernel(const Call& call) const {
  const std::size_t rows = call.sizes[rows_at], width = call.sizes[chain_at + Elementwise::inner_at];
  const std::size_t at_once = block_rows(rows, width, size_of(call.dtype));
  Sizes product_sizes = call.sizes, chain_sizes = chain_sizes_of(call.sizes);
  product_sizes[rows_at] = chain_sizes[Elementwise::outer_at] = at_once;
  const std::string product =
      product_->kernel({product_sizes, nullptr, nullptr, nullptr, nullptr, call.dtype, call.kernels});
  const std::string chain =
      chain_->kernel({chain_sizes, nullptr, nullptr, call.workspace, nullptr, call.dtype, call.kernels});
  return fmt::format("{}{}, then {}", at_once < rows ? fmt::format("{} rows at a time, near the core: ", at_once) : "",
                     product.empty() ? std::string(product_->name()) : product, chain);
}

Status ProductChain::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { execute<decltype(zero)>(call); });
  return {};
}

// A single row: the product into one row of the chain's, part beside part, then the chain.
template <class T>
class ProductChain::FixedRow final : public FixedCall {
 public:
  FixedRow(const ProductChain& operation, const Call& call)
      : chain_(*operation.chain_, call.sizes[chain_at + Elementwise::inner_at], call.kernels) {
    const std::size_t width = call.sizes[chain_at + Elementwise::inner_at];
    row_ = AlignedBuffer(operation.uses_.size() * width * sizeof(T) + AlignedBuffer::alignment);
    T* const row = reinterpret_cast<T*>(row_.data());
    std::vector<void*> results;
    std::size_t kept = 0, read = 0;
    for (const Use use : operation.uses_) {
      results.push_back(use == Use::read ? row + read * width : call.out<T>(kept));
      kept += use == Use::read ? 0 : 1;
      if (use != Use::kept)
        chain_.read(read++, static_cast<const T*>(results.back()), Elementwise::Access::full, use == Use::read);
    }
    product_ = operation.product_->fix({.sizes = call.sizes,
                                        .inputs = call.inputs,
                                        .outputs = results.data(),
                                        .workspace = nullptr,
                                        .linked = nullptr,
                                        .dtype = call.dtype,
                                        .kernels = call.kernels});
    for (std::size_t i = operation.read_; i < operation.chain_->inputs(); ++i) {
      const auto access = static_cast<Elementwise::Access>(call.sizes[chain_at + Elementwise::first_access + i]);
      const bool each = access == Elementwise::Access::full || access == Elementwise::Access::row;
      const std::size_t input = operation.lefts_ + 1 + i - operation.read_;
      chain_.read(i, call.in<T>(input), each ? Elementwise::Access::full : Elementwise::Access::number,
                  call.is_padded(input));
    }
    for (std::size_t o = 0; o < operation.chain_->results().size(); ++o) chain_.write(o, call.out<T>(kept + o));
    chain_.link();
  }

  bool is_possible() const { return product_ != nullptr; }

  Status run() noexcept override {
    const Status status = product_->run();
    chain_.run();
    return status;
  }
  std::string kernel() const override { return fmt::format("{}, then {}", product_->kernel(), chain_.kernel()); }
  Sweep sweep() const override { return product_->sweep(); }
  void fetch_behind(const std::byte* from, std::size_t bytes) override { product_->fetch_behind(from, bytes); }

 private:
  FixedChain<T> chain_;
  AlignedBuffer row_;
  std::unique_ptr<FixedCall> product_;
};

std::unique_ptr<FixedCall> ProductChain::fix(const Call& call) const {
  return with_floating(call.dtype, [&]<class T>(T) -> std::unique_ptr<FixedCall> {
    if (call.sizes[rows_at] != 1 || !FixedChain<T>::fits(call.sizes[chain_at + Elementwise::inner_at])) return nullptr;
    auto fixed = std::make_unique<FixedRow<T>>(*this, call);
    return fixed->is_possible() ? std::move(fixed) : nullptr;
  });
}

}  // namespace elegans::ops
