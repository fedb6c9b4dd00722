#pragma once
// The table of operations: what the graph knows of each beyond its shape rule, cost and kernel (ops/operation.hpp).
//
// Adding an operation adds one row. The recipe stands in CONTRIBUTING.md.

#include <optional>
#include <span>
#include <string_view>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

// One node while its gradient is written. `x` are its inputs, `y` its outputs, `g` the gradients of its outputs (none
// where nothing depends on one). The rule sets `dx` of the inputs that are `wanted`; what it leaves empty has no
// gradient.
struct GradientCall {
  Graph& graph;
  const ops::Operation& operation;
  std::span<const Value> x;
  std::span<const Value> y;
  std::span<const std::optional<Value>> g;
  std::span<const char> wanted;
  std::span<std::optional<Value>> dx;
};

struct TableRow {
  std::string_view name;
  // Writes the gradient; null where none passes (comparisons, integers, random numbers).
  void (*gradient)(const GradientCall& call);
};

// The row of an operation; ConfigError naming the operation where there is none. Elementwise functions share one row.
const TableRow& row_of(const ops::Operation& operation);

}  // namespace elegans::graph
