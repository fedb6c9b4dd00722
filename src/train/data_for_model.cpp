#include "train/data_for_model.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace elegans::train {
namespace {

const char* name_of(nn::Targets targets) { return targets == nn::Targets::classes ? "classes" : "numbers"; }

nn::Targets targets_of(const Dataset& data) {
  return data.schema.classifies() ? nn::Targets::classes : nn::Targets::numbers;
}

void require_targets(const char* operation, const std::string& what, nn::Targets wanted, const Dataset& data) {
  if (wanted == targets_of(data) || wanted == nn::Targets::either) return;
  throw ConfigError({operation, what, fmt::format("for {}", name_of(wanted)),
                     fmt::format("one for {}, which the data have", name_of(targets_of(data))), ""});
}

bool anything_counts(const Dataset& data, const nn::Loss& loss) {
  for (std::size_t s = 0; s < data.size(); ++s) {
    const auto weights = data.weights(s);
    if (weights.empty() && !loss.weighs_labels()) return true;
    const auto labels = data.labels(s);
    for (std::size_t i = 0; i < std::max(weights.size(), labels.size()); ++i)
      if ((weights.empty() || weights[i] > 0) && (!loss.weighs_labels() || loss.weight_of(labels[i]) > 0)) return true;
  }
  return false;
}

std::size_t target_width(const Schema& schema) {
  return schema.classifies() ? schema.classes.size() : schema.targets.size();
}

}  // namespace

DataNeeds needs_of(const Dataset& data, std::size_t batch_size, std::size_t steps) {
  DataNeeds needs{.longest = std::min(data.longest(), steps), .sequences = std::min(batch_size, data.size())};
  for (std::size_t s = 0; s < data.size(); ++s) {
    needs.lengths = needs.lengths || data.steps(s) % needs.longest != 0;
    const auto dt = data.dt(s);
    needs.timespans = needs.timespans || std::any_of(dt.begin(), dt.end(), [](double value) { return value != 1; });
  }
  return needs;
}

DataNeeds either(const DataNeeds& a, const DataNeeds& b) {
  return {std::max(a.longest, b.longest), std::max(a.sequences, b.sequences), a.timespans || b.timespans,
          a.lengths || b.lengths};
}

bool covers(const DataNeeds& made, const DataNeeds& asked) {
  return made.longest >= asked.longest && made.sequences >= asked.sequences && made.timespans >= asked.timespans &&
         made.lengths >= asked.lengths;
}

nn::Loss loss_for(const Dataset& data, const Sequential& model, const nn::Loss& asked, const char* operation) {
  nn::Loss loss = asked;
  if (!loss.write) {
    const bool classifies = data.schema.classifies(), one_score = classifies && model.outputs() == 1;
    loss = one_score    ? nn::binary_crossentropy()
           : classifies ? nn::sparse_categorical_crossentropy()
                        : nn::mean_squared_error();
    loss.reduction = asked.reduction;
    loss.class_weight = asked.class_weight;
    loss.ignore_index = asked.ignore_index;
  }
  require_targets(operation, "the loss " + loss.name, loss.targets, data);
  if (loss.reduction == nn::Reduction::none)
    throw ConfigError({operation, "the reduction of the loss " + loss.name, "none",
                       "mean or sum, for training makes one number small", ""});
  if (loss.weighs_labels() && !data.schema.classifies())
    throw ConfigError({operation, "a class weight or ignored label of the loss " + loss.name, "given",
                       "none, for the data have numbers", ""});
  return loss;
}

std::vector<nn::Metric> metrics_for(const Dataset& data, const std::vector<nn::Metric>& asked, const char* operation) {
  if (asked.empty()) return {data.schema.classifies() ? nn::Metric::accuracy() : nn::Metric::root_mean_squared_error()};
  for (auto metric = asked.begin(); metric != asked.end(); ++metric)
    if (std::any_of(asked.begin(), metric, [&](const nn::Metric& other) { return other.name() == metric->name(); }))
      throw ConfigError({operation, "the metric " + metric->name(), "given twice", "each one once", ""});
  for (const nn::Metric& metric : asked)
    require_targets(operation, "the metric " + metric.name(), metric.targets(), data);
  return asked;
}

void check_fits(const Dataset& data, const Sequential& model, const char* operation) {
  if (data.size() == 0) throw ConfigError({operation, "the data set", "empty", "one sequence or more", ""});
  validate(data, operation);
  const Schema& schema = data.schema;
  if (!schema.sporadic.empty())
    throw ConfigError({operation, "the data set", "with values that may be missing", "numbers for every step",
                       "Make them inputs with missing_as_inputs()."});
  const std::size_t width = target_width(schema);
  if (width == 0)
    throw ConfigError({operation, "the data set", "without targets", "numbers or classes to learn",
                       "Name target columns when the file is read."});
  if (data.feature_count() != static_cast<std::size_t>(model.features()))
    throw ShapeError(
        {operation, "the number of features", fmt::format("{}", data.feature_count()),
         fmt::format("{}, those of the model's input {}", model.features(), to_string(model.input_shape())), ""});
  if (!model.has_time() && data.longest() > 1)
    throw ShapeError({operation, "the length of the longest sequence", fmt::format("{}", data.longest()),
                      "1, for the model has no time",
                      "Cut windows of length 1, or build the model for [batch, time, features]."});
  if (schema.target_at == TargetAt::every_step && model.output_shape().rank() == 2 && data.longest() > 1)
    throw ShapeError({operation, "the model's output", to_string(model.output_shape()),
                      "[batch, time, outputs], for every step of the data has a target",
                      "Let the last recurrent layer return sequences, or train on the target of the last step."});
}

void check_targets(const Dataset& data, const nn::Loss& loss, const char* operation) {
  if (!anything_counts(data, loss))
    throw ConfigError({operation, "the weight of every target", "0", "one or more above 0",
                       loss.weighs_labels()
                           ? "Give a class that occurs in these data a weight, or divide them otherwise."
                           : "Where all are masked there is nothing to learn, nor to judge."});
  const std::size_t width = data.schema.targets.size();
  const double lowest = loss.lowest_target, highest = loss.highest_target;
  if (data.schema.classifies() || (std::isinf(lowest) && std::isinf(highest))) return;
  for (const Recording& recording : data.recordings)
    for (std::size_t i = 0; i < recording.targets.size(); ++i) {
      const double target = recording.targets[i];
      const std::size_t row = i / width;
      if ((target >= lowest && target <= highest) || (!recording.weights.empty() && recording.weights[row] == 0))
        continue;
      throw ConfigError(
          {operation,
           fmt::format("target '{}', row {} of recording '{}',", data.schema.targets[i % width], row, recording.name),
           fmt::format("{:g}", target),
           std::isinf(highest) ? fmt::format("{:g} or more, as the loss {} takes them", lowest, loss.name)
                               : fmt::format("{:g} … {:g}, as the loss {} takes them", lowest, highest, loss.name),
           "Leave the targets of this loss as they are, not standardised, or take another one."});
    }
}

void check_outputs(const Dataset& data, const Sequential& model, const nn::Loss& loss, const char* operation) {
  const bool classifies = data.schema.classifies();
  const auto targets = static_cast<std::int64_t>(target_width(data.schema));
  const std::int64_t width = classifies ? targets : targets * loss.outputs_per_target;
  const bool one_score = classifies && targets == 2 && model.outputs() == 1;  // of the second class
  if (width == model.outputs() || one_score) return;
  const std::string why = loss.outputs_per_target == 1 || classifies
                              ? fmt::format("for the data have so many {}", classifies ? "classes" : "targets")
                              : fmt::format("{} for each of {} targets, as the loss {} takes them",
                                            loss.outputs_per_target, targets, loss.name);
  throw ShapeError({operation, "the model's output", to_string(model.output_shape()),
                    fmt::format("{} numbers, {}", width, why), "Change the last layer."});
}

ShardLayout layout_for(const Dataset& data, const Sequential& model, const DataNeeds& needs, std::size_t rows) {
  return {.dtype = model.dtype(),
          .rows = static_cast<std::int64_t>(rows),
          .longest = static_cast<std::int64_t>(needs.longest),
          .features = model.features(),
          .outputs = model.outputs(),
          .targets = data.schema.classifies() ? 0 : static_cast<std::int64_t>(target_width(data.schema)),
          .classes = data.schema.classifies(),
          .answers_every_step = model.output_shape().rank() == 3};
}

}  // namespace elegans::train
