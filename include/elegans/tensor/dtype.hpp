#pragma once
// Element types. There is no implicit promotion: mixing two is a DtypeError that names the conversion.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "elegans/base/error.hpp"

namespace elegans {

enum class Dtype : std::uint8_t { f32, f64, i32 };

constexpr std::size_t size_of(Dtype dtype) { return dtype == Dtype::f64 ? 8 : 4; }
constexpr bool is_floating(Dtype dtype) { return dtype != Dtype::i32; }

std::string_view to_string(Dtype dtype);
// The dtype called "f32", "f64" or "i32"; ConfigError for any other name.
Dtype dtype_named(std::string_view name);

template <class T>
inline constexpr Dtype dtype_of = [] {
  static_assert(sizeof(T) == 0, "elegans has no dtype for this type");
  return Dtype::f32;
}();
template <>
inline constexpr Dtype dtype_of<float> = Dtype::f32;
template <>
inline constexpr Dtype dtype_of<double> = Dtype::f64;
template <>
inline constexpr Dtype dtype_of<std::int32_t> = Dtype::i32;

}  // namespace elegans
