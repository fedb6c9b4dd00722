#include "elegans/ops/strided_copy.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

#include "ops/around.hpp"

namespace elegans::ops {
namespace {

// Sizes of a plain strided copy: 0 rank, 1 … 8 sizes, 9 … 16 strides of x, 17 … 24 strides of y, 25 offset in x, 26
// offset in y, 27 elements of y to clear first.
constexpr std::size_t rank_at = 0, sizes_at = 1, x_strides_at = 9, y_strides_at = 17, x_offset_at = 25,
                      y_offset_at = 26, clear_at = 27;
// Of a pad, too: 28 elements of a row.
constexpr std::size_t inner_at = 28;

std::array<std::size_t, Shape::max_rank> strides_of(const Shape& shape, const Extents& at) {
  std::array<std::size_t, Shape::max_rank> strides{};
  std::size_t stride = 1;
  for (std::size_t i = shape.rank(); i-- > 0;) {
    strides[i] = stride;
    stride *= static_cast<std::size_t>(shape[i].value(at));
  }
  return strides;
}

template <class T>
void copy_box(const Call& call) noexcept {
  T* y = call.out<T>(0);
  std::fill_n(y, call.sizes[clear_at], T(0));
  call.kernels.table<T>().copy_strided(call.in<T>(0) + call.sizes[x_offset_at], &call.sizes.at[x_strides_at],
                                       y + call.sizes[y_offset_at], &call.sizes.at[y_strides_at],
                                       &call.sizes.at[sizes_at], call.sizes[rank_at]);
}

Status run_copy(const Call& call) noexcept {
  with_floating(call.dtype, [&](auto zero) { copy_box<decltype(zero)>(call); });
  return {};
}

// Rows of x, and behind them the last one, of [outer, x_row] into [outer, y_row] elements.
template <class T>
void repeat_last(const Call& call) noexcept {
  const std::size_t outer = call.sizes[sizes_at], x_row = call.sizes[sizes_at + 1], y_row = call.sizes[y_strides_at],
                    inner = call.sizes[inner_at];
  if (x_row == 0) {
    std::fill_n(call.out<T>(0), call.sizes[clear_at], T(0));
    return;
  }
  for (std::size_t o = 0; o < outer; ++o) {
    const T* x = call.in<T>(0) + o * x_row;
    T* y = call.out<T>(0) + o * y_row;
    std::copy_n(x, x_row, y);
    for (std::size_t at = x_row; at < y_row; at += inner) std::copy_n(x + x_row - inner, inner, y + at);
  }
}

// A box [outer, block] taken from x at rows of x_row elements and put into y at rows of y_row elements.
void set_rows(Sizes& sizes, std::size_t outer, std::size_t block, std::size_t x_row, std::size_t x_offset,
              std::size_t y_row, std::size_t y_offset) {
  sizes[rank_at] = 2;
  sizes[sizes_at] = outer;
  sizes[sizes_at + 1] = block;
  sizes[x_strides_at] = x_row;
  sizes[x_strides_at + 1] = 1;
  sizes[y_strides_at] = y_row;
  sizes[y_strides_at + 1] = 1;
  sizes[x_offset_at] = x_offset;
  sizes[y_offset_at] = y_offset;
}

void require_axis(const Operation& operation, const Shape& x, std::size_t axis) {
  if (axis >= x.rank()) shape_error(operation, "x", x, fmt::format("a shape with an axis {}", axis));
}

}  // namespace

// Transpose

std::string Transpose::options() const { return fmt::format("{}", fmt::join(permutation_, ", ")); }

bool Transpose::same(const Operation& other) const {
  return permutation_ == static_cast<const Transpose&>(other).permutation_;
}

std::vector<Type> Transpose::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  std::vector<std::size_t> sorted = permutation_;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != i || sorted.size() != x.rank())
      shape_error(
          *this, "x", x,
          fmt::format("rank {} for the permutation ({}), which lists every axis once", permutation_.size(), options()));
  Shape y = x;
  for (std::size_t i = 0; i < x.rank(); ++i) y[i] = x[permutation_[i]];
  return {{inputs[0].dtype, y}};
}

void Transpose::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                        Sizes& sizes) const {
  const auto x = strides_of(inputs[0].shape, at);
  const auto y = strides_of(outputs[0].shape, at);
  sizes = {};
  sizes[rank_at] = permutation_.size();
  for (std::size_t i = 0; i < permutation_.size(); ++i) {
    sizes[sizes_at + i] = static_cast<std::size_t>(outputs[0].shape[i].value(at));
    sizes[x_strides_at + i] = x[permutation_[i]];
    sizes[y_strides_at + i] = y[i];
  }
}

Status Transpose::run(const Call& call) const noexcept { return run_copy(call); }

OperationPtr Transpose::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  std::vector<std::size_t> permutation{0};
  for (const std::size_t axis : permutation_) permutation.push_back(axis + 1);
  return std::make_shared<Transpose>(permutation);
}

// BroadcastTo

std::vector<Type> BroadcastTo::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  if (!(broadcast(inputs[0].shape, shape_, "broadcast_to") == shape_))
    shape_error(*this, "x", inputs[0].shape, fmt::format("a shape that broadcasts to {}", elegans::to_string(shape_)));
  return {{inputs[0].dtype, shape_}};
}

void BroadcastTo::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Shape& from = inputs[0].shape;
  const auto x = strides_of(from, at);
  const auto y = strides_of(shape_, at);
  const std::size_t offset = shape_.rank() - from.rank();
  sizes = {};
  sizes[rank_at] = shape_.rank();
  for (std::size_t i = 0; i < shape_.rank(); ++i) {
    sizes[sizes_at + i] = static_cast<std::size_t>(shape_[i].value(at));
    const bool follows = i >= offset && from[i - offset] == shape_[i] && shape_[i] != Dim(1);
    sizes[x_strides_at + i] = follows ? x[i - offset] : 0;
    sizes[y_strides_at + i] = y[i];
  }
}

Status BroadcastTo::run(const Call& call) const noexcept { return run_copy(call); }

OperationPtr BroadcastTo::stacked(std::span<const Type> inputs, std::span<const char>, const Dim& steps) const {
  if (inputs[0].shape.rank() != shape_.rank()) return nullptr;
  return std::make_shared<BroadcastTo>(shape_.inserted(0, steps));
}

// Slice

std::string Slice::options() const {
  return fmt::format("axis {}, {} to {}", options_.axis, options_.start, options_.stop);
}

std::vector<Type> Slice::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  require_axis(*this, x, options_.axis);
  const Dim& size = x[options_.axis];
  if (!size.is_constant() || options_.start < 0 || options_.stop < options_.start || options_.stop > size.factor())
    shape_error(*this, "x", x,
                fmt::format("a shape in which {} to {} of axis {} can be cut out", options_.start, options_.stop,
                            options_.axis));
  Shape y = x;
  y[options_.axis] = options_.stop - options_.start;
  return {{inputs[0].dtype, y}};
}

std::int64_t Slice::alias_offset(std::span<const Type> inputs) const {
  const Shape& x = inputs[0].shape;
  const Dim inner = x.product(options_.axis + 1, x.rank());
  if (x.product(0, options_.axis) != Dim(1) || !inner.is_constant()) return -1;
  return options_.start * inner.factor() * static_cast<std::int64_t>(size_of(inputs[0].dtype));
}

void Slice::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Around x(inputs[0].shape, options_.axis, at);
  const auto start = static_cast<std::size_t>(options_.start), stop = static_cast<std::size_t>(options_.stop);
  const std::size_t block = (stop - start) * x.inner;
  sizes = {};
  set_rows(sizes, x.outer, block, x.n * x.inner, start * x.inner, block, 0);
}

Status Slice::run(const Call& call) const noexcept { return run_copy(call); }

OperationPtr Slice::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  return std::make_shared<Slice>(SliceOptions{options_.axis + 1, options_.start, options_.stop});
}

// Pad

std::string Pad::options() const {
  return fmt::format("axis {}, {} before, to {}{}", options_.axis, options_.before, elegans::to_string(options_.size),
                     options_.with == Padding::last ? ", with the last row" : "");
}

std::vector<Type> Pad::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  require_axis(*this, x, options_.axis);
  const Dim& size = x[options_.axis];
  const bool is_known = size.is_constant() && options_.size.is_constant();
  if (options_.with == Padding::last && options_.before != 0)
    throw ConfigError({.operation = "pad",
                       .argument = "before",
                       .actual = std::to_string(options_.before),
                       .required = "0, where the last row is repeated",
                       .remedy = ""});
  if (options_.before < 0 || (is_known && options_.before > options_.size.factor() - size.factor()))
    shape_error(*this, "x", x,
                fmt::format("at most {} elements along axis {}", elegans::to_string(options_.size), options_.axis));
  Shape y = x;
  y[options_.axis] = options_.size;
  return {{inputs[0].dtype, y}};
}

bool Pad::fits(std::span<const Type> inputs, const Extents& at) const {
  return options_.before <= options_.size.value(at) - inputs[0].shape[options_.axis].value(at);
}

void Pad::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at, Sizes& sizes) const {
  const Around x(inputs[0].shape, options_.axis, at);
  const Around y(outputs[0].shape, options_.axis, at);
  sizes = {};
  set_rows(sizes, x.outer, x.n * x.inner, x.n * x.inner, 0, y.n * y.inner,
           static_cast<std::size_t>(options_.before) * x.inner);
  sizes[clear_at] = y.outer * y.n * y.inner;
  sizes[inner_at] = x.inner;
}

Status Pad::run(const Call& call) const noexcept {
  if (options_.with == Padding::last) with_floating(call.dtype, [&]<class T>(T) { repeat_last<T>(call); });
  return options_.with == Padding::last ? Status{} : run_copy(call);
}

OperationPtr Pad::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  return std::make_shared<Pad>(PadOptions{options_.axis + 1, options_.before, options_.size, options_.with});
}

// Concat: 0 the number of inputs, 1 rows of the output, 2 its row size, 3 … the block of each input.

std::string Concat::options() const { return fmt::format("axis {}", axis_); }

std::vector<Type> Concat::infer(std::span<const Type> inputs) const {
  if (inputs.empty() || inputs.size() > max_inputs)
    throw ConfigError({.operation = "concat",
                       .argument = "the number of inputs",
                       .actual = std::to_string(inputs.size()),
                       .required = fmt::format("1 to {}", max_inputs),
                       .remedy = "Concatenate in two goes."});
  require_floating(*this, inputs);
  Shape y = inputs[0].shape;
  require_axis(*this, y, axis_);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Shape& x = inputs[i].shape;
    bool fits = x.rank() == y.rank();
    for (std::size_t k = 0; fits && k < y.rank(); ++k) fits = k == axis_ || x[k] == y[k];
    if (fits) fits = x[axis_].is_constant() && y[axis_].is_constant();
    if (!fits)
      shape_error(*this, fmt::format("input {}", i).c_str(), x,
                  fmt::format("{} except at axis {}", elegans::to_string(inputs[0].shape), axis_));
    y[axis_] = y[axis_].factor() + x[axis_].factor();
  }
  return {{inputs[0].dtype, y}};
}

void Concat::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                     Sizes& sizes) const {
  const Around y(outputs[0].shape, axis_, at);
  sizes[0] = inputs.size();
  sizes[1] = y.outer;
  sizes[2] = y.n * y.inner;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    sizes[3 + i] = static_cast<std::size_t>(inputs[i].shape[axis_].value(at)) * y.inner;
}

Status Concat::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < call.sizes[0]; ++i) {
      const std::size_t block = call.sizes[3 + i];
      const std::size_t box[2] = {call.sizes[1], block};
      const std::size_t x_strides[2] = {block, 1};
      const std::size_t y_strides[2] = {call.sizes[2], 1};
      call.kernels.table<T>().copy_strided(call.in<T>(i), x_strides, call.out<T>(0) + offset, y_strides, box, 2);
      offset += block;
    }
  });
  return {};
}

OperationPtr Concat::stacked(std::span<const Type>, std::span<const char> is_stacked, const Dim&) const {
  if (!std::all_of(is_stacked.begin(), is_stacked.end(), [](char s) { return s != 0; })) return nullptr;
  return std::make_shared<Concat>(axis_ + 1);
}

// ReplaceSlice: 0 elements of x, 1 first element replaced, 2 how many.

std::string ReplaceSlice::options() const { return fmt::format("from {}", start_); }

std::vector<Type> ReplaceSlice::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 2);
  require_floating(*this, inputs);
  const Shape& x = inputs[0].shape;
  const Shape& part = inputs[1].shape;
  bool fits = x.rank() >= 1 && part.rank() == x.rank() && x[0].is_constant() && part[0].is_constant() && start_ >= 0 &&
              start_ <= x[0].factor() - part[0].factor();
  for (std::size_t k = 1; fits && k < x.rank(); ++k) fits = x[k] == part[k];
  if (!fits) shape_error(*this, "part", part, fmt::format("rows of {} from {} on", elegans::to_string(x), start_));
  return {inputs[0]};
}

bool ReplaceSlice::may_overwrite(std::size_t, std::size_t input, std::span<const Type>) const { return input == 0; }

void ReplaceSlice::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  const Shape& x = inputs[0].shape;
  sizes[0] = static_cast<std::size_t>(x.elements(at));
  sizes[1] = static_cast<std::size_t>(start_ * x.product(1, x.rank()).value(at));
  sizes[2] = static_cast<std::size_t>(inputs[1].shape.elements(at));
}

Status ReplaceSlice::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* y = call.out<T>(0);
    if (y != call.in<T>(0)) std::memcpy(y, call.in<T>(0), call.sizes[0] * sizeof(T));
    std::memcpy(y + call.sizes[1], call.in<T>(1), call.sizes[2] * sizeof(T));
  });
  return {};
}

}  // namespace elegans::ops
