#pragma once
// The programs check_cells, check_losses, … FILE [--dtype f32|f64] [--target scalar|best]: they run every case of a
// golden file and compare values and gradients with those of the reference.
//
// A line a case, with the largest errors of every value and every gradient, and a last line with the maximum. Errors
// are absolute, relative for numbers above 1. Bounds: f64 1e-10 for values and 1e-8 for gradients, f32 2e-6 and 1e-4.
//
//     OK   NAME: value 1.1e-16; gradients: predictions 2.2e-16
//     FAIL NAME: value 1.0e-05; gradients: predictions 2.2e-16; broken: value (bound 1e-10)
//     missing NAME: elegans has no loss 'ctc'
//     maximum: values … (bound …), gradients … (bound …); 1 of 3 cases hold, 1 missing, f64 with AVX2 kernels
//
// Exit status: 0 all within the bounds, 1 a bound is broken or a case cannot be run (one that is missing alone is no
// failure, but is counted), 2 the file cannot be read or the program was called wrongly.

#include <string>
#include <vector>

#include "elegans/kernels/table.hpp"
#include "golden_case.hpp"

namespace elegans::golden {

struct CheckProgram {
  // The cases under one key of the file. `run` throws Missing where elegans does not have what a case is of, and Error
  // where the case cannot be run.
  struct Cases {
    const char* key;
    CaseResult (*run)(const nlohmann::json& golden, Dtype dtype, kernels::Target target);
  };
  const char* name;          // "check_losses"
  const char* about;         // "losses"
  std::vector<Cases> cases;  // the first must be in the file, others may
};

// What main() returns.
int run_check_program(const CheckProgram& program, int argc, char** argv);

}  // namespace elegans::golden
