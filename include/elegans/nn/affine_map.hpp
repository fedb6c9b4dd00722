#pragma once
// What most cells are made of: a map of the input and of a state, x kernel + h recurrent_kernel + bias.
//
// The products have kernels of their own, so that those with the inputs of all steps of a sequence become one. Any of
// the weights may be absent (null), and a kernel may have the weights of a pattern only.

#include "elegans/nn/context.hpp"

namespace elegans::nn {

struct AffineMap {
  WeightPtr kernel = nullptr;            // [inputs, outputs]
  WeightPtr recurrent_kernel = nullptr;  // [states, outputs]
  WeightPtr bias = nullptr;              // [outputs]
};

// x kernel + h recurrent_kernel + bias, of the weights that there are: [batch, outputs], where only a bias exists
// [outputs], where nothing exists a scalar 0.
Value affine(Context& context, const AffineMap& map, Value x, Value h);

}  // namespace elegans::nn
