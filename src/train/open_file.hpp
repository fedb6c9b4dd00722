#pragma once
// Opening a file to be read line by line.

#include <filesystem>
#include <fstream>

namespace elegans::train {

// Throws FileError with the system's reason.
std::ifstream open_file(const std::filesystem::path& file);

}  // namespace elegans::train
