#include "elegans/tensor/tensor.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

namespace elegans {
namespace {

constexpr double most_bytes = 4503599627370496;  // 2^52: of an array, more than machines hold

// A number in another type; DtypeError where an integer cannot hold it.
template <class To, class From>
To converted(From x) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>)
    if (!(x >= std::numeric_limits<To>::min() && x < -static_cast<double>(std::numeric_limits<To>::min())))
      throw DtypeError({.operation = "tensor",
                        .argument = "a number",
                        .actual = fmt::format("{}", x),
                        .required = "one that i32 can hold",
                        .remedy = ""});
  return static_cast<To>(x);
}

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
  double all = static_cast<double>(size_of(dtype));
  for (const Dim& size : shape) all *= static_cast<double>(size.factor());
  if (all > most_bytes)
    throw ShapeError({.operation = "tensor",
                      .argument = "the shape",
                      .actual = to_string(shape),
                      .required = "no more numbers than there can be memory for",
                      .remedy = ""});
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
    std::transform(values.begin(), values.end(), tensor.as<T>().begin(), converted<T, double>);
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
      std::transform(x.begin(), x.end(), y.begin(), converted<decltype(target), decltype(source)>);
    });
  });
}

}  // namespace elegans
