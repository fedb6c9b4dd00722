#include "cli/command.hpp"

int main(int argc, char** argv) { return elegans::cli::run_program(argc, argv); }
