#pragma once

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

// What a mask [batch, 1] is for values of `shape` [batch, …]: [batch, 1, …].
inline graph::Value for_rank(graph::Value mask, const Shape& shape) {
  Shape wanted{shape[0]};
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) wanted = wanted.inserted(axis, 1);
  return reshape(mask, wanted);
}

}  // namespace elegans::nn
