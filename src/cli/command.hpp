#pragma once
// The commands of the program `elegans`, a file each.

#include <cstdint>
#include <functional>
#include <string>

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace elegans::cli {

// Adds a command with its options to the program. What it returns runs the command once the options are read, and gives
// the exit code.
using Action = std::function<int()>;

Action add_demo(CLI::App& program);
Action add_train(CLI::App& program);
Action add_evaluate(CLI::App& program);
Action add_run(CLI::App& program);
Action add_inspect(CLI::App& program);
Action add_draw(CLI::App& program);
Action add_results(CLI::App& program);
Action add_sweep(CLI::App& program);
Action add_forecast(CLI::App& program);

// A command with its description, and examples for the end of its help.
CLI::App& add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& examples);

// Refuses what is no whole number of 64 bits (CLI11 by itself takes the nearest), is below `least`,
// or above `most`.
CLI::Validator whole_number();
CLI::Validator finite_number();
CLI::Validator at_least(std::int64_t least);
CLI::Validator between(std::int64_t least, std::int64_t most);

// Reads the command line, runs the command, reports what went wrong, and returns the exit code.
int run_program(int argc, char** argv);

}  // namespace elegans::cli
