#include "cli/columns.hpp"

#include <fmt/format.h>

#include "cli/settings.hpp"
#include "elegans/base/error.hpp"

namespace elegans::cli {

train::Missing missing_named(const std::string& name) {
  require_choice("missing", name, {"error", "forward-fill", "drop"});
  if (name == "forward-fill") return train::Missing::forward_fill;
  return name == "drop" ? train::Missing::drop : train::Missing::error;
}

void require_time(const model::Preprocessing& preprocessing, bool has_time, const std::string& model_file) {
  if (has_time || preprocessing.time_unit == 1) return;
  throw ConfigError(Complaint{model_file, "the time unit",
                              fmt::format("{:g} s, so the model was trained with time stamps", preprocessing.time_unit),
                              "to know when each row was measured", "Name the time column (--time t)."});
}

void require_names(const model::Preprocessing& preprocessing, const std::string& model_file) {
  if (!preprocessing.features.empty()) return;
  throw ConfigError(Complaint{model_file, "its inputs", "without names", "names, by which columns are found",
                              "Save the model with Preprocessing::features."});
}

}  // namespace elegans::cli
