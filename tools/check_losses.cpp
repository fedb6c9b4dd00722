// check_losses FILE [--dtype f32|f64] [--target scalar|best]: runs every case of a golden file of losses and compares
// values and gradients with those of the reference (tools/golden_losses.hpp says what the file holds,
// tools/check_program.hpp what is printed).
#include "check_program.hpp"
#include "golden_losses.hpp"

int main(int argc, char** argv) {
  using namespace elegans::golden;
  return run_check_program({.name = "check_losses", .about = "losses", .cases = {{"cases", run_loss_case}}}, argc,
                           argv);
}
