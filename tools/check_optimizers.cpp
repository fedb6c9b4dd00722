// check_optimizers FILE [--dtype f32|f64] [--target scalar|best]: runs every case of a golden file of optimizers and
// learning-rate schedules and compares parameters, norms of gradients and rates with those of the reference
// (tools/golden_optimizers.hpp says how, tools/check_program.hpp what is printed).
//
// The bound of f32 is that of all values, 2e-6: a parameter below 1 is rounded once a step (6e-8), and a step, at most
// 0.1 here, is computed with a dozen roundings; six steps make less than 1e-6.
#include "check_program.hpp"
#include "golden_optimizers.hpp"

int main(int argc, char** argv) {
  using namespace elegans::golden;
  return run_check_program({.name = "check_optimizers",
                            .about = "optimizers and schedules",
                            .cases = {{"cases", run_optimizer_case}, {"schedules", run_schedule_case}}},
                           argc, argv);
}
