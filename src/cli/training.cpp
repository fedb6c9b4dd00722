#include "cli/training.hpp"

#include <algorithm>
#include <utility>

#include "cli/network.hpp"
#include "cli/trainer_options.hpp"

namespace elegans::cli {
namespace {

Sequential built_network(const TrainSettings& s, const TrainingData& data) {
  const model::Preprocessing& p = data.preprocessing;
  Sequential network =
      make_network(s, static_cast<std::int64_t>(p.classes.empty() ? p.targets.size() : p.classes.size()));
  network.build(static_cast<std::int64_t>(data.parts.train.feature_count()));
  model::validate(p, network.features(), network.outputs(), "train");
  return network;
}

train::TrainerOptions options_with(const TrainSettings& s, const TrainingData& data,
                                   std::vector<train::CallbackPtr> callbacks) {
  train::TrainerOptions options = trainer_options(s, data);
  callbacks.insert(callbacks.end(), options.callbacks.begin(), options.callbacks.end());
  options.callbacks = std::move(callbacks);
  return options;
}

std::vector<train::NamedFigure> figures_of(const TrainSettings& s, const TrainingData& data) {
  const std::vector<std::string>& classes = data.preprocessing.classes;
  std::vector<train::NamedFigure> figures{{"loss", nn::Better::lower}};
  const auto add = [&](const nn::Metric& metric) { figures.push_back({metric.name(), metric.better()}); };
  for (const std::string& name : s.metrics) add(nn::Metric::named(name, classes));
  // What a trainer counts when nothing is asked for.
  if (s.metrics.empty()) add(classes.empty() ? nn::Metric::root_mean_squared_error() : nn::Metric::accuracy());
  return figures;
}

}  // namespace

const std::optional<train::Evaluation>& Outcome::validation() const {
  const auto kept = std::find_if(history.epochs.begin(), history.epochs.end(),
                                 [&](const train::EpochRecord& record) { return history.restored == record.epoch; });
  return (kept == history.epochs.end() ? history.epochs.back() : *kept).validation;
}

Training::Training(const TrainSettings& settings, const TrainingData& data, std::vector<train::CallbackPtr> callbacks)
    : data_(data),
      network_(built_network(settings, data)),
      figures_(figures_of(settings, data)),
      trainer_(network_, options_with(settings, data, std::move(callbacks))) {}

Outcome Training::run() {
  const train::Parts& parts = data_.parts;
  Outcome made{
      .history = parts.validation.size() > 0 ? trainer_.fit(parts.train, parts.validation) : trainer_.fit(parts.train),
      .test = {}};
  if (parts.test.size() > 0) made.test = trainer_.evaluate(parts.test);
  return made;
}

}  // namespace elegans::cli
