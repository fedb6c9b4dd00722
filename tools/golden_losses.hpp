#pragma once
// Cases of a golden file of losses (format: ../shared/spec/layers.md, section 7), run and compared.
//
// A case names the loss, its `config` (the reduction among it), inputs (predictions, targets; sample_weight and mask of
// the shape of the places or a prefix of it; class_weight), the value, the cotangent of the value and the gradient of
// the predictions. `weight`, what every place counts, follows from the inputs and is not read.

#include "elegans/kernels/table.hpp"
#include "golden_case.hpp"

namespace elegans::golden {

// Runs a case. Throws Missing where elegans does not have the loss, Error where the case cannot be run: an option that
// is not known or out of its range, an array that is missing or has another shape than it should.
CaseResult run_loss_case(const nlohmann::json& golden, Dtype dtype, kernels::Target target);

}  // namespace elegans::golden
