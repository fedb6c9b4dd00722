#pragma once
// What the program tells the shell; docs/cli.md and `elegans --help` list the same.

#include <string_view>

namespace elegans::cli {

enum ExitCode : int {
  success = 0,
  some_refused = 1,     // `run` went to the end and refused some rows
  usage_error = 2,      // an option or argument, or a hyper-parameter out of its range
  data_error = 3,       // a file that cannot be read or written, or whose content is not what it should be
  training_failed = 4,  // the loss, a gradient or a weight was not finite; of a sweep, in one run or more
  internal_error = 70,  // elegans broke a promise to itself
};

inline constexpr std::string_view exit_codes_help =
    "Exit codes\n"
    "  0   done\n"
    "  1   run: done, but some rows were refused\n"
    "  2   a wrong option, argument or setting, in a file of settings too\n"
    "  3   a file or its content\n"
    "  4   training failed: a number was not finite (sweep: some runs did)\n"
    "  70  an error of elegans itself: please report it\n";

}  // namespace elegans::cli
