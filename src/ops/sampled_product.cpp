#include "elegans/ops/sampled_product.hpp"

#include <fmt/format.h>

#include "ops/around.hpp"

namespace elegans::ops {

std::string SampledProduct::options() const {
  return fmt::format("{} connections{}", connections_->count(), to_string(axis_));
}

bool SampledProduct::same(const Operation& other) const {
  const auto& that = static_cast<const SampledProduct&>(other);
  return axis_ == that.axis_ && ops::same(connections_, that.connections_);
}

std::vector<Type> SampledProduct::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 2);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  const Shape& d = inputs[1].shape;
  const std::size_t back = behind(axis_);
  if (x.rank() < back || x[x.rank() - back] != Dim(static_cast<std::int64_t>(connections_->inputs())))
    shape_error(*this, "x", x, fmt::format("[..., {}{}]", connections_->inputs(), back == 1 ? "" : ", *"));
  Shape wanted = x;
  wanted[x.rank() - back] = static_cast<std::int64_t>(connections_->outputs());
  if (!(d == wanted))
    shape_error(*this, "d", d, fmt::format("{}, for x is {}", elegans::to_string(wanted), elegans::to_string(x)));
  return {{inputs[0].dtype, Shape{static_cast<std::int64_t>(connections_->count())}}};
}

Cost SampledProduct::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const Around x(inputs[0].shape, inputs[0].shape.rank() - behind(axis_), at);
  cost.flop = 2.0 * static_cast<double>(connections_->count() * x.outer * x.inner);
  return cost;
}

void SampledProduct::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at,
                             Sizes& sizes) const {
  const Around x(inputs[0].shape, inputs[0].shape.rank() - behind(axis_), at);
  sizes[0] = x.outer;
  sizes[1] = x.inner;
}

Status SampledProduct::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    call.kernels.table<T>().sampled_product(
        call.in<T>(0), call.in<T>(1), call.out<T>(0), call.sizes[0], connections_->inputs(), connections_->outputs(),
        call.sizes[1], connections_->count(), connections_->source().data(), connections_->target().data());
  });
  return {};
}

}  // namespace elegans::ops
