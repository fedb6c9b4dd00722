#pragma once
// Activations as functions that write graph, those with options among them. By name they are nn::Activation
// (nn/activation.hpp); over a layer's output they are ActivationLayer (nn/activation_layer.hpp).
//
// Every one is finite with its gradient at ±800 and beyond, and a NaN stays a NaN. Where there is a kink, the slope at
// the kink is the one given.
//
//     relu6         min(max(x, 0), 6)                          slope 0 at 0 and at 6
//     leaky_relu    x > 0 ? x : negative_slope x               negative_slope at 0
//     elu           x > 0 ? x : alpha (e^x − 1)                alpha at 0      Clevert et al. 2016
//     selu          s (x > 0 ? x : a (e^x − 1))                s a at 0        Klambauer et al. 2017
//     gelu          x/2 (1 + erf(x / √2))                                      Hendrycks & Gimpel 2016
//     gelu_tanh     x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
//     silu          x σ(x)
//     mish          x tanh(ln(1 + e^x))                                        Misra 2019
//     softsign      x / (1 + |x|)                              1 at 0
//     hard_sigmoid  relu6(x + 3) / 6                           0 at ±3         Keras 3's; not the older 0.2 x + 0.5
//     hard_tanh     min(max(x, −1), 1)                         0 at ±1
//     softmax       e^{x − m} / Σ e^{x − m}                    over `axis`, m the maximum there
//     log_softmax   x − m − ln Σ e^{x − m}

#include <cstdint>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;

Value relu6(Value x);
Value leaky_relu(Value x, double negative_slope);
Value elu(Value x, double alpha);
Value selu(Value x);
Value gelu(Value x);
Value gelu_tanh(Value x);
Value silu(Value x);
Value mish(Value x);
Value softsign(Value x);
Value hard_sigmoid(Value x);
Value hard_tanh(Value x);

// A negative axis counts from the end. ShapeError for an axis that x does not have.
Value softmax(Value x, std::int64_t axis);
Value log_softmax(Value x, std::int64_t axis);

}  // namespace elegans::nn
