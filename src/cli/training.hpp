#pragma once
// One training as settings ask for it: data → network → trainer → figures.

#include <optional>
#include <vector>

#include "cli/train_settings.hpp"
#include "cli/training_data.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::cli {

struct Outcome {
  train::History history;
  std::optional<train::Evaluation> test;  // where there is a test part

  // Of the epoch whose weights the network has; nothing without a validation part.
  const std::optional<train::Evaluation>& validation() const;
};

// Ready to begin: the network is built, and all options are checked against the data.
class Training {
 public:
  // `data` must outlive it. ConfigError where settings and data do not go together. `callbacks` come before those of the
  // settings.
  Training(const TrainSettings& settings, const TrainingData& data, std::vector<train::CallbackPtr> callbacks = {});
  Training(const Training&) = delete;  // the trainer knows where the network is
  Training& operator=(const Training&) = delete;

  // Trains, and judges on the test part. Errors are those of Trainer::fit.
  Outcome run();

  // The figures of an evaluation, in their order, and which way is better: the loss, then the metrics.
  const std::vector<train::NamedFigure>& figures() const { return figures_; }
  Sequential& network() { return network_; }
  train::Trainer& trainer() { return trainer_; }

 private:
  const TrainingData& data_;
  Sequential network_;
  std::vector<train::NamedFigure> figures_;
  train::Trainer trainer_;
};

}  // namespace elegans::cli
