#pragma once
// An array as it lies around one of its axes: [outer, n, inner].

#include "elegans/tensor/shape.hpp"

namespace elegans::ops {

struct Around {
  std::size_t outer, n, inner;
  Around(const Shape& shape, std::size_t axis, const Extents& at)
      : outer(static_cast<std::size_t>(shape.product(0, axis).value(at))),
        n(static_cast<std::size_t>(shape[axis].value(at))),
        inner(static_cast<std::size_t>(shape.product(axis + 1, shape.rank()).value(at))) {}
};

}  // namespace elegans::ops
