#pragma once
// Looking for NaN and infinity.

#include <cstddef>
#include <optional>
#include <string>

#include "elegans/tensor/dtype.hpp"

namespace elegans::train {

// The first element of `count` numbers that is NaN or infinite.
std::optional<std::size_t> first_not_finite(const void* numbers, std::size_t count, Dtype dtype) noexcept;

// The number; "nan" whatever its sign.
std::string to_text(double number);

// "nan at element 3"
std::string number_at(const void* numbers, std::size_t element, Dtype dtype);

}  // namespace elegans::train
