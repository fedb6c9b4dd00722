#include "cli/columns.hpp"

#include <CLI/CLI.hpp>

#include "cli/data_file.hpp"
#include "cli/settings.hpp"

namespace elegans::cli {

model::Missing missing_named(const std::string& name) {
  require_choice("missing", name, {"error", "forward-fill", "drop", "inputs"});
  if (name == "inputs") return model::Missing::as_inputs;
  if (name == "forward-fill") return model::Missing::forward_fill;
  return name == "drop" ? model::Missing::drop : model::Missing::error;
}

train::TargetAt target_at_named(const std::string& name) {
  require_choice("answer", name, {"every-step", "last-step", "recording"});
  if (name == "last-step") return train::TargetAt::last_step;
  return name == "recording" ? train::TargetAt::whole_recording : train::TargetAt::every_step;
}

train::TargetAt target_at(model::AnswerAt answer) {
  switch (answer) {
    case model::AnswerAt::every_step:
      return train::TargetAt::every_step;
    case model::AnswerAt::last_step:
      return train::TargetAt::last_step;
    case model::AnswerAt::whole_recording:
      break;
  }
  return train::TargetAt::whole_recording;
}

model::AnswerAt answer_at(train::TargetAt target) {
  switch (target) {
    case train::TargetAt::every_step:
      return model::AnswerAt::every_step;
    case train::TargetAt::last_step:
      return model::AnswerAt::last_step;
    case train::TargetAt::whole_recording:
      break;
  }
  return model::AnswerAt::whole_recording;
}

void add_column_options(CLI::App& command, ColumnOptions& options) {
  // An option of CLI11 that is bound to an optional reads '' as nothing, where it means "no such column".
  const auto add = [&](const char* name, std::optional<std::string>& value, const char* help) {
    command
        .add_option_function<std::string>(
            name, [&value](const std::string& text) { value = text; }, help)
        ->type_name("TEXT");
  };
  add("--time", options.time, "time column: seconds or ISO 8601 (default: as trained; '': none)");
  add("--group", options.group, "column that separates recordings (default: as trained; '': none)");
  add("--missing", options.missing, "error | forward-fill | drop | inputs (default: as trained)");
}

model::Columns columns_for(const model::Preprocessing& preprocessing, const ColumnOptions& options) {
  model::Columns columns = preprocessing.columns;
  if (options.time) columns.time = *options.time;
  if (options.group) columns.group = *options.group;
  if (options.missing) columns.missing = missing_named(*options.missing);
  if (columns.missing != model::Missing::as_inputs) {
    columns.sporadic.clear();
  } else if (columns.sporadic.empty()) {
    if (options.missing && preprocessing.columns.missing != model::Missing::as_inputs)
      throw ConfigError(Complaint{"--missing", "inputs", "asked of a model that was not trained so",
                                  "error, forward-fill or drop", ""});
    columns.missing = model::Missing::error;
  }
  return columns;
}

void require_time(const model::Preprocessing& preprocessing, bool has_time, const std::string& model_file) {
  // A file of format version 1 does not tell, but by its time unit.
  if (has_time || (preprocessing.time_unit == 1 && preprocessing.columns.time.empty())) return;
  throw ConfigError(Complaint{model_file, "the time unit",
                              fmt::format("{:g} s, so the model was trained with time stamps", preprocessing.time_unit),
                              "to know when each row was measured", "Name the time column (--time t)."});
}

void require_time(const model::Preprocessing& preprocessing, const train::Dataset& data, const std::string& data_file) {
  if (preprocessing.time_unit == 1 || has_time(data)) return;
  throw ConfigError(
      Complaint{data_file, "the file", "without time stamps",
                fmt::format("some, for the model was trained with them (time unit {:g} s)", preprocessing.time_unit),
                "Save them with the data."});
}

void require_names(const model::Preprocessing& preprocessing, const std::string& model_file) {
  if (!preprocessing.features.empty()) return;
  throw ConfigError(Complaint{model_file, "its inputs", "without names", "names, by which columns are found",
                              "Save the model with Preprocessing::features."});
}

}  // namespace elegans::cli
