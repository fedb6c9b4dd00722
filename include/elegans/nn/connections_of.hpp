#pragma once
// From circuits to operations: the connections that a pattern stands for.

#include "elegans/nn/weight.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::nn {

// Connection k is weight k of the pattern, from sources()[k] to targets()[k]. Patterns of equal structure share one
// object while it lives. Safe to call from any thread.
ops::ConnectionsPtr connections_of(const PatternPtr& pattern);

}  // namespace elegans::nn
