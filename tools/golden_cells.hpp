#pragma once
// Cases of a golden file of recurrent cells (format: ../shared/spec/goldens/cells.json), run and compared.
//
// A case names the cell ("ltc" or "cfc"), its wiring or units, `options` under the reference's own argument names,
// parameters in the reference's layout, inputs (x, dt, lengths, h0, c0), the cotangent of the output (seed_grad), and
// what the reference answered: y, state, cell_state, loss = Σ y · seed_grad, and gradients. Matrices of a circuit are
// full there: of our weights each number has a place in one of them, and what stands elsewhere must have no gradient.
//
// The error of the loss Σ y · seed_grad is relative to Σ |y · seed_grad| where this is above 1.

#include "elegans/kernels/table.hpp"
#include "golden_case.hpp"

namespace elegans::golden {

// Runs a case. Throws Error where it cannot be run: an unknown cell, option or parameter, a circuit other than the
// file's, a length beyond the steps, or an array that is missing or has other numbers than it should.
CaseResult run_case(const nlohmann::json& golden, Dtype dtype, kernels::Target target);

}  // namespace elegans::golden
