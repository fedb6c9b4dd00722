#include "elegans/nn/affine_map.hpp"

#include "elegans/nn/connections_of.hpp"

namespace elegans::nn {

Value affine(Context& context, const AffineMap& map, Value x, Value h) {
  Value sum = map.bias ? context.weight(map.bias) : Value{};
  const auto add = [&](const WeightPtr& kernel, Value of) {
    if (!kernel) return;
    const Value weight = context.weight(kernel);
    const PatternPtr& pattern = kernel->options.pattern;
    const Value product = pattern ? sparse_matmul(of, weight, connections_of(pattern)) : matmul(of, weight);
    sum = sum ? product + sum : product;
  };
  add(map.kernel, x);
  add(map.recurrent_kernel, h);
  return sum ? sum : constant(x, 0);
}

}  // namespace elegans::nn
