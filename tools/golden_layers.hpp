#pragma once
// Cases of a golden file of layers (format: ../shared/spec/layers.md), run and compared.
//
// A case names the layer with all of its options, its inputs (x, and of a recurrent layer lengths and first states), its
// weights, what came out, a cotangent for each output, loss = Σ outputs · cotangents, and the gradients of the loss for
// every floating input and every weight. The two halves of a bidirectional layer have the prefixes "forward_" and
// "backward_".

#include "elegans/kernels/table.hpp"
#include "golden_case.hpp"

namespace elegans::golden {

// Missing where elegans does not have the layer. Error where the case cannot be run: an option or array that is unknown
// or missing, or an array of another shape than the layer has.
CaseResult run_layer_case(const nlohmann::json& golden, Dtype dtype, kernels::Target target);

}  // namespace elegans::golden
