#include "elegans/nn/constraint.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/json.hpp"
#include "nn/named.hpp"

namespace elegans::nn {
namespace {

constexpr double epsilon = 1e-7;

Named<Constraint>& known() {
  static Named<Constraint> all("constraint", {{"non_negative", non_negative()},
                                              {"max_norm", max_norm()},
                                              {"unit_norm", unit_norm()},
                                              {"min_max_norm", min_max_norm()}});
  return all;
}

Value norm_along(Value weight, std::int64_t axis) { return sqrt(reduce_sum(square(weight), axis, graph::Keep::yes)); }

// Of [count] weights, for each: the norm of those that share its target (axis 0) or source (axis 1).
Value norm_along(Value weights, const ops::ConnectionsPtr& connections, std::int64_t axis) {
  const ops::End end = axis == 0 || axis == -2 ? ops::End::target : ops::End::source;
  return sqrt(gather(scatter_sum(square(weights), connections, end), connections, end));
}

// The constraint that gives every norm n along `axis` the size wanted(n).
template <class Wanted>
Constraint of_norms(const char* name, Json options, std::int64_t axis, Wanted wanted) {
  if (axis < -2 || axis > 1)
    throw ConfigError({name, "axis", fmt::format("{}", axis), "0 or 1, or −1 or −2 from the end",
                       "A kernel is [inputs, units]: 0 takes the norm of each unit's weights."});
  options["axis"] = axis;
  const auto resized = [wanted](Value weight, Value norm) { return weight * (wanted(norm) / (norm + epsilon)); };
  return {.name = name,
          .apply = [resized, axis](Value weight) { return resized(weight, norm_along(weight, axis)); },
          .apply_sparse =
              [resized, axis](Value weights, const ops::ConnectionsPtr& connections) {
                return resized(weights, norm_along(weights, connections, axis));
              },
          .options = std::move(options)};
}

void require(bool holds, const char* name, const char* argument, double actual, const char* required) {
  if (!holds) throw ConfigError({name, argument, fmt::format("{}", actual), required, ""});
}

}  // namespace

Constraint non_negative() {
  return {.name = "non_negative", .apply = [](Value w) { return select(less(w, constant(w, 0)), constant(w, 0), w); }};
}

Constraint max_norm(double max_value, std::int64_t axis) {
  require(max_value >= 0 && std::isfinite(max_value), "max_norm", "max_value", max_value, "a finite number >= 0");
  return of_norms("max_norm", {{"max_value", max_value}}, axis, [max_value](Value norm) {
    return select(less(constant(norm, max_value), norm), constant(norm, max_value), norm + epsilon);
  });
}

Constraint unit_norm(std::int64_t axis) {
  return of_norms("unit_norm", Json::object(), axis, [](Value norm) { return constant(norm, 1); });
}

Constraint min_max_norm(const NormLimits& limits) {
  const char* who = "min_max_norm";
  require(limits.min_value >= 0 && std::isfinite(limits.min_value), who, "min_value", limits.min_value,
          "a finite number >= 0");
  require(limits.max_value >= limits.min_value && std::isfinite(limits.max_value), who, "max_value", limits.max_value,
          "a finite number, min_value or more");
  require(limits.rate >= 0 && limits.rate <= 1, who, "rate", limits.rate, "in [0, 1]");
  Json options{{"min_value", limits.min_value}, {"max_value", limits.max_value}, {"rate", limits.rate}};
  return of_norms(who, std::move(options), limits.axis, [limits](Value norm) {
    const Value low = constant(norm, limits.min_value), high = constant(norm, limits.max_value);
    const Value outside = less(norm, low) + less(high, norm);
    const Value clipped = minimum(high, maximum(low, norm));
    return select(outside, clipped * limits.rate + norm * (1 - limits.rate), norm + epsilon);
  });
}

void register_constraint(const Constraint& constraint) {
  if (!constraint) throw ConfigError({"register_constraint", "apply", "empty", "a function that writes graph", ""});
  if (!constraint.options.empty())
    throw ConfigError({"register_constraint", "options", "set", "none", "They could not be read again."});
  known().add(constraint.name, constraint);
}

Constraint constraint_named(std::string_view name) {
  return name.empty() ? Constraint{} : known().at(name, "constraint");
}

Json to_config(const Constraint& constraint, std::string_view owner) {
  if (constraint && !known().find(constraint.name))
    throw ConfigError({std::string(owner), "constraint",
                       constraint.name.empty() ? "a function without a name" : quote(constraint.name),
                       "one that can be saved", "Make it known by register_constraint() at the start of the program."});
  if (constraint.options.empty()) return constraint.name;
  Json config = constraint.options;
  config["type"] = constraint.name;
  return config;
}

Constraint constraint_from(const Json& config, std::string_view source_name) {
  if (config.is_string()) return constraint_named(config.get<std::string>());
  const std::string source(source_name);
  const JsonObject any(config, source, {"type", "min_value", "max_value", "rate", "axis"});
  const std::string type = any.choice("type", {"max_norm", "unit_norm", "min_max_norm"});
  const auto only = [&](std::vector<std::string> keys) {
    keys.insert(keys.end(), {"type", "axis"});
    return JsonObject(config, source, std::move(keys));
  };
  const std::int64_t axis = any.integer("axis", {.at_least = -2, .at_most = 1}, 0);
  if (type == "unit_norm") return only({}), unit_norm(axis);
  if (type == "max_norm") return max_norm(only({"max_value"}).number("max_value", {.at_least = 0}, 2.0), axis);
  const JsonObject object = only({"min_value", "max_value", "rate"});
  const double low = object.number("min_value", {.at_least = 0}, 0.0);
  return min_max_norm({.min_value = low,
                       .max_value = object.number("max_value", {.at_least = low}, 1.0),
                       .rate = object.number("rate", {.at_least = 0, .at_most = 1}, 1.0),
                       .axis = axis});
}

}  // namespace elegans::nn
