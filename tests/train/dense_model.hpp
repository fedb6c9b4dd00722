#pragma once
// The smallest network: one dense layer.

#include "elegans/model/sequential.hpp"
#include "elegans/nn/dense.hpp"

namespace elegans::train {

inline Sequential dense(std::int64_t outputs, Dtype dtype = Dtype::f32) {
  Sequential model({.dtype = dtype, .seed = 5});
  model.add(nn::Dense(outputs));
  return model;
}

}  // namespace elegans::train
