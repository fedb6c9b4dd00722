#include "elegans/ops/reduce.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <limits>

namespace elegans::ops {

std::string Reduce::options() const {
  return options_.last == options_.first + 1 ? fmt::format("axis {}", options_.first)
                                             : fmt::format("axes {} to {}", options_.first, options_.last - 1);
}

std::vector<Type> Reduce::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  if (options_.first > options_.last || options_.last > x.rank())
    shape_error(*this, "x", x, fmt::format("a shape with {}", options()));
  Shape y = x;
  for (std::size_t axis = options_.last; axis > options_.first; --axis) {
    if (options_.keep_dimensions)
      y[axis - 1] = 1;
    else
      y = y.removed(axis - 1);
  }
  return {{inputs[0].dtype, y}};
}

Cost Reduce::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  cost.flop = static_cast<double>(inputs[0].shape.elements(at));
  return cost;
}

void Reduce::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Shape& x = inputs[0].shape;
  sizes[0] = static_cast<std::size_t>(x.product(0, options_.first).value(at));
  sizes[1] = static_cast<std::size_t>(x.product(options_.first, options_.last).value(at));
  sizes[2] = static_cast<std::size_t>(x.product(options_.last, x.rank()).value(at));
}

Status Reduce::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::Table<T>& table = call.kernels.table<T>();
    if (options_.kind == ReduceOptions::Kind::max && call.sizes[1] == 0) {
      std::fill_n(call.out<T>(0), call.sizes[0] * call.sizes[2], -std::numeric_limits<T>::infinity());
      return;
    }
    const auto kernel = options_.kind == ReduceOptions::Kind::sum ? table.reduce_sum : table.reduce_max;
    kernel(call.in<T>(0), call.out<T>(0), call.sizes[0], call.sizes[1], call.sizes[2]);
  });
  return {};
}

OperationPtr Reduce::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  ReduceOptions options = options_;
  ++options.first;
  ++options.last;
  return std::make_shared<Reduce>(options);
}

}  // namespace elegans::ops
