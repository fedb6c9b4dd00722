#pragma once
// --class-weight: "balanced", or "NAME=WEIGHT" for some classes.

#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"

namespace elegans::cli {

// One weight a class of the training part. ConfigError for data without classes, a class that is unknown or named
// twice, and what is no weight.
std::vector<double> class_weights_of(const std::vector<std::string>& asked, const train::Dataset& training);

}  // namespace elegans::cli
