#pragma once
// Text as a field of a CSV line.

#include <string>

namespace elegans::cli {

// `text`, in double quotes where it holds a comma, a quote or a line break.
std::string csv_field(const std::string& text);

}  // namespace elegans::cli
