#include "elegans/ops/packed_matmul.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace elegans::ops {

std::vector<Type> PackedMatmul::infer(std::span<const Type> inputs) const {
  const std::size_t terms = layout_->terms();
  require_inputs(*this, inputs, terms + 1);
  require_floating(*this, inputs);
  for (std::size_t i = 0; i < terms; ++i) {
    const Shape& a = inputs[i].shape;
    Shape wanted = inputs[0].shape;
    if (wanted.rank() >= 2) wanted[wanted.rank() - 1] = static_cast<std::int64_t>(layout_->depth()[i]);
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

template <class T>
void PackedMatmul::execute(const Call& call) const noexcept {
  const std::size_t rows = call.sizes[0], terms = layout_->terms(), parts = layout_->parts();
  const kernels::Table<T>& table = call.kernels.table<T>();
  const T* a[PackedLayout::max_terms];
  T* y[PackedLayout::max_parts];
  for (std::size_t i = 0; i < terms; ++i) a[i] = call.in<T>(i);
  for (std::size_t j = 0; j < parts; ++j) y[j] = call.out<T>(j);
  const T* packed = call.in<T>(terms);
  const std::size_t* depth = layout_->depth().data();
  const std::size_t* width = layout_->width().data();
  table.packed_matmul(a, depth, terms, packed, y, width, parts, rows);
  if (layout_->exists().empty()) return;
  for (std::size_t j = 0; j < parts; ++j) {
    if (!layout_->is_sparse(j) || rows * width[j] == 0) continue;
    T largest;  // NaN where any is
    table.reduce_max(y[j], &largest, 1, rows * width[j], 1);
    if (largest == largest) continue;
    table.packed_resum(a, depth, terms, packed, layout_->exists().data(), y, width, parts, rows);
    return;
  }
}

Status PackedMatmul::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { execute<decltype(zero)>(call); });
  return {};
}

OperationPtr PackedMatmul::stacked(std::span<const Type>, std::span<const char> is_stacked, const Dim&) const {
  const bool all = std::all_of(is_stacked.begin(), is_stacked.end() - 1, [](char s) { return s != 0; });
  return all && !is_stacked.back() ? std::make_shared<PackedMatmul>(*this) : nullptr;
}

}  // namespace elegans::ops
