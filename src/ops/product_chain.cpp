#include "elegans/ops/product_chain.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/ops/matmul.hpp"
#include "elegans/ops/sparse_matmul.hpp"

namespace elegans::ops {
namespace {

// Sizes: 0 … 2 of the product (0 its rows), 3 the row size of x, 4 … of the chain.
constexpr std::size_t rows_at = 0, x_width_at = 3, chain_at = 4;

std::span<const Type> product_inputs(std::span<const Type> inputs) { return inputs.first(2); }

std::size_t block_rows(std::size_t rows, std::size_t width, std::size_t element) {
  return std::clamp<std::size_t>(ProductChain::block_bytes / std::max<std::size_t>(1, width * element), 1,
                                 std::max<std::size_t>(rows, 1));
}

// Bytes of the rows of the product that are finished together: one row at least, and no more than there are.
std::size_t product_bytes(std::size_t elements, std::size_t width, std::size_t element) {
  return aligned(std::max(width * element, std::min(ProductChain::block_bytes, elements * element)));
}

}  // namespace

ProductChain::ProductChain(OperationPtr product, std::shared_ptr<const Elementwise> chain, bool keep_product)
    : product_(std::move(product)), chain_(std::move(chain)), keep_product_(keep_product) {
  ensure(takes(*product_), "an operation that is no product gets an epilogue");
}

bool ProductChain::takes(const Operation& product) {
  if (const auto* matmul = dynamic_cast<const Matmul*>(&product)) return !matmul->transposed().transpose_a;
  const auto* sparse = dynamic_cast<const SparseMatmul*>(&product);
  return sparse && sparse->axis() == FeatureAxis::last;
}

std::string ProductChain::options() const {
  return fmt::format("{} {}{}; then {}{}", product_->name(), product_->options(), keep_product_ ? ", kept" : "",
                     chain_->name(), chain_->options().empty() ? "" : ": " + chain_->options());
}

bool ProductChain::same(const Operation& other) const {
  const auto& that = static_cast<const ProductChain&>(other);
  return keep_product_ == that.keep_product_ && ops::same(*product_, *that.product_) &&
         ops::same(*chain_, *that.chain_);
}

std::vector<Type> ProductChain::chain_inputs(std::span<const Type> inputs) const {
  std::vector<Type> types = product_->infer(product_inputs(inputs));
  types.insert(types.end(), inputs.begin() + 2, inputs.end());
  return types;
}

std::vector<Type> ProductChain::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1 + chain_->inputs());
  const std::vector<Type> types = chain_inputs(inputs);
  std::vector<Type> outputs = chain_->infer(types);
  ensure(outputs[0].shape == types[0].shape, "an epilogue changes the shape of its product");
  if (keep_product_) outputs.insert(outputs.begin(), types[0]);
  return outputs;
}

Cost ProductChain::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const std::vector<Type> types = chain_inputs(inputs);
  cost.flop = product_->cost(product_inputs(inputs), std::span(types).first(1), at).flop +
              chain_->cost(types, chain_->infer(types), at).flop;
  return cost;
}

std::size_t ProductChain::workspace_bytes(std::span<const Type> inputs, const Extents& at) const {
  const std::vector<Type> types = chain_inputs(inputs);
  const std::size_t size = size_of(types[0].dtype);
  const auto width = static_cast<std::size_t>(types[0].shape.back().value(at));
  const auto elements = static_cast<std::size_t>(types[0].shape.elements(at));
  return product_bytes(elements, width, size) + chain_->workspace_bytes(types, at);
}

void ProductChain::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                           Sizes& sizes) const {
  product_->prepare(product_inputs(inputs), outputs.first(1), at, sizes);
  const Shape& result = outputs[0].shape;
  const std::size_t split = result.rank() - 1;
  sizes[x_width_at] = static_cast<std::size_t>(inputs[0].shape.back().value(at));
  sizes[chain_at + Elementwise::inner_at] = static_cast<std::size_t>(result.back().value(at));
  sizes[chain_at + Elementwise::first_access] = static_cast<std::size_t>(Elementwise::Access::full);
  for (std::size_t i = 2; i < inputs.size(); ++i)
    sizes[chain_at + Elementwise::first_access + i - 1] =
        static_cast<std::size_t>(*Elementwise::access_of(inputs[i].shape, result, split));
}

template <class T>
void ProductChain::execute(const Call& call) const noexcept {
  const std::size_t rows = call.sizes[rows_at];
  const std::size_t width = call.sizes[chain_at + Elementwise::inner_at];
  const std::size_t x_width = call.sizes[x_width_at];
  const std::size_t at_once = block_rows(rows, width, sizeof(T));
  T* const block = static_cast<T*>(call.workspace);
  std::byte* const chain_workspace =
      static_cast<std::byte*>(call.workspace) + product_bytes(rows * width, width, sizeof(T));
  const std::size_t first_output = keep_product_ ? 1 : 0;

  Sizes product_sizes = call.sizes;
  Sizes chain_sizes;
  std::copy(call.sizes.at.begin() + chain_at, call.sizes.at.end(), chain_sizes.at.begin());
  const void* chain_in[Elementwise::max_inputs];
  void* chain_out[64];
  for (std::size_t row = 0; row < rows; row += at_once) {
    const std::size_t n = std::min(at_once, rows - row);
    T* const product = keep_product_ ? call.out<T>(0) + row * width : block;
    const void* product_in[2] = {call.in<T>(0) + row * x_width, call.in<T>(1)};
    void* product_out[1] = {product};
    product_sizes[rows_at] = n;
    product_->run({product_sizes, product_in, product_out, nullptr, call.dtype, call.kernels});

    chain_sizes[Elementwise::outer_at] = n;
    chain_in[0] = product;
    for (std::size_t i = 1; i < chain_->inputs(); ++i) {
      const T* base = call.in<T>(i + 1);
      switch (static_cast<Elementwise::Access>(chain_sizes[Elementwise::first_access + i])) {
        case Elementwise::Access::full:
          base += row * width;
          break;
        case Elementwise::Access::column:
          base += row;
          break;
        case Elementwise::Access::row:
        case Elementwise::Access::scalar:
          break;
      }
      chain_in[i] = base;
    }
    for (std::size_t o = 0; o < chain_->results().size(); ++o)
      chain_out[o] = call.out<T>(first_output + o) + row * width;
    chain_->run({chain_sizes, chain_in, chain_out, chain_workspace, call.dtype, call.kernels});
  }
}

Status ProductChain::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { execute<decltype(zero)>(call); });
  return {};
}

}  // namespace elegans::ops
