#include "elegans/nn/regulariser.hpp"

#include <fmt/format.h>
#include <cmath>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "nn/named.hpp"

namespace elegans::nn {
namespace {

using Penalty = std::function<Value(Value)>;

Named<Penalty>& known() {
  static Named<Penalty> all(
      "regulariser", {{"l1", [](Value w) { return sum(abs(w)); }}, {"l2", [](Value w) { return sum(square(w)); }}});
  return all;
}

Regulariser make(const std::string& name, double factor, std::string_view owner) {
  if (!(std::isfinite(factor) && factor >= 0))
    throw ConfigError(
        {std::string(owner), "factor of the regulariser", fmt::format("{}", factor), "a finite number, 0 or more", ""});
  return {.name = name, .factor = factor, .penalty = known().at(name, owner)};
}

Regulariser one_from(const Json& config, std::string_view owner) {
  const JsonObject object(config, std::string(owner), {"type", "factor"});
  return make(object.text("type"), object.number("factor"), owner);
}

}  // namespace

Value Regulariser::operator()(Value weight) const {
  const Value value = penalty(weight);
  if (value.shape().rank() != 0)
    throw ShapeError({"regulariser", "the penalty", to_string(value.shape()), "a scalar []", "End with sum(…)."});
  Value sum = value * factor;
  for (const Regulariser& other : also) sum = sum + other(weight);
  return sum;
}

Regulariser l1(double factor) { return make("l1", factor, "l1"); }
Regulariser l2(double factor) { return make("l2", factor, "l2"); }
Regulariser l1_l2(double l1_factor, double l2_factor) {
  Regulariser both = l1(l1_factor);
  both.also.push_back(l2(l2_factor));
  return both;
}

void register_regulariser(const std::string& name, Penalty penalty) {
  if (!penalty) throw ConfigError({"register_regulariser", "penalty", "empty", "a function that writes graph", ""});
  known().add(name, std::move(penalty));
}

Json to_config(const Regulariser& regulariser, std::string_view owner) {
  if (!regulariser) return nullptr;
  if (!known().find(regulariser.name))
    throw ConfigError({std::string(owner), "regulariser",
                       regulariser.name.empty() ? "a function without a name" : quote(regulariser.name),
                       "one that can be saved",
                       "Make it known by register_regulariser(\"name\", penalty) at the start of the program."});
  Json own{{"type", regulariser.name}, {"factor", regulariser.factor}};
  if (regulariser.also.empty()) return own;
  Json all = Json::array({std::move(own)});
  for (const Regulariser& other : regulariser.also) all.push_back(to_config(other, owner));
  return all;
}

Regulariser regulariser_from(const Json& config, std::string_view owner) {
  if (config.is_null()) return {};
  if (config.is_array() && !config.empty()) {
    Regulariser first = one_from(config[0], owner);
    for (std::size_t i = 1; i < config.size(); ++i) first.also.push_back(one_from(config[i], owner));
    return first;
  }
  return one_from(config, owner);
}

}  // namespace elegans::nn
