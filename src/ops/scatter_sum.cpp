#include "elegans/ops/scatter_sum.hpp"

#include <fmt/format.h>

#include "ops/around.hpp"

namespace elegans::ops {

std::string ScatterSum::options() const {
  return fmt::format("{} connections, by {}{}", connections_->count(), to_string(by_), to_string(axis_));
}

bool ScatterSum::same(const Operation& other) const {
  const auto& that = static_cast<const ScatterSum&>(other);
  return by_ == that.by_ && axis_ == that.axis_ && ops::same(connections_, that.connections_);
}

std::vector<Type> ScatterSum::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  const auto count = static_cast<std::int64_t>(connections_->count());
  const std::size_t back = behind(axis_);
  if (x.rank() < back || x[x.rank() - back] != Dim(count))
    shape_error(*this, "x", x, fmt::format("[..., {}{}], one number a connection", count, back == 1 ? "" : ", *"));
  Shape y = x;
  y[y.rank() - back] = static_cast<std::int64_t>(connections_->width(by_));
  return {{inputs[0].dtype, y}};
}

Cost ScatterSum::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  cost.flop = static_cast<double>(inputs[0].shape.elements(at));
  return cost;
}

void ScatterSum::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Around x(inputs[0].shape, inputs[0].shape.rank() - behind(axis_), at);
  sizes[0] = x.outer;
  sizes[1] = x.inner;
}

Status ScatterSum::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Grouped& groups = connections_->by(by_);
    call.kernels.table<T>().scatter_sum(call.in<T>(0), call.out<T>(0), call.sizes[0], connections_->count(),
                                        connections_->width(by_), call.sizes[1], groups.offsets.data(),
                                        groups.order.data());
  });
  return {};
}

OperationPtr ScatterSum::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  return std::make_shared<ScatterSum>(*this);
}

}  // namespace elegans::ops
