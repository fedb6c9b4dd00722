#include "elegans/train/missing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/sporadic.hpp"

namespace elegans::train {
namespace {

[[noreturn]] void refuse(const Recording& recording, std::size_t step, const std::string& feature, const char* actual,
                         const char* remedy) {
  throw FormatError(
      Complaint{recording.place(step), fmt::format("feature {}", quote(feature)), actual, "a number", remedy});
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a feature is NaN somewhere.
std::vector<bool> features_with_gaps(const Dataset& data) {
  const std::size_t width = data.feature_count();
  std::vector<bool> gaps(width);
  for (const Recording& recording : data.recordings)
    for (std::size_t i = 0; i < recording.features.size(); ++i)
      if (std::isnan(recording.features[i])) gaps[i % width] = true;
  return gaps;
}

// The first value that is missing in a feature that may not.
void require_values(const Dataset& data, const std::vector<std::string>& sporadic, const char* remedy) {
  const std::size_t width = data.feature_count();
  for (const Recording& recording : data.recordings)
    for (std::size_t i = 0; i < recording.features.size(); ++i) {
      const std::string& feature = data.schema.features[i % width];
      if (std::isnan(recording.features[i]) && !is_in(sporadic, feature))
        refuse(recording, i / width, feature, "missing", remedy);
    }
}

// A feature keeps its last value; what lies before its first one stays missing.
void keep_values(Dataset& data) {
  const std::size_t width = data.feature_count();
  for (Recording& recording : data.recordings)
    for (std::size_t i = width; i < recording.features.size(); ++i)
      if (std::isnan(recording.features[i])) recording.features[i] = recording.features[i - width];
}

void fill_forward(Dataset& data) {
  for (const Recording& recording : data.recordings)
    for (std::size_t f = 0; f < data.feature_count(); ++f)
      if (recording.steps() > 0 && std::isnan(recording.features[f]))
        refuse(recording, 0, data.schema.features[f],
               "missing in the first step of its recording, where there is nothing to fill it with",
               "Mend it, cut the step, leave out steps with missing values (--missing drop), or let them be inputs "
               "(--missing inputs).");
  keep_values(data);
}

// The rows `kept` of `values`, `width` numbers each.
template <class T>
void keep_rows(std::vector<T>& values, std::size_t width, const std::vector<std::size_t>& kept) {
  std::size_t to = 0;
  for (const std::size_t row : kept)
    for (std::size_t i = 0; i < width; ++i) values[to++] = values[row * width + i];
  values.resize(to);
}

void drop_steps(Recording& recording, const Schema& schema) {
  const std::size_t width = schema.features.size();
  std::vector<std::size_t> kept;
  std::vector<double> dt;
  double passed = 0;
  for (std::size_t t = 0; t < recording.steps(); ++t) {
    const auto row = std::span(recording.features).subspan(t * width, width);
    passed += recording.dt[t];
    if (std::any_of(row.begin(), row.end(), [](double x) { return std::isnan(x); })) continue;
    // Before the first step that is kept nothing was seen: it is the recording's first step now, and has the Δt of one
    // (first_dt, or the median), as read_csv gives it.
    dt.push_back(kept.empty() ? recording.dt[0] : passed);
    kept.push_back(t);
    passed = 0;
  }
  keep_rows(recording.features, width, kept);
  recording.dt = std::move(dt);
  if (!recording.time.empty()) keep_rows(recording.time, 1, kept);
  if (!recording.lines.empty()) keep_rows(recording.lines, 1, kept);
  if (schema.target_at == TargetAt::whole_recording) return;
  if (!recording.targets.empty()) keep_rows(recording.targets, schema.targets.size(), kept);
  if (!recording.labels.empty()) keep_rows(recording.labels, 1, kept);
  if (!recording.weights.empty()) keep_rows(recording.weights, 1, kept);
}

void drop(Dataset& data) {
  for (Recording& recording : data.recordings) drop_steps(recording, data.schema);
  std::erase_if(data.recordings, [](const Recording& recording) { return recording.steps() == 0; });
  if (data.recordings.empty())
    throw FormatError(Complaint{"treat_missing", "no step is left: each has a missing value", "",
                                "at least one step without",
                                "Ignore the features that miss most values, or let missing values be inputs."});
}

}  // namespace

Dataset fill_forward_once_seen(Dataset data) {
  keep_values(data);
  drop(data);
  return data;
}

Dataset treat_missing(Dataset data, Missing missing, const std::vector<std::string>& sporadic) {
  if (!sporadic.empty() && missing != Missing::as_inputs)
    throw ConfigError(Complaint{"treat_missing", "sporadic", "given", "none, unless missing values are inputs",
                                "Set .missing = Missing::as_inputs."});
  for (const std::string& name : sporadic)
    if (!is_in(data.schema.features, name))
      throw ConfigError(Complaint{"treat_missing", fmt::format("the sporadic feature {}", quote(name)), "unknown",
                                  "one of the features", suggest(name, data.schema.features)});
  data.schema.sporadic.clear();
  switch (missing) {
    case Missing::error:
      require_values(data, {},
                     "Mend it, fill missing values with the last one (--missing forward-fill), let them be inputs "
                     "(--missing inputs), or leave such steps out (--missing drop).");
      break;
    case Missing::forward_fill:
      fill_forward(data);
      break;
    case Missing::drop:
      drop(data);
      break;
    case Missing::as_inputs: {
      const std::vector<bool> gaps = features_with_gaps(data);
      for (std::size_t f = 0; f < gaps.size(); ++f)
        if (sporadic.empty() ? gaps[f] : is_in(sporadic, data.schema.features[f]))
          data.schema.sporadic.push_back(data.schema.features[f]);
      require_values(data, data.schema.sporadic, "Name it among the sporadic features (--sporadic), or mend it.");
      break;
    }
  }
  return make_dataset(std::move(data.schema), std::move(data.recordings), "treat_missing");
}

Dataset missing_as_inputs(Dataset data) {
  if (data.schema.sporadic.empty()) return data;
  const model::Preprocessing names{.features = data.schema.features,
                                   .targets = {},
                                   .classes = {},
                                   .inputs = {},
                                   .outputs = {},
                                   .columns = {.missing = Missing::as_inputs, .sporadic = data.schema.sporadic}};
  const std::vector<std::size_t> sporadic = model::sporadic_features(names);
  const std::size_t width = data.feature_count(), inputs = width + 2 * sporadic.size();
  for (Recording& recording : data.recordings) {
    std::vector<double> rows(recording.steps() * inputs), memory(2 * sporadic.size());
    for (std::size_t t = 0; t < recording.steps(); ++t)
      model::observe(model::Scaling{}, std::span(sporadic),
                     std::span<const double>(recording.features).subspan(t * width, width), recording.dt[t],
                     std::span(memory), std::span(rows).subspan(t * inputs, inputs));
    recording.features = std::move(rows);
  }
  data.schema.features = model::input_names(names);
  data.schema.sporadic.clear();
  validate(data, "missing_as_inputs");
  return data;
}

}  // namespace elegans::train
