#include "elegans/graph/custom_gradient.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/strided_copy.hpp"
#include "gradient_rules.hpp"

namespace elegans::graph {
namespace {

// The result of a reduction with the reduced axes back, of size 1.
Value with_axes(Value y, const Shape& x, const ops::ReduceOptions& options) {
  Shape shape = x;
  for (std::size_t axis = options.first; axis < options.last; ++axis) shape[axis] = 1;
  return reshape(y, shape);
}

}  // namespace

void gradient_of_reduce(const GradientCall& call) {
  const ops::ReduceOptions& options = static_cast<const ops::Reduce&>(call.operation).reduced();
  const Value x = call.x[0];
  const Value g = with_axes(*call.g[0], x.shape(), options);
  if (options.kind == ops::ReduceOptions::Kind::sum) {
    call.dx[0] = broadcast_to(g, x.shape());
    return;
  }
  // Equal maxima share the gradient.
  const Value largest = broadcast_to(with_axes(call.y[0], x.shape(), options), x.shape());
  const Value is_largest = equal(x, largest);
  const Value count = reduce_sum(is_largest, options.first, options.last, Keep::yes);
  call.dx[0] = is_largest * broadcast_to(g / count, x.shape());
}

void gradient_of_reshape(const GradientCall& call) { call.dx[0] = reshape(*call.g[0], call.x[0].shape()); }

void gradient_of_leading(const GradientCall& call) { call.dx[0] = pad(*call.g[0], 0, 0, call.x[0].shape()[0]); }

void gradient_of_transpose(const GradientCall& call) {
  const std::vector<std::size_t>& permutation = static_cast<const ops::Transpose&>(call.operation).permutation();
  std::vector<std::size_t> inverse(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i) inverse[permutation[i]] = i;
  call.dx[0] = transpose(*call.g[0], inverse);
}

void gradient_of_broadcast_to(const GradientCall& call) { call.dx[0] = sum_to(*call.g[0], call.x[0].shape()); }

void gradient_of_slice(const GradientCall& call) {
  const ops::SliceOptions& range = static_cast<const ops::Slice&>(call.operation).range();
  call.dx[0] = pad(*call.g[0], static_cast<std::int64_t>(range.axis), range.start, call.x[0].shape()[range.axis]);
}

void gradient_of_pad(const GradientCall& call) {
  const ops::PadOptions& padding = static_cast<const ops::Pad&>(call.operation).padding();
  const Dim& size = call.x[0].shape()[padding.axis];
  if (size.is_constant()) {
    call.dx[0] =
        slice(*call.g[0], static_cast<std::int64_t>(padding.axis), padding.before, padding.before + size.factor());
    return;
  }
  ensure(padding.axis == 0 && padding.before == 0, "padding of a run-time size is not at the end of axis 0");
  call.dx[0] = leading(*call.g[0], size);
}

void gradient_of_concat(const GradientCall& call) {
  const std::size_t axis = static_cast<const ops::Concat&>(call.operation).axis();
  std::int64_t start = 0;
  for (std::size_t i = 0; i < call.x.size(); ++i) {
    const std::int64_t size = call.x[i].shape()[axis].factor();
    if (call.wanted[i]) call.dx[i] = slice(*call.g[0], static_cast<std::int64_t>(axis), start, start + size);
    start += size;
  }
}

void gradient_of_replace_slice(const GradientCall& call) {
  const std::int64_t start = static_cast<const ops::ReplaceSlice&>(call.operation).start();
  const Value part = call.x[1], g = *call.g[0];
  if (call.wanted[0]) call.dx[0] = replace_slice(g, zeros_like(part), start);
  if (call.wanted[1]) call.dx[1] = slice(g, 0, start, start + part.shape()[0].factor());
}

// It is its own inverse, and a permutation.
void gradient_of_reverse_sequence(const GradientCall& call) {
  const Value g = *call.g[0];
  if (call.wanted[0]) call.dx[0] = call.x.size() == 2 ? reverse_sequence(g, call.x[1]) : reverse_sequence(g);
}

void gradient_of_custom(const GradientCall& call) {
  const auto& operation = static_cast<const CustomGradient&>(call.operation);
  if (call.wanted[1]) call.dx[1] = operation.rule()(call.x[1], call.y[0], *call.g[0]);
}

}  // namespace elegans::graph
