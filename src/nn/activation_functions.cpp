#include "elegans/nn/activation_functions.hpp"

namespace elegans::nn {
namespace {

constexpr double selu_alpha = 1.6732632423543772;
constexpr double selu_scale = 1.0507009873554805;

// min(max(x, low), high), whose slope at both ends is 0. The order of the arguments lets a NaN through.
Value clamp(Value x, double low, double high) {
  const Value y = minimum(constant(x, high), maximum(constant(x, low), x));
  return with_gradient(y, x, [low, high](Value at, Value, Value g) {
    return select(less(constant(at, low), at) * less(at, constant(at, high)), g, constant(g, 0));
  });
}

// x > 0 ? scale x : scale alpha (e^x − 1). The exponential sees no positive number: it would overflow, and its gradient
// would be 0 · ∞ where it is not chosen.
Value scaled_elu(Value x, double scale, double alpha) {
  const Value positive = graph::step(x);
  const Value below = select(positive, constant(x, 0), x);
  return select(positive, x * scale, (exp(below) - 1.0) * (scale * alpha));
}

}  // namespace

Value relu6(Value x) { return clamp(x, 0, 6); }
Value leaky_relu(Value x, double negative_slope) { return select(graph::step(x), x, x * negative_slope); }
Value elu(Value x, double alpha) { return scaled_elu(x, 1, alpha); }
Value selu(Value x) { return scaled_elu(x, selu_scale, selu_alpha); }
Value gelu(Value x) { return x * 0.5 * (1.0 + erf(x * 0.70710678118654752440)); }

Value gelu_tanh(Value x) {
  // (1 + tanh u) / 2 is the sigmoid of 2u, which keeps its accuracy where 1 + tanh u would cancel. Beyond ±10 it is 0
  // or 1 in every dtype; the cube would overflow.
  const Value near = clamp(x, -10, 10);
  return x * graph::sigmoid(near * (square(near) * 0.044715 + 1.0) * 1.59576912160573071176);
}

Value silu(Value x) { return x * graph::sigmoid(x); }
Value mish(Value x) { return x * tanh(graph::softplus(x)); }
Value softsign(Value x) { return x / (abs(x) + 1.0); }
Value hard_sigmoid(Value x) { return relu6(x + 3.0) / 6.0; }
Value hard_tanh(Value x) { return clamp(x, -1, 1); }

// The maximum takes no part in the derivative, for the result does not depend on what is subtracted. The rules are
// shorter than what the parts give.
Value softmax(Value x, std::int64_t axis) {
  const Value e = exp(x - stop_gradient(reduce_max(x, axis, graph::Keep::yes)));
  const Value y = e / reduce_sum(e, axis, graph::Keep::yes);
  return with_gradient(y, x, [axis](Value, Value result, Value g) {
    return result * (g - reduce_sum(g * result, axis, graph::Keep::yes));
  });
}

Value log_softmax(Value x, std::int64_t axis) {
  const Value shifted = x - stop_gradient(reduce_max(x, axis, graph::Keep::yes));
  const Value y = shifted - log(reduce_sum(exp(shifted), axis, graph::Keep::yes));
  return with_gradient(
      y, x, [axis](Value, Value result, Value g) { return g - exp(result) * reduce_sum(g, axis, graph::Keep::yes); });
}

}  // namespace elegans::nn
