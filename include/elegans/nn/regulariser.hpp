#pragma once
// Penalties: what a weight adds to the loss while training.
//
//     l1(factor)   factor · Σ |w|            l2(factor)   factor · Σ w²
//
// One's own is a function that writes a scalar: Regulariser{.name = "smooth", .factor = 0.01, .penalty = …}. To be
// saved, its name must be registered.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;
using Json = nlohmann::json;

struct Regulariser {
  std::string name;
  double factor = 0;
  std::function<Value(Value weight)> penalty = {};

  explicit operator bool() const { return static_cast<bool>(penalty); }
  // factor · penalty(weight), a scalar.
  Value operator()(Value weight) const;
};

Regulariser l1(double factor);
Regulariser l2(double factor);

// Makes `penalty` known as `name`, so that models with it can be saved and loaded. ConfigError where the name is taken.
void register_regulariser(const std::string& name, std::function<Value(Value weight)> penalty);

// {"type": "l2", "factor": 0.01}, or null for none. ConfigError, with `owner` in front, for a penalty whose name is not
// registered, and for a type that is not known.
Json to_config(const Regulariser& regulariser, std::string_view owner);
Regulariser regulariser_from(const Json& config, std::string_view owner);

}  // namespace elegans::nn
