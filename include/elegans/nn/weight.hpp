#pragma once
// Weights: named arrays that training changes.
//
// A weight over a Pattern has the logical shape [inputs, outputs] of the pattern but stores only the weights that exist, one a
// connection, in the order of the pattern: its stored shape is [count].

#include <functional>
#include <memory>
#include <string>

#include "elegans/graph/functions.hpp"
#include "elegans/nn/initialiser.hpp"
#include "elegans/tensor/tensor.hpp"
#include "elegans/wiring/pattern.hpp"

namespace elegans::nn {

using graph::Value;
using PatternPtr = std::shared_ptr<const wiring::Pattern>;

// A penalty added to the loss: writes a scalar from the weight. Empty for none.
using Regulariser = std::function<Value(Value weight)>;

// What an optimizer step is followed by: writes the admissible weight from the new one. Named, so that it can be saved.
struct Constraint {
  std::string name;  // empty for none
  std::function<Value(Value weight)> apply;
};
// max(w, 0): the reference's clipping in explicit mode.
Constraint non_negative();

struct WeightOptions {
  std::string name;
  Shape shape;
  Initialiser initialiser = GlorotUniform{};
  Regulariser regulariser = {};
  Constraint constraint = {};
  bool trainable = true;
  PatternPtr pattern = nullptr;
};

struct Weight {
  WeightOptions options;
  std::string path;  // layer and name, "cfc/ff1/kernel"; unique in a model
  Tensor value;      // of the stored shape

  const Shape& stored_shape() const { return value.shape(); }
};

using WeightPtr = std::shared_ptr<Weight>;

}  // namespace elegans::nn
