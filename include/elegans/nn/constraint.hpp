#pragma once
// What every optimizer step is followed by: the nearest admissible weight in place of the new one.
//
//     non_negative()     max(w, 0): ncps' clipping in explicit mode
//     max_norm(m)        w m / (|w| + 1e-7) where |w| > m                          Srebro & Shraibman 2005
//     unit_norm()        w / (|w| + 1e-7)
//     min_max_norm(…)    w (rate · clip(|w|, min, max) + (1 − rate) |w|) / (|w| + 1e-7) where |w| is outside
//
// |w| is the Euclidean norm along `axis`: of a kernel [inputs, units] and axis 0, the default, that of each unit's
// incoming weights; of axis 1, of each input's outgoing ones. Of a weight with a pattern the weights that exist count.
// Names, defaults and the 1e-7 are those of Keras; what is admissible already stays as it is, bit for bit (in Keras it
// shrinks by 1e-7 of itself).

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "elegans/graph/functions.hpp"
#include "elegans/wiring/pattern.hpp"

namespace elegans::nn {

using graph::Value;
using Json = nlohmann::json;

struct Constraint {
  std::string name;  // under which it is saved
  // Writes the admissible weight from the new one, in its stored shape. A NaN must stay one, so that it is found.
  std::function<Value(Value weight)> apply = {};
  // The same for the weights of a pattern, [count] (nn/connections_of.hpp). Empty where `apply` looks at each number by
  // itself and does for them too.
  std::function<Value(Value weights, const ops::ConnectionsPtr& connections)> apply_sparse = {};
  Json options = Json::object();  // saved beside the name

  explicit operator bool() const { return static_cast<bool>(apply); }
};

struct NormLimits {
  double min_value = 0;
  double max_value = 1;
  double rate = 1;  // 1 moves all the way to the nearest norm within the limits
  std::int64_t axis = 0;
};

Constraint non_negative();
// ConfigError where a limit is negative or not finite, min_value is above max_value, or rate is not in [0, 1].
Constraint max_norm(double max_value = 2, std::int64_t axis = 0);
Constraint unit_norm(std::int64_t axis = 0);
Constraint min_max_norm(const NormLimits& limits = {});

// Makes a constraint without options known by its name, so that models with it can be saved and loaded. ConfigError
// where the name is taken.
void register_constraint(const Constraint& constraint);
// A known constraint with its defaults; ConfigError with the nearest names. The empty name is no constraint.
Constraint constraint_named(std::string_view name);

// The name, or {"type": "max_norm", "max_value": 2, "axis": 0} where there are options; empty for none. ConfigError,
// with `owner` in front, for one that is not registered. FormatError, beginning with `source_name`, for a configuration
// that is neither.
Json to_config(const Constraint& constraint, std::string_view owner);
Constraint constraint_from(const Json& config, std::string_view source_name);

}  // namespace elegans::nn
