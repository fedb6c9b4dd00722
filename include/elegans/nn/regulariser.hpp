#pragma once
// Penalties: what a weight, or the answers of a layer, add to the loss while training.
//
//     l1(factor)          factor · Σ |w|
//     l2(factor)          factor · Σ w²
//     l1_l2(one, two)     one · Σ |w| + two · Σ w²
//
// One's own is a function that writes a scalar: Regulariser{.name = "smooth", .factor = 0.01, .penalty = …}. To be
// saved, its name must be registered.
//
// Of a layer's answers (an "activity" regulariser) the loss gets the mean over the sequences of a batch of
// penalty(answers of the sequence), whatever the size of the batch, as TensorFlow's Keras has it. Steps that are
// skipped or past the end of a sequence do not count. A penalty must be a sum over the numbers that it sees, and 0 for
// a 0.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;
using Json = nlohmann::json;

struct Regulariser {
  std::string name;
  double factor = 0;
  std::function<Value(Value weight)> penalty = {};
  std::vector<Regulariser> also = {};  // others whose penalties are added

  explicit operator bool() const { return static_cast<bool>(penalty); }
  // factor · penalty(weight), and those of the others: a scalar.
  Value operator()(Value weight) const;
};

Regulariser l1(double factor);
Regulariser l2(double factor);
Regulariser l1_l2(double l1_factor, double l2_factor);

// Makes `penalty` known as `name`, so that models with it can be saved and loaded. ConfigError where the name is taken.
void register_regulariser(const std::string& name, std::function<Value(Value weight)> penalty);

// {"type": "l2", "factor": 0.01}, a list of such where there are several, or null for none. ConfigError, with `owner`
// in front, for a penalty whose name is not registered, and for a type that is not known.
Json to_config(const Regulariser& regulariser, std::string_view owner);
Regulariser regulariser_from(const Json& config, std::string_view owner);

}  // namespace elegans::nn
