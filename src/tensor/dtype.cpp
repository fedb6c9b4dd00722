#include "elegans/tensor/dtype.hpp"

#include <array>
#include <string>

#include "elegans/base/suggest.hpp"

namespace elegans {

std::string_view to_string(Dtype dtype) {
  switch (dtype) {
    case Dtype::f32:
      return "f32";
    case Dtype::f64:
      return "f64";
    case Dtype::i32:
      return "i32";
  }
  return "unknown";
}

Dtype dtype_named(std::string_view name) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64, Dtype::i32})
    if (to_string(dtype) == name) return dtype;
  const std::array<std::string, 3> known{"f32", "f64", "i32"};
  throw ConfigError({.operation = "dtype",
                     .argument = "the name",
                     .actual = "'" + std::string(name) + "'",
                     .required = "the name of an element type",
                     .remedy = suggest(name, known)});
}

}  // namespace elegans
