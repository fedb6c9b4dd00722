#pragma once
// The oracle of every gradient: central differences in float64 on the scalar target.

#include <functional>
#include <string>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "support/random_tensor.hpp"

namespace elegans::testing {

struct GradientCase {
  std::vector<Tensor> inputs;                                                        // f64
  std::function<std::vector<graph::Value>(const std::vector<graph::Value>&)> write;  // outputs from inputs
  std::vector<Shape> shapes = {};     // symbolic shapes of the inputs, where they are not constant
  std::vector<Tensor> integers = {};  // i32 inputs behind the others, not differentiated for
  std::vector<Shape> integer_shapes = {};
  Extents reserve = {};                   // the largest extents; those of the run follow from the inputs
  std::vector<std::string> disable = {};  // passes that do not run
  kernels::Target target = kernels::Target::scalar;
};

// The graph's values and the gradients of loss = Σ_i y_i cos(y_i + 0.37 (i + 1)) over all elements of all outputs y_i.
struct GradientResult {
  std::vector<Tensor> outputs;
  std::vector<Tensor> gradients;
};
GradientResult run_case(const GradientCase& test);

// Fails the test where a gradient differs from (loss(x + h) − loss(x − h)) / 2h by more than 1e-6 of the larger of 1
// and its size. With h = 1e-5 the truncation is of order h² = 1e-10 and the rounding of order 1e-16/h = 1e-11, each
// times the size of the loss, which stays below 100 in these tests.
void check_gradient(const GradientCase& test);

}  // namespace elegans::testing
