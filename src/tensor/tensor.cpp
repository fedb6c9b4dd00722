#include "elegans/tensor/tensor.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

namespace elegans {
namespace {

template <class Function>
void with_type(Dtype dtype, Function&& function) {
  switch (dtype) {
    case Dtype::f32:
      return function(float{});
    case Dtype::f64:
      return function(double{});
    case Dtype::i32:
      return function(std::int32_t{});
  }
}

}  // namespace

void View::require(Dtype wanted) const {
  if (dtype != wanted)
    throw DtypeError({.operation = "view",
                      .argument = "the dtype",
                      .actual = std::string(to_string(dtype)),
                      .required = std::string(to_string(wanted)),
                      .remedy = fmt::format("Convert with Tensor::to(Dtype::{}).", to_string(wanted))});
}

Tensor::Tensor(const Shape& shape, Dtype dtype) : dtype_(dtype), shape_(shape) {
  if (!shape.is_constant())
    throw ShapeError({.operation = "tensor",
                      .argument = "the shape",
                      .actual = to_string(shape),
                      .required = "numbers only",
                      .remedy = "Replace batch and time by their sizes: shape.at({.batch = …, .time = …})."});
  memory_ = AlignedBuffer(bytes());
}

Tensor Tensor::from(const Shape& shape, std::span<const double> values, Dtype dtype) {
  Tensor tensor(shape, dtype);
  if (values.size() != tensor.elements())
    throw ShapeError({.operation = "tensor",
                      .argument = "the number of values",
                      .actual = std::to_string(values.size()),
                      .required = fmt::format("{} for shape {}", tensor.elements(), to_string(shape)),
                      .remedy = ""});
  with_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    std::transform(values.begin(), values.end(), tensor.as<T>().begin(), [](double x) { return static_cast<T>(x); });
  });
  return tensor;
}

Tensor Tensor::in(AlignedBuffer memory, const Shape& shape, Dtype dtype) {
  Tensor tensor;
  tensor.memory_ = std::move(memory);
  tensor.dtype_ = dtype;
  tensor.shape_ = shape;
  ensure(tensor.memory_.bytes() == tensor.bytes(), "a tensor is laid into memory of another size");
  return tensor;
}

Tensor::Tensor(const Tensor& other) : memory_(other.bytes()), dtype_(other.dtype_), shape_(other.shape_) {
  if (other.bytes() > 0) std::memcpy(memory_.data(), other.memory_.data(), other.bytes());
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

std::vector<double> Tensor::values() const {
  std::vector<double> result(elements());
  with_type(dtype_, [&](auto zero) {
    const auto source = as<decltype(zero)>();
    std::copy(source.begin(), source.end(), result.begin());
  });
  return result;
}

Tensor Tensor::to(Dtype dtype) const {
  Tensor result(shape_, dtype);
  copy(view(), result.view());
  return result;
}

void copy(const View& from, const View& to) {
  if (!(from.shape == to.shape))
    throw ShapeError({.operation = "copy",
                      .argument = "to",
                      .actual = to_string(to.shape),
                      .required = to_string(from.shape) + ", the shape of from",
                      .remedy = ""});
  with_type(from.dtype, [&](auto source) {
    with_type(to.dtype, [&](auto target) {
      const auto x = from.as<decltype(source)>();
      const auto y = to.as<decltype(target)>();
      std::transform(x.begin(), x.end(), y.begin(), [](auto v) { return static_cast<decltype(target)>(v); });
    });
  });
}

}  // namespace elegans
