#include "elegans/graph/functions.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/graph/custom_gradient.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/reshape.hpp"
#include "elegans/ops/reverse_sequence.hpp"
#include "elegans/ops/sampled_product.hpp"
#include "elegans/ops/scatter_sum.hpp"
#include "elegans/ops/sources.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "elegans/ops/strided_copy.hpp"
#include "graph/innermost.hpp"

namespace elegans::graph {
namespace {

using kernels::Binary;
using kernels::Unary;

Value apply1(OperationPtr operation, std::initializer_list<Value> inputs) {
  const std::span<const Value> values(inputs.begin(), inputs.size());
  return innermost(values).apply(std::move(operation), values)[0];
}

// Spreads inputs that are neither full, row, column nor scalar of the result, so that a chain can read them.
Value apply_elementwise(OperationPtr operation, std::span<const Value> inputs) {
  Shape result = inputs[0].shape();
  std::vector<Shape> shapes;
  for (const Value& value : inputs) {
    result = broadcast(result, value.shape(), std::string(operation->name()).c_str());
    shapes.push_back(value.shape());
  }
  std::vector<Value> values(inputs.begin(), inputs.end());
  if (!ops::Elementwise::split_axis(shapes, result))
    for (Value& value : values)
      if (!(value.shape() == result) && value.shape().elements() != Dim(1)) value = broadcast_to(value, result);
  return innermost(values).apply(std::move(operation), values)[0];
}

const OperationPtr& unary_operation(Unary function) {
  static const auto operations = [] {
    std::array<OperationPtr, kernels::unary_count> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = ops::Elementwise::unary(static_cast<Unary>(i));
    return all;
  }();
  return operations[static_cast<std::size_t>(function)];
}

const OperationPtr& binary_operation(Binary function) {
  static const auto operations = [] {
    std::array<OperationPtr, kernels::binary_count> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = ops::Elementwise::binary(static_cast<Binary>(i));
    return all;
  }();
  return operations[static_cast<std::size_t>(function)];
}

}  // namespace

// Elementwise

Value unary(Unary function, Value x) { return apply1(unary_operation(function), {x}); }
Value binary(Binary function, Value a, Value b) {
  return apply_elementwise(binary_operation(function), std::array{a, b});
}
Value select(Value condition, Value a, Value b) {
  static const OperationPtr operation = ops::Elementwise::select();
  return apply_elementwise(operation, std::array{condition, a, b});
}

Value operator-(Value x) { return unary(Unary::negate, x); }
Value operator+(Value a, Value b) { return binary(Binary::add, a, b); }
Value operator-(Value a, Value b) { return binary(Binary::subtract, a, b); }
Value operator*(Value a, Value b) { return binary(Binary::multiply, a, b); }
Value operator/(Value a, Value b) { return binary(Binary::divide, a, b); }
Value operator+(Value a, double b) { return a + constant(a, b); }
Value operator+(double a, Value b) { return constant(b, a) + b; }
Value operator-(Value a, double b) { return a - constant(a, b); }
Value operator-(double a, Value b) { return constant(b, a) - b; }
Value operator*(Value a, double b) { return a * constant(a, b); }
Value operator*(double a, Value b) { return constant(b, a) * b; }
Value operator/(Value a, double b) { return a / constant(a, b); }
Value operator/(double a, Value b) { return constant(b, a) / b; }

Value abs(Value x) { return unary(Unary::absolute, x); }
Value sign(Value x) { return unary(Unary::sign, x); }
Value square(Value x) { return unary(Unary::square, x); }
Value sqrt(Value x) { return unary(Unary::square_root, x); }
Value reciprocal(Value x) { return unary(Unary::reciprocal, x); }
Value exp(Value x) { return unary(Unary::exponential, x); }
Value log(Value x) { return unary(Unary::logarithm, x); }
Value tanh(Value x) { return unary(Unary::tanh, x); }
Value sigmoid(Value x) { return unary(Unary::sigmoid, x); }
Value softplus(Value x) { return unary(Unary::softplus, x); }
Value relu(Value x) { return unary(Unary::relu, x); }
Value step(Value x) { return unary(Unary::step, x); }
Value erf(Value x) { return unary(Unary::error_function, x); }
Value sin(Value x) { return unary(Unary::sine, x); }
Value cos(Value x) { return unary(Unary::cosine, x); }
Value is_finite(Value x) { return unary(Unary::is_finite, x); }
Value maximum(Value a, Value b) { return binary(Binary::maximum, a, b); }
Value minimum(Value a, Value b) { return binary(Binary::minimum, a, b); }
Value power(Value a, Value b) { return binary(Binary::power, a, b); }
Value less(Value a, Value b) { return binary(Binary::less, a, b); }
Value less_equal(Value a, Value b) { return binary(Binary::less_equal, a, b); }
Value equal(Value a, Value b) { return binary(Binary::equal, a, b); }

// Products and connections

Value matmul(Value a, Value b, ops::MatmulOptions options) {
  return apply1(std::make_shared<ops::Matmul>(options), {a, b});
}
Value sparse_matmul(Value x, Value w, ops::ConnectionsPtr connections, ops::End to) {
  return apply1(std::make_shared<ops::SparseMatmul>(std::move(connections), to), {x, w});
}
Value sampled_product(Value x, Value d, ops::ConnectionsPtr connections) {
  return apply1(std::make_shared<ops::SampledProduct>(std::move(connections)), {x, d});
}
Value gather(Value x, ops::ConnectionsPtr connections, ops::End by) {
  return apply1(std::make_shared<ops::Gather>(std::move(connections), by), {x});
}
Value scatter_sum(Value x, ops::ConnectionsPtr connections, ops::End by) {
  return apply1(std::make_shared<ops::ScatterSum>(std::move(connections), by), {x});
}

// Reductions

namespace {

Value reduce(Value x, ops::ReduceOptions options) { return apply1(std::make_shared<ops::Reduce>(options), {x}); }

}  // namespace

Value reduce_sum(Value x, std::int64_t axis, Keep keep) {
  const std::size_t first = axis_of(axis, x.shape(), "reduce_sum");
  return reduce_sum(x, first, first + 1, keep);
}
Value reduce_sum(Value x, std::size_t first, std::size_t last, Keep keep) {
  return reduce(x, {ops::ReduceOptions::Kind::sum, first, last, keep == Keep::yes});
}
Value reduce_mean(Value x, std::int64_t axis, Keep keep) {
  const Dim size = x.shape()[axis_of(axis, x.shape(), "reduce_mean")];
  if (!size.is_constant())
    throw ShapeError({.operation = "reduce_mean",
                      .argument = "x",
                      .actual = elegans::to_string(x.shape()),
                      .required = fmt::format("a constant size along axis {}", axis),
                      .remedy = "Divide reduce_sum by a count of your own."});
  return reduce_sum(x, axis, keep) / static_cast<double>(size.factor());
}
Value reduce_max(Value x, std::int64_t axis, Keep keep) {
  const std::size_t first = axis_of(axis, x.shape(), "reduce_max");
  return reduce(x, {ops::ReduceOptions::Kind::max, first, first + 1, keep == Keep::yes});
}
Value sum(Value x) { return x.shape().rank() == 0 ? x : reduce_sum(x, std::size_t{0}, x.shape().rank()); }

Value sum_to(Value x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const std::size_t extra = x.shape().rank() - shape.rank();
  if (extra > 0) x = reduce_sum(x, std::size_t{0}, extra);
  // Neighbouring axes of size 1 are summed together, from the back so that the numbers of the others stay.
  for (std::size_t last = shape.rank(); last > 0;) {
    if (shape[last - 1] == x.shape()[last - 1]) {
      --last;
      continue;
    }
    std::size_t first = last - 1;
    while (first > 0 && shape[first - 1] != x.shape()[first - 1]) --first;
    x = reduce_sum(x, first, last, Keep::yes);
    last = first;
  }
  return x;
}

// Shapes

Value reshape(Value x, Shape shape) {
  if (x.shape() == shape) return x;
  return apply1(std::make_shared<ops::Reshape>(shape), {x});
}
Value transpose(Value x, std::vector<std::size_t> permutation) {
  return apply1(std::make_shared<ops::Transpose>(std::move(permutation)), {x});
}
Value broadcast_to(Value x, Shape shape) {
  if (x.shape() == shape) return x;
  return apply1(std::make_shared<ops::BroadcastTo>(shape), {x});
}
Value slice(Value x, std::int64_t axis, std::int64_t start, std::int64_t stop) {
  const std::size_t at = axis_of(axis, x.shape(), "slice");
  if (start == 0 && x.shape()[at] == Dim(stop)) return x;
  return apply1(std::make_shared<ops::Slice>(ops::SliceOptions{at, start, stop}), {x});
}
Value leading(Value x, Dim size) { return apply1(std::make_shared<ops::Leading>(size), {x}); }
Value pad(Value x, std::int64_t axis, std::int64_t before, Dim size, ops::Padding with) {
  const std::size_t at = axis_of(axis, x.shape(), "pad");
  return apply1(std::make_shared<ops::Pad>(ops::PadOptions{at, before, size, with}), {x});
}
Value concat(std::span<const Value> parts, std::int64_t axis) {
  if (parts.empty())
    throw ConfigError({.operation = "concat",
                       .argument = "the number of inputs",
                       .actual = "0",
                       .required = fmt::format("1 to {}", ops::Concat::max_inputs),
                       .remedy = ""});
  const std::size_t at = axis_of(axis, parts[0].shape(), "concat");
  if (parts.size() == 1) return parts[0];
  return innermost(parts).apply(std::make_shared<ops::Concat>(at), parts)[0];
}
Value replace_slice(Value x, Value part, std::int64_t start) {
  return apply1(std::make_shared<ops::ReplaceSlice>(start), {x, part});
}
Value reverse_sequence(Value x) { return apply1(std::make_shared<ops::ReverseSequence>(), {x}); }
Value reverse_sequence(Value x, Value lengths) {
  return apply1(std::make_shared<ops::ReverseSequence>(), {x, lengths});
}

// Sources

Value constant(Graph& graph, Tensor value) {
  return graph.apply(std::make_shared<ops::Constant>(std::move(value)), {})[0];
}
Value constant(Value like, double number) {
  return constant(*like.graph, Tensor::from(Shape{}, {number}, like.dtype()));
}
Value full(Value like, Shape shape, double number) { return broadcast_to(constant(like, number), shape); }
Value zeros_like(Value x) { return full(x, x.shape(), 0); }
Value one_hot(Value label, std::int64_t classes, Dtype dtype) {
  return apply1(std::make_shared<ops::OneHot>(classes, dtype), {label});
}
Value label_number(Value label, Value weight, std::int64_t classes, std::optional<std::int32_t> ignored) {
  return apply1(std::make_shared<ops::LabelNumber>(classes, ignored), {label, weight});
}
Value sequence_mask(Value lengths, Dim steps, Dtype dtype) {
  return apply1(std::make_shared<ops::SequenceMask>(steps, dtype), {lengths});
}
Value positions(Graph& graph, Dim steps, Dtype dtype) {
  return graph.apply(std::make_shared<ops::Positions>(steps, dtype), {})[0];
}
Value random_uniform(Value counter, Shape shape, Dtype dtype, std::uint64_t key) {
  return apply1(std::make_shared<ops::RandomUniform>(shape, dtype, key), {counter});
}
Value random_uniform(Value counter, Value position, Shape shape, std::uint64_t key) {
  return apply1(std::make_shared<ops::RandomUniform>(shape, position.dtype(), key), {counter, position});
}

// Gradients

Value stop_gradient(Value x) { return apply1(std::make_shared<ops::StopGradient>(), {x}); }
Value with_gradient(Value y, Value x, std::function<Value(Value x, Value y, Value g)> rule) {
  return apply1(std::make_shared<CustomGradient>(std::move(rule)), {y, x});
}

}  // namespace elegans::graph
