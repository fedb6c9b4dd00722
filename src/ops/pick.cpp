#include "elegans/ops/pick.hpp"

#include "ops/pick_rows.hpp"

namespace elegans::ops {
namespace {

// Sizes of both.
constexpr std::size_t rows_at = 0, width_at = 1, value_stride_at = 2;

Shape column_of(const Operation& operation, const Shape& x) {
  if (x.rank() == 0) shape_error(operation, "x", x, "a shape of rank 1 or more");
  Shape column = x;
  column[column.rank() - 1] = 1;
  return column;
}

void require_column(const Operation& operation, const char* what, const Shape& actual, const Shape& column) {
  if (!(actual == column)) shape_error(operation, what, actual, to_string(column) + ", one number a row");
}

void prepare_rows(const Shape& x, const Extents& at, Sizes& sizes) {
  sizes[rows_at] = static_cast<std::size_t>(x.product(0, x.rank() - 1).value(at));
  sizes[width_at] = static_cast<std::size_t>(x.back().value(at));
}

}  // namespace

std::vector<Type> Pick::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 2);
  require_floating(*this, inputs);
  const Shape column = column_of(*this, inputs[0].shape);
  require_column(*this, "label", inputs[1].shape, column);
  return {{inputs[0].dtype, column}};
}

Cost Pick::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  const auto rows = static_cast<double>(outputs[0].shape.elements(at));
  return {.flop = 0, .bytes = 3 * rows * static_cast<double>(size_of(inputs[0].dtype))};
}

void Pick::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  prepare_rows(inputs[0].shape, at, sizes);
}

Status Pick::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&]<class T>(T) {
    pick_rows<T>(call.in<T>(0), {call.in<T>(1), 1}, call.out<T>(0), call.sizes[rows_at], call.sizes[width_at]);
  });
  return {};
}

std::vector<Type> AddAt::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 3);
  require_floating(*this, inputs);
  const Shape column = column_of(*this, inputs[0].shape);
  require_column(*this, "label", inputs[1].shape, column);
  if (inputs[2].shape.elements() != Dim(1)) require_column(*this, "value", inputs[2].shape, column);
  return {inputs[0]};
}

void AddAt::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  prepare_rows(inputs[0].shape, at, sizes);
  sizes[value_stride_at] = inputs[2].shape.elements() == Dim(1) ? 0 : 1;
}

Status AddAt::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&]<class T>(T) {
    add_at_rows<T>(call.in<T>(0), {call.in<T>(1), 1}, {call.in<T>(2), call.sizes[value_stride_at]}, call.out<T>(0),
                   call.sizes[rows_at], call.sizes[width_at]);
  });
  return {};
}

}  // namespace elegans::ops
