#pragma once

#include <cstdint>
#include <random>

#include "elegans/tensor/tensor.hpp"

namespace elegans::testing {

// Numbers for tests in float64, uniform in [low, high), from a seed.
inline Tensor random_tensor(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  Tensor tensor(shape, Dtype::f64);
  for (double& x : tensor.as<double>()) x = uniform(engine);
  return tensor;
}

}  // namespace elegans::testing
