#include "elegans/nn/constraint.hpp"

#include "nn/named.hpp"

namespace elegans::nn {
namespace {

Named<Constraint>& known() {
  static Named<Constraint> all("constraint", {{"non_negative", non_negative()}});
  return all;
}

}  // namespace

Constraint non_negative() {
  return {"non_negative", [](Value w) { return select(less(w, constant(w, 0)), constant(w, 0), w); }};
}

void register_constraint(const Constraint& constraint) {
  if (!constraint) throw ConfigError({"register_constraint", "apply", "empty", "a function that writes graph", ""});
  known().add(constraint.name, constraint);
}

Constraint constraint_named(std::string_view name) {
  return name.empty() ? Constraint{} : known().at(name, "constraint");
}

std::string to_config(const Constraint& constraint, std::string_view owner) {
  if (constraint && !known().find(constraint.name))
    throw ConfigError({std::string(owner), "constraint",
                       constraint.name.empty() ? "a function without a name" : quote(constraint.name),
                       "one that can be saved", "Make it known by register_constraint() at the start of the program."});
  return constraint.name;
}

}  // namespace elegans::nn
