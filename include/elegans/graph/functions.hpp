#pragma once
// The functions that write graphs. Each adds one node (or a few) to the graph of its arguments and returns the result;
// where arguments live in a loop's body and in its parent, the node goes to the body and the parent's values are
// captured.
//
// Elementwise functions broadcast as NumPy does. Numbers mix with values and take their dtype. What an operation refuses
// (ops/<operation>.hpp) is refused here, when the node is written: ShapeError, DtypeError, and ConfigError for options, for a
// value that is empty, and for values of graphs that do not lie within one another.

#include <functional>
#include <initializer_list>
#include <optional>

#include "elegans/graph/graph.hpp"
#include "elegans/ops/connections.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/strided_copy.hpp"

namespace elegans::graph {

// Elementwise

Value unary(kernels::Unary function, Value x);
Value binary(kernels::Binary function, Value a, Value b);
Value select(Value condition, Value a, Value b);  // condition != 0 ? a : b; what is not chosen may be NaN

Value operator-(Value x);
Value operator+(Value a, Value b);
Value operator-(Value a, Value b);
Value operator*(Value a, Value b);
Value operator/(Value a, Value b);
Value operator+(Value a, double b);
Value operator+(double a, Value b);
Value operator-(Value a, double b);
Value operator-(double a, Value b);
Value operator*(Value a, double b);
Value operator*(double a, Value b);
Value operator/(Value a, double b);
Value operator/(double a, Value b);

Value abs(Value x);
Value sign(Value x);
Value square(Value x);
Value sqrt(Value x);
Value reciprocal(Value x);
Value exp(Value x);
Value log(Value x);
Value tanh(Value x);
Value sigmoid(Value x);
Value softplus(Value x);
Value relu(Value x);
Value step(Value x);  // 1 where x > 0, else 0
Value erf(Value x);
Value sin(Value x);
Value cos(Value x);
Value is_finite(Value x);
Value maximum(Value a, Value b);
Value minimum(Value a, Value b);
Value power(Value a, Value b);
Value less(Value a, Value b);  // comparisons give 1 or 0
Value less_equal(Value a, Value b);
Value equal(Value a, Value b);

// Products (shapes: ops/matmul.hpp, ops/sparse_matmul.hpp, ops/sampled_product.hpp)

Value matmul(Value a, Value b, ops::MatmulOptions options = {});
Value sparse_matmul(Value x, Value w, ops::ConnectionsPtr connections, ops::End to = ops::End::target);
Value sampled_product(Value x, Value d, ops::ConnectionsPtr connections);

// Connections (ops/gather.hpp, ops/scatter_sum.hpp)

Value gather(Value x, ops::ConnectionsPtr connections, ops::End by = ops::End::source);
Value scatter_sum(Value x, ops::ConnectionsPtr connections, ops::End by = ops::End::target);

// Reductions: over neighbouring axes, over everything, or back to a shape that had broadcast. Negative axes count from
// the end.

enum class Keep { no, yes };
Value reduce_sum(Value x, std::int64_t axis, Keep keep = Keep::no);
Value reduce_sum(Value x, std::size_t first, std::size_t last, Keep keep = Keep::no);  // axes first … last − 1
Value reduce_mean(Value x, std::int64_t axis, Keep keep = Keep::no);  // of an axis whose size is constant
Value reduce_max(Value x, std::int64_t axis, Keep keep = Keep::no);   // −∞ of an empty axis
Value sum(Value x);                                                   // everything, to a scalar []
Value sum_to(Value x, const Shape& shape);                            // the gradient of broadcasting `shape` to x

// Shapes

Value reshape(Value x, Shape shape);
Value transpose(Value x, std::vector<std::size_t> permutation);
Value broadcast_to(Value x, Shape shape);
Value slice(Value x, std::int64_t axis, std::int64_t start, std::int64_t stop);
Value leading(Value x, Dim size);  // the first `size` rows along axis 0; they must be there when the graph runs
Value pad(Value x, std::int64_t axis, std::int64_t before, Dim size, ops::Padding with = ops::Padding::zeros);
Value concat(std::span<const Value> parts, std::int64_t axis);
inline Value concat(std::initializer_list<Value> parts, std::int64_t axis) {
  return concat(std::span<const Value>(parts.begin(), parts.size()), axis);
}
Value replace_slice(Value x, Value part, std::int64_t start);
// The steps of each sequence, or the first lengths[b] of it, from the last to the first (ops/reverse_sequence.hpp).
Value reverse_sequence(Value x);
Value reverse_sequence(Value x, Value lengths);

// Sources. `like` names the graph (the deepest one where it matters) and the dtype.

Value constant(Graph& graph, Tensor value);
Value constant(Value like, double number);           // scalar []
Value full(Value like, Shape shape, double number);  // a scalar spread to `shape`
Value zeros_like(Value x);
Value one_hot(Value label, std::int64_t classes, Dtype dtype);
// The labels as numbers, −1 where they are ignored or weight is 0 (ops/sources.hpp).
Value label_number(Value label, Value weight, std::int64_t classes, std::optional<std::int32_t> ignored = {});
Value sequence_mask(Value lengths, Dim steps, Dtype dtype);  // [steps, B]
Value positions(Graph& graph, Dim steps, Dtype dtype);       // 0, 1, … [steps]
Value random_uniform(Value counter, Shape shape, Dtype dtype, std::uint64_t key);
// Other numbers at every `position` [], a whole number of the same dtype.
Value random_uniform(Value counter, Value position, Shape shape, std::uint64_t key);

// Gradients

Value stop_gradient(Value x);
// y, whose gradient with respect to x is what `rule` writes: given x, y and the gradient g of y it returns that of x.
// For functions whose own derivative is better than the one found through their parts.
Value with_gradient(Value y, Value x, std::function<Value(Value x, Value y, Value g)> rule);

// Loops. The body is written once; it runs `steps` times, in order or, where `reverse`, from the last step to the
// first.
//
//     carried    values handed from step to step: their first ones go in, their last ones come out
//     scanned    arrays [steps, …] of which step t reads [t]
//     stacked    what the body returns at each step, as arrays [steps, …] (in the order of time also where reversed)
//     summed     what the body returns at each step, added up in the order of execution
//
// Everything else that the body uses is captured. `checkpoint_every` = k > 0 makes the gradient keep the carried values
// only, and of every k-th step only: memory falls from O(steps) to O(steps/k + k) for a second forward pass.
//
// ShapeError where a scanned array is not [steps, …] or the body returns a carried value of another shape; ConfigError where
// it returns another number of them, or the loop has neither carried nor scanned values; DtypeError where a summed value is no
// floating number, or, with checkpoints, a carried or scanned one.

struct Loop {
  std::vector<Value> carried;
  std::vector<Value> scanned;
};
struct LoopResult {
  std::vector<Value> carried;
  std::vector<Value> stacked;
  std::vector<Value> summed;
};
struct ScanOptions {
  bool reverse = false;
  std::int64_t checkpoint_every = 0;
};

LoopResult scan(Dim steps, std::span<const Value> initial, std::span<const Value> scanned,
                const std::function<LoopResult(const Loop&)>& body, ScanOptions options = {});

}  // namespace elegans::graph
