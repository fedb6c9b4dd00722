#pragma once
// Cases of a golden file of optimizers and schedules (format: ../shared/spec/layers.md, sections 8 and 9), run and
// compared.
//
// The parameters of a case are the weights of a model, which a Trainer updates: its gradients are replaced by those of
// the file, everything else is the library's own way. Compared are the parameters after every step, the norm of all
// gradients and, under a schedule, the rates.

#include "elegans/kernels/table.hpp"
#include "golden_case.hpp"

namespace elegans::golden {

// A case under "cases". Throws Missing for an optimizer or schedule that elegans does not have, Error where the case
// cannot be run: an option that is missing or unknown, arrays of other shapes.
CaseResult run_optimizer_case(const nlohmann::json& golden, Dtype dtype, kernels::Target target);

// A case under "schedules": the rates of all steps. Schedules compute in f64 whatever the dtype.
CaseResult run_schedule_case(const nlohmann::json& golden, Dtype dtype, kernels::Target target);

}  // namespace elegans::golden
