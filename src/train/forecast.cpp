#include "elegans/train/forecast.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "train/piece.hpp"

namespace elegans::train {
namespace {

std::vector<std::size_t> columns_of(const Schema& schema, const ForecastOptions& options) {
  std::vector<std::size_t> columns;
  for (const std::string& name : options.features.empty() ? schema.features : options.features) {
    const auto found = std::find(schema.features.begin(), schema.features.end(), name);
    if (found == schema.features.end())
      throw ConfigError({"forecast", "a feature", quote(name), "one of the data's", suggest(name, schema.features)});
    const auto column = static_cast<std::size_t>(found - schema.features.begin());
    if (std::find(columns.begin(), columns.end(), column) != columns.end())
      throw ConfigError({"forecast", "the feature " + quote(name), "named twice", "distinct names", ""});
    columns.push_back(column);
  }
  return columns;
}

void check(const Dataset& data, const ForecastOptions& options) {
  if (!is_whole(data))
    throw ConfigError({"forecast", "the data set", "cut into windows or selected from one", "whole recordings",
                       "Cut windows afterwards."});
  if (!data.schema.targets.empty())
    throw ConfigError({"forecast", "the data set", "with targets of its own", "features alone",
                       "Read the file without targets: what is foreseen are features."});
  if (options.horizon == 0) throw ConfigError({"forecast", "horizon", "0", "1 or more steps", ""});
}

}  // namespace

Dataset forecast(const Dataset& data, const ForecastOptions& options) {
  check(data, options);
  const std::vector<std::size_t> columns = columns_of(data.schema, options);
  Schema schema{.features = data.schema.features, .target_at = TargetAt::every_step};
  for (const std::size_t column : columns) schema.targets.push_back(schema.features[column]);

  const std::size_t width = schema.features.size();
  std::vector<Recording> recordings;
  for (const Recording& recording : data.recordings) {
    if (recording.steps() <= options.horizon) continue;
    const std::size_t steps = recording.steps() - options.horizon;
    Recording& made = recordings.emplace_back(piece_of(recording, data.schema, 0, steps));
    made.targets.reserve(steps * columns.size());
    for (std::size_t t = 0; t < steps; ++t)
      for (const std::size_t column : columns)
        made.targets.push_back(recording.features[(t + options.horizon) * width + column]);
  }
  if (recordings.empty())
    throw ConfigError({"forecast", "horizon", fmt::format("{}", options.horizon),
                       fmt::format("less than {}, the steps of the longest recording", data.longest()), ""});
  return make_dataset(std::move(schema), std::move(recordings), "forecast");
}

}  // namespace elegans::train
