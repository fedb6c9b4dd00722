#pragma once
// Class names and their labels.
//
// Names are sorted: by value where all of them are numbers (so that 10 follows 9), else byte by byte. A label is the
// index of a name. A model knows the classes of its training part; a class that occurs elsewhere only is an error. A label
// of weight 0 (Recording::weights) is none: it makes no class, and names none.

#include <map>
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
// of the first class that `classes` does not know. Steps that belong to no sequence are not looked at, nor are labels of
// weight 0, which become 0.
void relabel(Dataset& data, std::span<const std::string> classes);

// classes_in(parts.train), and all three parts relabelled.
void learn_classes(Parts& parts);

// How much each class is to count in the loss (nn::Loss::class_weight):
//
//     Trainer trainer(model, {.loss = {.class_weight = balanced_class_weights(parts.train)}});
//
// n / (C · n_c) for C classes, n targets and n_c of class c, each counted by its weight: rare classes count as much as
// frequent ones, and the mean weight of a target is 1. 1 for a class that does not occur. ConfigError where the data
// have no classes.
std::vector<double> balanced_class_weights(const Dataset& training);

// One weight a class: those that are named, 1 for the others. ConfigError with the nearest names for a name that is no
// class, and for a weight that is not a finite number >= 0.
std::vector<double> class_weights(std::span<const std::string> classes, const std::map<std::string, double>& named);

}  // namespace elegans::train
