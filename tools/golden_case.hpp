#pragma once
// What cases of all golden files have in common: how they are compared, and the arrays that they hold.

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "elegans/tensor/tensor.hpp"

namespace elegans::golden {

// Errors are absolute, relative for expected numbers above 1.
struct Comparison {
  std::string name;
  bool is_gradient = false;
  double error = 0;  // the largest; infinity where something is not finite
};

struct CaseResult {
  std::vector<Comparison> comparisons;
  std::vector<std::string> not_compared = {};  // gradients that the file does not have
};

// A case of something that elegans does not have yet: "loss 'ctc'".
class Missing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The largest errors that a number of this type may have.
struct Bounds {
  double value = 0;
  double gradient = 0;
};
inline Bounds bounds_of(Dtype dtype) { return dtype == Dtype::f64 ? Bounds{1e-10, 1e-8} : Bounds{2e-6, 1e-4}; }

// The largest error of `actual`. FormatError naming `what` where the file has another number of numbers.
double largest_error(const std::vector<double>& actual, const std::vector<double>& expected, const std::string& what);

// The array {"shape": [2, 3], "data": [flat], "dtype": "i32"} under `key`: i32 where it says so, else of `dtype`.
// FormatError naming the key where it is missing, no such array, or holds what is no finite number or no i32.
Tensor tensor_at(const nlohmann::json& object, const char* key, Dtype dtype);

}  // namespace elegans::golden
