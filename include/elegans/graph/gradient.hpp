#pragma once
// Differentiation as a transformation of graphs: the reverse mode writes the gradient's operations behind the graph's
// own.

#include <optional>
#include <span>
#include <vector>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

// Gradients of Σ_i ⟨outputs[i], cotangents[i]⟩ with respect to each of `wrt`; none where nothing depends on it. Loops
// on the way are extended so that they keep what their gradient needs. ConfigError where an operation on the
// way has no gradient rule.
std::vector<std::optional<Value>> gradients(std::span<const Value> outputs, std::span<const Value> cotangents,
                                            std::span<const Value> wrt);

// Gradients of the scalar `loss`; zeros where it does not depend on a value. ShapeError where loss is no scalar.
std::vector<Value> gradients(Value loss, std::span<const Value> wrt);

}  // namespace elegans::graph
