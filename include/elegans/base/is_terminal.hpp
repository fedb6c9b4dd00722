#pragma once
// Whether somebody is watching.

#include <cstdio>

namespace elegans {

// Whether `file` is a terminal, on which a line may be written over; false for a file or a pipe.
bool is_terminal(std::FILE* file);

}  // namespace elegans
