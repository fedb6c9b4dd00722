#pragma once
// What every optimizer step is followed by: the nearest admissible weight in place of the new one.

#include <functional>
#include <string>
#include <string_view>

#include "elegans/graph/functions.hpp"
#include "elegans/wiring/pattern.hpp"

namespace elegans::nn {

using graph::Value;

// Writes the admissible weight from the new one, in its stored shape. A NaN must stay one, so that it is found.
struct Constraint {
  std::string name;  // under which it is saved
  std::function<Value(Value weight)> apply = {};
  explicit operator bool() const { return static_cast<bool>(apply); }
};

// max(w, 0): ncps' clipping in explicit mode.
Constraint non_negative();

// Makes a constraint known by its name, so that models with it can be saved and loaded. ConfigError where the name is
// taken.
void register_constraint(const Constraint& constraint);
// A known constraint; ConfigError with the nearest names. The empty name is no constraint.
Constraint constraint_named(std::string_view name);
// The name, for a configuration, empty for none; ConfigError, with `owner` in front, for one that is not registered.
std::string to_config(const Constraint& constraint, std::string_view owner);

}  // namespace elegans::nn
