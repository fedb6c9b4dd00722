// check_cells FILE [--dtype f32|f64] [--target scalar|best]: runs every case of a golden file of cells and compares
// values and gradients with those of the reference (tools/golden_cells.hpp says what the file holds,
// tools/check_program.hpp what is printed). The loss is a sum: its error is relative where its summands together are
// above 1.
#include "check_program.hpp"
#include "golden_cells.hpp"

int main(int argc, char** argv) {
  using namespace elegans::golden;
  return run_check_program({.name = "check_cells", .about = "recurrent cells", .cases = {{"cases", run_case}}}, argc,
                           argv);
}
