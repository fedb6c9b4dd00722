#pragma once
// What training reports: one record an epoch.
//
// Figures have names: "loss" (of training), "val_loss" and "val_<metric>" (of the validation part), "learning_rate".
// Early stopping monitors them and CSV files have them as columns.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/nn/confusion_matrix.hpp"
#include "elegans/nn/metrics.hpp"

namespace elegans::train {

// How good a model is on a data set.
struct Evaluation {
  struct Figure {
    std::string name;
    double value;
  };
  double loss = 0;  // mean over what counts; penalties of weights left out
  std::vector<Figure> metrics = {};
  std::optional<nn::ConfusionMatrix> confusion = {};  // of classes

  // ConfigError with the nearest names for a metric that was not computed.
  double metric(std::string_view name) const;
};

struct EpochRecord {
  std::uint64_t epoch = 0;  // from 1; goes on over the fits of a trainer
  std::uint64_t step = 0;   // updates so far
  double loss = 0;          // mean over the epoch as the weights were at each step, penalties included
  std::optional<Evaluation> validation = {};
  double learning_rate = 0;
  double seconds = 0;  // since fit() began
};

struct NamedFigure {
  std::string name;
  nn::Better better = nn::Better::lower;
};
// The figures that records of a fit have, in the order of columns.
std::vector<NamedFigure> figures_of(const std::vector<nn::Metric>& metrics, bool validates);
// One of them by name; the name must be one of figures_of().
double figure(const EpochRecord& record, std::string_view name);

enum class Ending {
  all_epochs,
  stopped,  // by a callback
  failed,   // by an exception, which goes on its way after the callbacks know
};

struct History {
  std::vector<EpochRecord> epochs = {};
  Ending ending = Ending::all_epochs;
  // The epoch whose weights the model has at the end, where not the last one.
  std::optional<std::uint64_t> restored = {};
  // What decides the bits: the same seed on the same kind of machine (model/machine_kind.hpp) gives the same.
  std::uint64_t seed = 0;
  std::string machine_kind = {};
};

}  // namespace elegans::train
