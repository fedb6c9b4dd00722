#include "elegans/train/callback_state.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {

void CallbackState::set_number(const std::string& name, double number) {
  set(name, Tensor::from(Shape{}, {number}, Dtype::f64));
}

const Tensor& CallbackState::at(std::string_view name, const std::string& required) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw FormatError({owner_, quote(name), "missing", required, ""});
  return found->second;
}

double CallbackState::number(std::string_view name) const { return tensor(name, Dtype::f64, Shape{}).as<double>()[0]; }

std::uint64_t CallbackState::count(std::string_view name) const {
  constexpr double most = 9007199254740992;  // whole numbers up to here are exact
  const double value = number(name);
  if (!(value >= 0 && value <= most && std::floor(value) == value))
    throw FormatError({owner_, quote(name), fmt::format("{}", value), "a whole number, 0 or more", ""});
  return static_cast<std::uint64_t>(value);
}

const Tensor& CallbackState::tensor(std::string_view name, Dtype dtype, const Shape& shape) const {
  const auto described = [](Dtype of, const Shape& with) {
    return fmt::format("{}{}", elegans::to_string(of), elegans::to_string(with));
  };
  const Tensor& tensor = at(name, described(dtype, shape));
  if (tensor.dtype() != dtype || !(tensor.shape() == shape))
    throw FormatError({owner_, quote(name), described(tensor.dtype(), tensor.shape()), described(dtype, shape), ""});
  return tensor;
}

}  // namespace elegans::train
