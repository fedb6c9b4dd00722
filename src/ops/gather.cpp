#include "elegans/ops/gather.hpp"

#include <fmt/format.h>

#include "ops/around.hpp"

namespace elegans::ops {

std::string Gather::options() const {
  return fmt::format("{} connections, by {}{}", connections_->count(), to_string(by_), to_string(axis_));
}

bool Gather::same(const Operation& other) const {
  const auto& that = static_cast<const Gather&>(other);
  return by_ == that.by_ && axis_ == that.axis_ && ops::same(connections_, that.connections_);
}

std::vector<Type> Gather::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  const auto width = static_cast<std::int64_t>(connections_->width(by_));
  const std::size_t back = behind(axis_);
  if (x.rank() < back || x[x.rank() - back] != Dim(width))
    shape_error(*this, "x", x, fmt::format("[..., {}{}]", width, back == 1 ? "" : ", *"));
  Shape y = x;
  y[y.rank() - back] = static_cast<std::int64_t>(connections_->count());
  return {{inputs[0].dtype, y}};
}

void Gather::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Around x(inputs[0].shape, inputs[0].shape.rank() - behind(axis_), at);
  sizes[0] = x.outer;
  sizes[1] = x.inner;
}

Status Gather::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    call.kernels.table<T>().gather(call.in<T>(0), call.out<T>(0), call.sizes[0], connections_->width(by_),
                                   connections_->count(), call.sizes[1], connections_->index(by_).data());
  });
  return {};
}

OperationPtr Gather::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  return std::make_shared<Gather>(*this);
}

}  // namespace elegans::ops
