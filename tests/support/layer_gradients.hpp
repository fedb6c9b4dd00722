#pragma once
// The gradients of a whole layer, of its input, its Δt and all its weights, against central differences
// (check_gradient.hpp).
//
//     LTC layer(…);  layer.set_numbers(Dtype::f64, 7);
//     check_layer_gradient(layer, {.x = random_tensor({2, 5, 3}, 1), .timespans = random_tensor({2, 5}, 2, 0.1, 2)});

#include <optional>

#include "elegans/nn/layer.hpp"
#include "support/check_gradient.hpp"

namespace elegans::testing {

struct LayerInputs {
  Tensor x;  // f64; [batch, …], or [batch, time, …] where there is anything of the below
  std::optional<Tensor> timespans = {};  // f64 [batch, time]
  std::optional<Tensor> lengths = {};    // i32 [batch]
  std::optional<Tensor> mask = {};       // f64 [batch, time] of ones and zeros
  bool symbolic = false;                 // batch and time known when the graph runs only, as a model has them; rank 3
};

// Differentiates the output, the final states of every recurrent layer in `layer`, and its penalties. Adds numbers
// within ±0.1 to the first values of every weight, so that zeros and ones hide nothing, and leaves the weights so. Of
// `mode`, target and disable count.
void check_layer_gradient(nn::Layer& layer, const LayerInputs& inputs, const GradientCase& mode = {});

}  // namespace elegans::testing
