#include "golden_case.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"

namespace elegans::golden {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const char* key, const std::string& actual) {
  throw FormatError({.operation = fmt::format("'{}'", key),
                     .argument = "the array",
                     .actual = actual,
                     .required = R"({"shape": [whole numbers], "data": [as many numbers]})",
                     .remedy = ""});
}

std::vector<std::int64_t> shape_of(const char* key, const json& array) {
  if (!array.contains("shape") || !array["shape"].is_array()) refuse(key, "without a shape");
  std::vector<std::int64_t> shape;
  for (const json& size : array["shape"]) {
    if (!size.is_number_integer() || size.get<std::int64_t>() < 0 || size.get<std::int64_t>() > (1 << 30))
      refuse(key, fmt::format("of shape {}", array["shape"].dump()));
    shape.push_back(size.get<std::int64_t>());
  }
  return shape;
}

}  // namespace

double largest_error(const std::vector<double>& actual, const std::vector<double>& expected, const std::string& what) {
  if (actual.size() != expected.size())
    throw FormatError(
        fmt::format("'{}' has {} numbers in the file; {} were computed.", what, expected.size(), actual.size()));
  double largest = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(actual[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    largest = std::max(largest, std::isfinite(error) ? error : std::numeric_limits<double>::infinity());
  }
  return largest;
}

Tensor tensor_at(const json& object, const char* key, Dtype dtype) {
  if (!object.is_object() || !object.contains(key)) refuse(key, "missing");
  const json& array = object[key];
  if (!array.is_object()) refuse(key, fmt::format("{}", array.type_name()));
  const std::vector<std::int64_t> shape = shape_of(key, array);
  if (!array.contains("data") || !array["data"].is_array()) refuse(key, "without data");
  const bool integers = array.value("dtype", "f64") == "i32";
  std::vector<double> numbers;
  for (const json& number : array["data"]) {
    if (!number.is_number()) refuse(key, fmt::format("with {} among its numbers", number.dump()));
    numbers.push_back(number.get<double>());
    const double size = std::abs(numbers.back());
    if (integers && (size != std::floor(size) || size > std::numeric_limits<std::int32_t>::max()))
      refuse(key, fmt::format("i32 with {} among its numbers", number.dump()));
  }
  double expected = 1;
  for (const std::int64_t size : shape) expected *= static_cast<double>(size);
  if (expected != static_cast<double>(numbers.size()))
    refuse(key, fmt::format("of shape {} with {} numbers", array["shape"].dump(), numbers.size()));
  return Tensor::from(Shape::of(shape), numbers, integers ? Dtype::i32 : dtype);
}

}  // namespace elegans::golden
