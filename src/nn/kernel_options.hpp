#pragma once
// The options that cells have for the first values, penalties and constraints of their kernels and bias, under Keras'
// names, as configuration and as weights. `Options` is the aggregate of any cell that has all nine.

#include <string>
#include <vector>

#include "elegans/base/json.hpp"
#include "nn/weight_config.hpp"

namespace elegans::nn {

enum class Role { kernel, recurrent, bias };

// The weight called `name`, of the options of its role.
template <class Options>
WeightOptions weight_options(const Options& o, Role role, std::string name, Shape shape, PatternPtr pattern = nullptr) {
  WeightOptions made{.name = std::move(name), .shape = std::move(shape), .pattern = std::move(pattern)};
  const auto take = [&](const Initialiser& initialiser, const Regulariser& regulariser, const Constraint& constraint) {
    made.initialiser = initialiser;
    made.regulariser = regulariser;
    made.constraint = constraint;
  };
  if (role == Role::kernel) take(o.kernel_initialiser, o.kernel_regulariser, o.kernel_constraint);
  if (role == Role::recurrent) take(o.recurrent_initialiser, o.recurrent_regulariser, o.recurrent_constraint);
  if (role == Role::bias) take(o.bias_initialiser, o.bias_regulariser, o.bias_constraint);
  return made;
}

// `others` and the nine keys.
inline std::vector<std::string> with_kernel_keys(std::vector<std::string> others) {
  for (const char* role : {"kernel", "recurrent", "bias"})
    for (const char* what : {"_initialiser", "_regulariser", "_constraint"}) others.push_back(std::string(role) + what);
  return others;
}

template <class Options>
void write_kernel_options(const Options& o, const std::string& owner, Json& config) {
  config["kernel_initialiser"] = to_config(o.kernel_initialiser);
  config["recurrent_initialiser"] = to_config(o.recurrent_initialiser);
  config["bias_initialiser"] = to_config(o.bias_initialiser);
  config["kernel_regulariser"] = to_config(o.kernel_regulariser, owner);
  config["recurrent_regulariser"] = to_config(o.recurrent_regulariser, owner);
  config["bias_regulariser"] = to_config(o.bias_regulariser, owner);
  config["kernel_constraint"] = to_config(o.kernel_constraint, owner);
  config["recurrent_constraint"] = to_config(o.recurrent_constraint, owner);
  config["bias_constraint"] = to_config(o.bias_constraint, owner);
}

// Missing keys leave the default.
template <class Options>
void read_kernel_options(const JsonObject& object, const std::string& source_name, Options& o) {
  const WeightConfig weights{object, source_name};
  weights.read("kernel_initialiser", o.kernel_initialiser);
  weights.read("recurrent_initialiser", o.recurrent_initialiser);
  weights.read("bias_initialiser", o.bias_initialiser);
  weights.read("kernel_regulariser", o.kernel_regulariser);
  weights.read("recurrent_regulariser", o.recurrent_regulariser);
  weights.read("bias_regulariser", o.bias_regulariser);
  weights.read("kernel_constraint", o.kernel_constraint);
  weights.read("recurrent_constraint", o.recurrent_constraint);
  weights.read("bias_constraint", o.bias_constraint);
}

}  // namespace elegans::nn
