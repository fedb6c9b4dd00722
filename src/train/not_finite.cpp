#include "train/not_finite.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/kernels/table.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::train {

std::optional<std::size_t> first_not_finite(const void* numbers, std::size_t count, Dtype dtype) noexcept {
  std::optional<std::size_t> found;
  ops::with_floating(dtype, [&]<class T>(T) {
    const T* const values = static_cast<const T*>(numbers);
    // Numbers with a finite sum are finite; others are looked at one by one. The sum runs as fast as memory can be
    // read.
    T sum = 0;
    kernels::table<T>(kernels::Target::best).reduce_sum(values, &sum, 1, count, 1);
    if (std::isfinite(sum)) return;
    for (std::size_t i = 0; i < count && !found; ++i)
      if (!std::isfinite(values[i])) found = i;
  });
  return found;
}

std::string to_text(double number) { return std::isnan(number) ? "nan" : fmt::format("{}", number); }

std::string number_at(const void* numbers, std::size_t element, Dtype dtype) {
  return ops::with_floating(dtype, [&]<class T>(T) {
    return fmt::format("{} at element {}", to_text(static_cast<double>(static_cast<const T*>(numbers)[element])),
                       element);
  });
}

}  // namespace elegans::train
