#include "elegans/train/classes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"

namespace elegans::train {
namespace {

constexpr std::int32_t unknown_class = -1;

// The row of labels that belongs to a step.
std::size_t label_row(const Schema& schema, std::size_t step) {
  return schema.target_at == TargetAt::whole_recording ? 0 : step;
}

// Whether a row has a label: one of weight 0 is a number that readers write where there is none.
bool is_labelled(std::span<const double> weights, std::size_t row) { return weights.empty() || weights[row] != 0; }

// The numbers of the classes of `data` among `classes`.
std::vector<std::int32_t> numbers_among(std::span<const std::string> classes, const Dataset& data) {
  std::unordered_map<std::string_view, std::int32_t> labels;
  for (std::size_t c = 0; c < classes.size(); ++c) labels.emplace(classes[c], static_cast<std::int32_t>(c));
  std::vector<std::int32_t> numbers;
  for (const auto& name : data.schema.classes) {
    const auto found = labels.find(name);
    numbers.push_back(found == labels.end() ? unknown_class : found->second);
  }
  return numbers;
}

}  // namespace

std::vector<std::string> sorted_classes(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<std::pair<double, std::string>> by_value;
  for (const auto& name : names) {
    const auto value = parse_number(name);
    if (!value || !(*value == *value)) return names;
    by_value.emplace_back(*value, name);
  }
  std::sort(by_value.begin(), by_value.end());
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = by_value[i].second;
  return names;
}

std::vector<std::string> classes_in(const Dataset& training) {
  if (!training.schema.classifies())
    throw ConfigError(Complaint{"classes_in", "the data set has no classes", "", "a target column of class names",
                                "Name one, or train on numbers."});
  std::vector<bool> occurs(training.schema.classes.size());
  for (std::size_t s = 0; s < training.size(); ++s) {
    const auto labels = training.labels(s);
    const auto weights = training.weights(s);
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (is_labelled(weights, i)) occurs[static_cast<std::size_t>(labels[i])] = true;
  }
  std::vector<std::string> names;
  for (std::size_t c = 0; c < occurs.size(); ++c)
    if (occurs[c]) names.push_back(training.schema.classes[c]);
  if (names.size() < 2)
    throw ConfigError(Complaint{"classes_in", "the number of classes in the training part",
                                fmt::format("{}", names.size()), "at least 2",
                                "Check the target column and the split."});
  return sorted_classes(std::move(names));
}

void relabel(Dataset& data, std::span<const std::string> classes) {
  const std::vector<std::int32_t> renamed = numbers_among(classes, data);
  if (std::find(renamed.begin(), renamed.end(), unknown_class) != renamed.end()) {
    for_each_step(data, [&](std::size_t r, std::size_t t) {
      const Recording& recording = data.recordings[r];
      const std::size_t row = label_row(data.schema, t);
      if (!is_labelled(recording.weights, row)) return;
      const auto label = static_cast<std::size_t>(recording.labels[row]);
      if (renamed[label] != unknown_class) return;
      throw FormatError(Complaint{recording.place(t), "the class", quote(data.schema.classes[label]),
                                  fmt::format("one of the {} classes of the training part", classes.size()),
                                  suggest(data.schema.classes[label], classes) +
                                      " Train on data that has every class, or leave its rows out."});
    });
  }
  for (Recording& recording : data.recordings)
    for (std::size_t row = 0; row < recording.labels.size(); ++row) {
      std::int32_t& label = recording.labels[row];
      if (!is_labelled(recording.weights, row))
        label = 0;  // of whatever class: a number that validate() takes
      else if (label != unknown_class)
        label = renamed[static_cast<std::size_t>(label)];
    }
  data.schema.classes.assign(classes.begin(), classes.end());
}

std::vector<double> balanced_class_weights(const Dataset& training) {
  const std::size_t classes = training.schema.classes.size();
  if (classes == 0)
    throw ConfigError(Complaint{"balanced_class_weights", "the data set", "without classes", "class names", ""});
  std::vector<double> counts(classes);
  double all = 0;
  for (std::size_t s = 0; s < training.size(); ++s) {
    const auto labels = training.labels(s);
    const auto weights = training.weights(s);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const double weight = weights.empty() ? 1 : weights[i];
      counts[static_cast<std::size_t>(labels[i])] += weight;
      all += weight;
    }
  }
  for (double& count : counts) count = count > 0 ? all / (static_cast<double>(classes) * count) : 1;
  return counts;
}

std::vector<double> class_weights(std::span<const std::string> classes, const std::map<std::string, double>& named) {
  std::vector<double> weights(classes.size(), 1);
  for (const auto& [name, weight] : named) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end())
      throw ConfigError(
          Complaint{"class weights", "the class", quote(name), "one of the classes", suggest(name, classes)});
    if (!(std::isfinite(weight) && weight >= 0))
      throw ConfigError(
          Complaint{"class weights", "that of " + quote(name), fmt::format("{}", weight), "a finite number >= 0", ""});
    weights[static_cast<std::size_t>(found - classes.begin())] = weight;
  }
  return weights;
}

void learn_classes(Parts& parts) {
  const std::vector<std::string> classes = classes_in(parts.train);
  for (Dataset* part : {&parts.train, &parts.validation, &parts.test}) relabel(*part, classes);
}

}  // namespace elegans::train
