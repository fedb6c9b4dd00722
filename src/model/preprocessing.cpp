#include "elegans/model/preprocessing.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/sporadic.hpp"

namespace elegans::model {
namespace {

// In the order of their enumerators.
const std::vector<std::string>& task_names() {
  static const std::vector<std::string> names{"regression", "classification"};
  return names;
}
const std::vector<std::string>& answer_names() {
  static const std::vector<std::string> names{"every_step", "last_step", "whole_recording"};
  return names;
}
const std::vector<std::string>& missing_names() {
  static const std::vector<std::string> names{"error", "forward_fill", "drop", "as_inputs"};
  return names;
}

template <class Enum>
Enum enumerator(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<Enum>(std::find(names.begin(), names.end(), name) - names.begin());
}
template <class Enum>
const std::string& name_of(const std::vector<std::string>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

[[noreturn]] void complain(std::string_view operation, std::string argument, std::string actual, std::string required,
                           std::string remedy = {}) {
  throw ConfigError(Complaint{std::string(operation), std::move(argument), std::move(actual), std::move(required),
                              std::move(remedy)});
}

void check_names(const std::vector<std::string>& names, const char* what, std::string_view operation) {
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    complain(operation, fmt::format("the name {} among {}", quote(*twice), what), "given twice", "each name once",
             "Rename one of the two.");
  }
}

void check_count(std::size_t names, std::int64_t width, const char* what, const char* of, std::string_view operation) {
  if (names == 0 || static_cast<std::int64_t>(names) == width) return;
  complain(operation, fmt::format("the number of {}", what), fmt::format("{}", names),
           fmt::format("{}, one for each {} of the network", width, of));
}

void check_scaling(const Scaling& scaling, std::int64_t width, const char* what, const std::vector<std::string>& names,
                   std::string_view operation) {
  const auto column = [&](std::size_t i) {
    return i < names.size() ? fmt::format("{}, column {} ({})", what, i, quote(names[i]))
                            : fmt::format("{}, column {}", what, i);
  };
  const std::size_t columns = scaling.columns();
  if (scaling.std.size() != columns) {
    complain(operation, what, fmt::format("of {} means and {} deviations", columns, scaling.std.size()),
             "as many of each");
  }
  if (columns != 0 && static_cast<std::int64_t>(columns) != width) {
    complain(operation, what, fmt::format("of {} columns", columns), fmt::format("{}, as the network has", width));
  }
  for (std::size_t i = 0; i < columns; ++i) {
    if (!std::isfinite(scaling.mean[i]) || !std::isfinite(scaling.std[i]) || scaling.std[i] <= 0) {
      complain(operation, column(i), fmt::format("mean {} and standard deviation {}", scaling.mean[i], scaling.std[i]),
               "finite numbers, the deviation above 0", "A column that never changes gets the deviation 1.");
    }
    // What lies within some deviations of the mean is to be an observation, which may be floats.
    constexpr double usual_deviations = 10;
    const double far = std::abs(scaling.mean[i]) + usual_deviations * scaling.std[i];
    if (!std::isfinite(static_cast<float>(far))) {
      complain(operation, column(i),
               fmt::format("mean {:g} and standard deviation {:g}", scaling.mean[i], scaling.std[i]),
               "ten deviations from the mean to be numbers that a float can hold", "Use another unit for this column.");
    }
  }
}

void check_columns(const Preprocessing& p, std::string_view operation) {
  for (const std::string& name : {p.columns.time, p.columns.group}) {
    if (name.empty() || std::find(p.features.begin(), p.features.end(), name) == p.features.end()) continue;
    complain(operation, fmt::format("the column {}", quote(name)), "both a feature and that of time or groups",
             "one role a column");
  }
  const auto check_seconds = [&](const char* what, const std::optional<double>& seconds) {
    if (seconds && !(std::isfinite(*seconds) && *seconds >= 0))
      complain(operation, what, fmt::format("{}", *seconds), "a finite number of seconds, 0 or more",
               "Or leave it out.");
  };
  check_seconds("columns.first_dt", p.columns.first_dt);
  check_seconds("columns.median_dt", p.columns.median_dt);
}

// An answer that has the name of a feature may be taken for the feature of the same step.
void check_horizon(const Preprocessing& p, std::string_view operation) {
  if (p.horizon > 0 && (p.task != Task::regression || p.answer_at != AnswerAt::every_step))
    complain(operation, "horizon", fmt::format("{}", p.horizon), "0 unless numbers are answered at every step");
  if (p.horizon > 0 && p.targets.empty())
    complain(operation, "horizon", fmt::format("{}, without targets", p.horizon), "the features that are foreseen",
             "Name them in .targets.");
  for (const std::string& name : p.targets) {
    const bool is_feature = std::find(p.features.begin(), p.features.end(), name) != p.features.end();
    if (is_feature && p.horizon == 0)
      complain(operation, fmt::format("the target {}", quote(name)), "a feature, too",
               "a column of its own, unless it is foreseen", "Set .horizon to how many steps ahead that is.");
    if (!is_feature && p.horizon > 0)
      complain(operation, fmt::format("the target {}", quote(name)), "unknown",
               "one of the features, for it is foreseen", suggest(name, p.features));
  }
}

// Of a network's inputs, how many are features; the others tell of sporadic ones.
std::int64_t feature_count(const Preprocessing& p, std::int64_t inputs, std::string_view operation) {
  const std::vector<std::string>& sporadic = p.columns.sporadic;
  check_names(sporadic, "sporadic features", operation);
  if (!sporadic.empty() && p.columns.missing != Missing::as_inputs)
    complain(operation, "columns.sporadic", "given", "none, unless missing values are inputs",
             "Set .missing = Missing::as_inputs.");
  for (const std::string& name : sporadic) {
    if (std::find(p.features.begin(), p.features.end(), name) != p.features.end()) continue;
    complain(operation, fmt::format("the sporadic feature {}", quote(name)), "unknown", "one of the features",
             suggest(name, p.features));
  }
  const std::int64_t features = inputs - 2 * static_cast<std::int64_t>(sporadic.size());
  if (features < static_cast<std::int64_t>(sporadic.size()))
    complain(operation, "the number of sporadic features", fmt::format("{}", sporadic.size()),
             fmt::format("at most a third of the network's {} inputs, for each is three of them", inputs));
  return features;
}

}  // namespace

std::vector<std::size_t> sporadic_features(const Preprocessing& p) {
  std::vector<std::size_t> found;
  for (std::size_t f = 0; f < p.features.size(); ++f) {
    const auto& names = p.columns.sporadic;
    if (std::find(names.begin(), names.end(), p.features[f]) != names.end()) found.push_back(f);
  }
  return found;
}

std::vector<std::string> input_names(const Preprocessing& p) {
  std::vector<std::string> names = p.features;
  const std::vector<std::size_t> sporadic = sporadic_features(p);
  for (const char* what : {"seen", "elapsed"})
    for (const std::size_t f : sporadic) names.push_back(fmt::format("{} {}", p.features[f], what));
  return names;
}

void validate(const Preprocessing& p, std::int64_t inputs, std::int64_t outputs, std::string_view operation) {
  check_names(p.features, "features", operation);
  check_names(p.targets, "targets", operation);
  check_names(p.classes, "classes", operation);
  check_columns(p, operation);
  check_horizon(p, operation);
  const std::int64_t features = feature_count(p, inputs, operation);
  check_count(p.features.size(), features, "features", "input", operation);
  check_scaling(p.inputs, features, "the scaling of inputs", p.features, operation);
  if (p.task == Task::classification) {
    if (outputs > 1) check_count(p.classes.size(), outputs, "classes", "output", operation);
    if (outputs == 1 && !p.classes.empty() && p.classes.size() != 2)
      complain(operation, "the number of classes", fmt::format("{}", p.classes.size()),
               "2, as the network answers with one number: the score of the second class");
    if (!p.outputs.empty()) {
      complain(operation, "the scaling of outputs", fmt::format("of {} columns", p.outputs.columns()),
               "none for a classification", "Only numeric targets are standardised.");
    }
  } else {
    check_count(p.targets.size(), outputs, "targets", "output", operation);
    if (!p.classes.empty()) {
      complain(operation, "the number of classes", fmt::format("{}", p.classes.size()), "0 for a regression",
               "Set .task = Task::classification.");
    }
    check_scaling(p.outputs, outputs, "the scaling of outputs", p.targets, operation);
  }
  if (!std::isfinite(p.time_unit) || p.time_unit <= 0) {
    complain(operation, "time_unit", fmt::format("{}", p.time_unit), "a finite number of seconds above 0",
             "1 leaves seconds as they are.");
  }
}

nlohmann::json to_config(const Preprocessing& p) {
  nlohmann::json config{{"task", name_of(task_names(), p.task)},
                        {"answer_at", name_of(answer_names(), p.answer_at)},
                        {"features", p.features},
                        {"targets", p.targets},
                        {"time", p.columns.time},
                        {"group", p.columns.group},
                        {"missing", name_of(missing_names(), p.columns.missing)}};
  if (p.columns.missing == Missing::as_inputs) config["sporadic"] = p.columns.sporadic;
  if (p.columns.first_dt) config["first_dt"] = *p.columns.first_dt;
  if (p.columns.median_dt) config["median_dt"] = *p.columns.median_dt;
  if (p.horizon > 0) config["horizon"] = p.horizon;
  return config;
}

Preprocessing preprocessing_from_config(const nlohmann::json& config, std::string_view source_name,
                                        std::int64_t version) {
  std::vector<std::string> keys{"task", "answer_at", "features", "targets"};
  if (version > 1) keys.insert(keys.end(), {"time", "group", "missing", "first_dt", "median_dt"});
  if (version > 2) keys.push_back("sporadic");
  if (version > 3) keys.push_back("horizon");
  const JsonObject object(config, std::string(source_name), keys);
  Preprocessing p;
  p.task = enumerator<Task>(task_names(), object.choice("task", task_names()));
  p.answer_at = enumerator<AnswerAt>(answer_names(), object.choice("answer_at", answer_names()));
  p.features = object.texts("features");
  p.targets = object.texts("targets");
  if (version == 1) return p;
  p.columns.time = object.text("time");
  p.columns.group = object.text("group");
  std::vector<std::string> known = missing_names();
  if (version == 2) known.pop_back();
  p.columns.missing = enumerator<Missing>(known, object.choice("missing", known));
  if (p.columns.missing == Missing::as_inputs) p.columns.sporadic = object.texts("sporadic");
  if (p.columns.missing != Missing::as_inputs && object.has("sporadic"))
    throw object.error("sporadic", "no such key unless 'missing' is \"as_inputs\"");
  if (object.has("first_dt")) p.columns.first_dt = object.number("first_dt", {.at_least = 0});
  if (object.has("median_dt")) p.columns.median_dt = object.number("median_dt", {.at_least = 0});
  if (object.has("horizon")) p.horizon = static_cast<std::size_t>(object.integer("horizon", {.at_least = 1}));
  return p;
}

}  // namespace elegans::model
