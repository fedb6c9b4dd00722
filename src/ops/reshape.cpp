#include "elegans/ops/reshape.hpp"

#include <fmt/format.h>

namespace elegans::ops {

std::vector<Type> Reshape::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  if (inputs[0].shape.elements() != shape_.elements())
    shape_error(
        *this, "x", inputs[0].shape,
        fmt::format("{} elements, to fill {}", elegans::to_string(shape_.elements()), elegans::to_string(shape_)));
  return {{inputs[0].dtype, shape_}};
}

OperationPtr Reshape::stacked(std::span<const Type>, std::span<const char>, const Dim& steps) const {
  return std::make_shared<Reshape>(shape_.inserted(0, steps));
}

std::vector<Type> Leading::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  const Shape& x = inputs[0].shape;
  if (x.rank() == 0 || (x[0].is_constant() && size_.is_constant() && size_.factor() > x[0].factor()))
    shape_error(*this, "x", x, fmt::format("at least {} rows", elegans::to_string(size_)));
  Shape y = x;
  y[0] = size_;
  return {{inputs[0].dtype, y}};
}

std::vector<Type> StopGradient::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  return {inputs[0]};
}

OperationPtr StopGradient::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  return std::make_shared<StopGradient>();
}

}  // namespace elegans::ops
