#include "elegans/tensor/shape.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/error.hpp"

namespace elegans {

Dim operator*(const Dim& a, const Dim& b) {
  if (a.extents_ & b.extents_)
    throw ShapeError({.operation = "shape",
                      .argument = "a product of sizes",
                      .actual = fmt::format("({}) * ({})", to_string(a), to_string(b)),
                      .required = "each of batch and time at most once",
                      .remedy = ""});
  std::int64_t factor = 0;
  if (__builtin_mul_overflow(a.factor_, b.factor_, &factor))
    throw ShapeError({.operation = "shape",
                      .argument = "a product of sizes",
                      .actual = fmt::format("({}) * ({})", to_string(a), to_string(b)),
                      .required = "below 2^63",
                      .remedy = ""});
  return Dim(factor, a.extents_ | b.extents_);
}

Dim operator/(const Dim& a, const Dim& b) {
  if (b.factor_ == 0 || a.factor_ % b.factor_ != 0 || (b.extents_ & ~a.extents_) != 0)
    throw ShapeError({.operation = "shape",
                      .argument = "a quotient of sizes",
                      .actual = fmt::format("({}) / ({})", to_string(a), to_string(b)),
                      .required = "a whole number",
                      .remedy = ""});
  return Dim(a.factor_ / b.factor_, static_cast<std::uint8_t>(a.extents_ & ~b.extents_));
}

std::string to_string(const Dim& dim) {
  if (dim.is_constant()) return std::to_string(dim.factor());
  std::string text = dim.factor() == 1 ? "" : std::to_string(dim.factor());
  const auto append = [&](const char* word) { text += (text.empty() ? "" : "*") + std::string(word); };
  if (dim.uses_segments()) append("segments");
  if (dim.uses_time()) append("time");
  if (dim.uses_batch()) append("batch");
  return text;
}

Shape::Shape(std::span<const Dim> sizes) : rank_(sizes.size()) {
  if (rank_ > max_rank)
    throw ShapeError({.operation = "shape",
                      .argument = "the rank",
                      .actual = std::to_string(rank_),
                      .required = fmt::format("at most {}", max_rank),
                      .remedy = ""});
  for (const Dim& size : sizes)
    if (size.factor() < 0)
      throw ShapeError({.operation = "shape",
                        .argument = "a size",
                        .actual = to_string(size),
                        .required = "0 or more",
                        .remedy = ""});
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
}

Shape Shape::of(std::span<const std::int64_t> sizes) {
  std::array<Dim, max_rank> dims;
  for (std::size_t i = 0; i < std::min(sizes.size(), max_rank); ++i) dims[i] = sizes[i];
  if (sizes.size() > max_rank)
    throw ShapeError(fmt::format("shape: the rank is {}; expected at most {}.", sizes.size(), max_rank));
  return Shape(std::span<const Dim>(dims.data(), sizes.size()));
}

bool Shape::is_constant() const {
  return std::all_of(begin(), end(), [](const Dim& d) { return d.is_constant(); });
}

Dim Shape::product(std::size_t first, std::size_t last) const {
  Dim size = 1;
  for (std::size_t i = first; i < last; ++i) size = size * sizes_[i];
  return size;
}

std::int64_t Shape::elements(const Extents& at) const {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < rank_; ++i) count *= sizes_[i].value(at);
  return count;
}

Shape Shape::inserted(std::size_t axis, const Dim& size) const {
  std::array<Dim, max_rank + 1> sizes{};
  std::copy(begin(), begin() + axis, sizes.begin());
  sizes[axis] = size;
  std::copy(begin() + axis, end(), sizes.begin() + axis + 1);
  return Shape(std::span<const Dim>(sizes.data(), rank_ + 1));
}

Shape Shape::removed(std::size_t axis) const {
  Shape shape = *this;
  std::copy(begin() + axis + 1, end(), shape.sizes_.begin() + axis);
  shape.sizes_[--shape.rank_] = Dim();
  return shape;
}

Shape Shape::at(const Extents& extents) const {
  Shape shape = *this;
  for (std::size_t i = 0; i < rank_; ++i) shape.sizes_[i] = sizes_[i].value(extents);
  return shape;
}

bool operator==(const Shape& a, const Shape& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.rank(); ++i) text += (i ? ", " : "") + to_string(shape[i]);
  return text + "]";
}

std::size_t axis_of(std::int64_t axis, const Shape& shape, const char* operation) {
  const auto rank = static_cast<std::int64_t>(shape.rank());
  if (axis < -rank || axis >= rank)
    throw ShapeError({.operation = operation,
                      .argument = "the axis",
                      .actual = std::to_string(axis),
                      .required = fmt::format("{} to {}, for the shape is {}", -rank, rank - 1, to_string(shape)),
                      .remedy = ""});
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

Shape broadcast(const Shape& a, const Shape& b, const char* operation) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  const std::size_t offset = longer.rank() - shorter.rank();
  for (std::size_t i = 0; i < shorter.rank(); ++i) {
    const Dim& x = longer[offset + i];
    const Dim& y = shorter[i];
    if (x == y || y == Dim(1)) continue;
    if (x != Dim(1))
      throw ShapeError(
          {.operation = operation,
           .argument = "b",
           .actual = to_string(b),
           .required = fmt::format("a shape that broadcasts with a, {}: aligned at the last axis, sizes equal or 1",
                                   to_string(a)),
           .remedy = "Reshape one of them so that the axes line up."});
    result[offset + i] = y;
  }
  return result;
}

}  // namespace elegans
