#include "elegans/ops/sparse_matmul.hpp"

#include <fmt/format.h>

#include "ops/around.hpp"

namespace elegans::ops {

std::string SparseMatmul::options() const {
  return fmt::format("{} connections, to {}{}", connections_->count(), to_string(to_), to_string(axis_));
}

bool SparseMatmul::same(const Operation& other) const {
  const auto& that = static_cast<const SparseMatmul&>(other);
  return to_ == that.to_ && axis_ == that.axis_ && ops::same(connections_, that.connections_);
}

std::vector<Type> SparseMatmul::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 2);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  const auto width = static_cast<std::int64_t>(connections_->width(opposite(to_)));
  const std::size_t back = behind(axis_);
  if (x.rank() < back || x[x.rank() - back] != Dim(width))
    shape_error(*this, "x", x, fmt::format("[..., {}{}]", width, back == 1 ? "" : ", *"));
  const Shape w{static_cast<std::int64_t>(connections_->count())};
  if (!(inputs[1].shape == w))
    shape_error(*this, "w", inputs[1].shape, elegans::to_string(w) + ", one weight a connection");
  Shape y = x;
  y[y.rank() - back] = static_cast<std::int64_t>(connections_->width(to_));
  return {{inputs[0].dtype, y}};
}

Cost SparseMatmul::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const Around x(inputs[0].shape, inputs[0].shape.rank() - behind(axis_), at);
  cost.flop = 2.0 * static_cast<double>(connections_->count() * x.outer * x.inner);
  return cost;
}

void SparseMatmul::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Around x(inputs[0].shape, inputs[0].shape.rank() - behind(axis_), at);
  sizes[0] = x.outer;
  sizes[1] = x.inner;
}

std::size_t SparseMatmul::workspace_bytes(std::span<const Type> inputs, const Extents&) const {
  return connections_->by(to_).in_order ? 0 : connections_->count() * size_of(inputs[1].dtype);
}

Status SparseMatmul::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&]<class T>(T) {
    const kernels::Table<T>& table = call.kernels.table<T>();
    const Grouped& groups = connections_->by(to_);
    const T* w = call.in<T>(1);
    if (!groups.in_order) {
      T* const ordered = static_cast<T*>(call.workspace);
      table.gather(w, ordered, 1, connections_->count(), connections_->count(), 1, groups.order.data());
      w = ordered;
    }
    table.sparse_matmul(call.in<T>(0), w, call.out<T>(0), call.sizes[0], connections_->width(opposite(to_)),
                        connections_->width(to_), call.sizes[1], groups.offsets.data(), groups.others.data());
  });
  return {};
}

std::string SparseMatmul::kernel(const Call&) const {
  if (connections_->by(to_).in_order) return {};
  return fmt::format("gather, then sparse_matmul: weights stand in another order than by {}", to_string(to_));
}

OperationPtr SparseMatmul::stacked(std::span<const Type>, std::span<const char> is_stacked, const Dim&) const {
  return is_stacked[1] ? nullptr : std::make_shared<SparseMatmul>(*this);
}

}  // namespace elegans::ops
