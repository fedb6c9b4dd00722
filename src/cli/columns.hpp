#pragma once
// What the columns of a file are: as options say it, else as the model remembers it from training.

#include <fmt/format.h>
#include <optional>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/model/preprocessing.hpp"
#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace elegans::cli {

// "error", "forward-fill", "drop" or "inputs"; else ConfigError with the nearest names.
model::Missing missing_named(const std::string& name);
// "every-step", "last-step" or "recording"; else ConfigError with the nearest names.
train::TargetAt target_at_named(const std::string& name);

// The same place, as data and as models call it.
train::TargetAt target_at(model::AnswerAt answer);
model::AnswerAt answer_at(train::TargetAt target);

// Options of commands that read a file for a model. What is not given is as the model was trained; an empty name means
// that there is no such column.
struct ColumnOptions {
  std::optional<std::string> time = {};
  std::optional<std::string> group = {};
  std::optional<std::string> missing = {};
};
// --time, --group, --missing. `options` must outlive the command.
void add_column_options(CLI::App& command, ColumnOptions& options);

// How the rows are to be read. With Missing::as_inputs the sporadic features are those of the training.
model::Columns columns_for(const model::Preprocessing& preprocessing, const ColumnOptions& options);

// ConfigError where a model that was trained with time stamps would be run without time: its Δt would be 1, silently.
void require_time(const model::Preprocessing& preprocessing, bool has_time, const std::string& model_file);

// The same of data whose file says itself whether they have time stamps.
void require_time(const model::Preprocessing& preprocessing, const train::Dataset& data, const std::string& data_file);

// ConfigError where the model's inputs have no names by which columns could be found.
void require_names(const model::Preprocessing& preprocessing, const std::string& model_file);

// What read() gives. A column that is not in the file, though the model names it, is an error that says how to name
// another.
template <class Read>
auto read_as_trained(const model::Preprocessing& preprocessing, const ColumnOptions& options, const Read& read) {
  try {
    return read();
  } catch (const ConfigError& error) {
    std::string remedy;
    const std::string message = error.what();
    const auto add = [&](const char* option, const std::string& name, bool is_given, const char* or_none) {
      if (is_given || name.empty() || message.find(fmt::format("the {} column '{}'", option, name)) == message.npos)
        return;
      remedy = fmt::format(" The model was trained with it: --{} names another column{}.", option, or_none);
    };
    add("time", preprocessing.columns.time, options.time.has_value(), "");
    add("group", preprocessing.columns.group, options.group.has_value(), ", --group '' none");
    throw ConfigError(message + remedy);
  }
}

}  // namespace elegans::cli
