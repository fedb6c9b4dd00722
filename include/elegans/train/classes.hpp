#pragma once
// Class names and their labels.
//
// Names are sorted: by value where all of them are numbers (so that 10 follows 9), else byte by byte. A label is the
// index of a name. A model knows the classes of its training part; a class that occurs elsewhere only is an error.

#include <span>
#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/split.hpp"

namespace elegans::train {

// Sorted as above, each name once.
std::vector<std::string> sorted_classes(std::vector<std::string> names);

// The names that occur in the sequences of `training`. Throws ConfigError where it has no classes or fewer than two
// occur.
std::vector<std::string> classes_in(const Dataset& training);

// Rewrites the labels of `data` as indices of `classes`, by name. Throws FormatError naming the place (file and line)
// of the first class that `classes` does not know. Steps that belong to no sequence are not looked at.
void relabel(Dataset& data, std::span<const std::string> classes);

// classes_in(parts.train), and all three parts relabelled.
void learn_classes(Parts& parts);

}  // namespace elegans::train
