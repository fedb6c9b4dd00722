#pragma once
// What the columns of a file are, as options say it.

#include <optional>
#include <string>

#include "elegans/model/preprocessing.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::cli {

// "error", "forward-fill" or "drop"; else ConfigError with the nearest names.
train::Missing missing_named(const std::string& name);

// ConfigError where a model that learnt a time unit would be run without time: its Δt would be 1, silently.
void require_time(const model::Preprocessing& preprocessing, bool has_time, const std::string& model_file);

// ConfigError where the model's inputs have no names by which columns could be found.
void require_names(const model::Preprocessing& preprocessing, const std::string& model_file);

}  // namespace elegans::cli
