#include <fmt/format.h>

#include <fstream>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/events.hpp"
#include "train/csv_recordings.hpp"
#include "train/merge_samples.hpp"
#include "train/open_file.hpp"

namespace elegans::train {
namespace {

void check_roles(const Roles& roles) {
  if (roles.channel.empty())
    throw ConfigError(Complaint{"read_events", "channel", "empty", "the column that names each event's channel", ""});
  if (roles.missing != Missing::error && roles.missing != Missing::drop)
    throw ConfigError(Complaint{"read_events", "missing", "to be filled or seen", "Missing::error or drop",
                                "An event that lacks a value is none."});
}

// One number a step becomes a row of channels.
void spread(Recording& recording, const std::vector<std::size_t>& channels, std::size_t width) {
  std::vector<double> rows(channels.size() * width);
  const bool has_values = !recording.features.empty();
  for (std::size_t t = 0; t < channels.size(); ++t)
    rows[t * width + channels[t]] = has_values ? recording.features[t] : 1;
  recording.features = std::move(rows);
}

}  // namespace

Dataset read_events(const std::filesystem::path& file, const Roles& roles, const CsvOptions& options) {
  std::ifstream in = open_file(file);
  return read_events(in, file.string(), roles, options);
}

Dataset read_events(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options) {
  check_roles(roles);
  StepReader steps(in, source, roles, options);
  TargetReader targets(steps, roles);
  Growing growing(source);
  ClassNumbers channels;
  for (const std::string& name : roles.features) channels.of(name);
  std::vector<std::vector<std::size_t>> channel_of;  // of each recording's events
  std::size_t events = 0;
  while (steps.next()) {
    const std::string name(steps.channel());
    const auto channel = static_cast<std::size_t>(channels.of(name));
    if (!roles.features.empty() && channel >= roles.features.size())
      throw FormatError(Complaint{steps.row().place(), "the channel", quote(name), "one of the features",
                                  suggest(name, roles.features)});
    const std::size_t r = growing.find(steps.group());
    growing.add(r, steps);
    if (!steps.features().empty() && steps.features()[0] == 0)
      throw FormatError(Complaint{steps.row().place(), fmt::format("column {}", quote(roles.value)), "0",
                                  "a number that is not 0, which could not be told from no event",
                                  "Write the polarities as 1 and -1."});
    targets.read(growing.recordings[r]);
    channel_of.resize(growing.recordings.size());
    channel_of[r].push_back(channel);
    ++events;
    if (channels.names().size() > most_merged_cells / events)
      throw ConfigError(
          Complaint{steps.row().place(), "the table of events",
                    fmt::format("more than {} events of {} channels", events - 1, channels.names().size()),
                    fmt::format("at most {} cells", most_merged_cells),
                    "Join channels (pixels to blocks), or read it in parts."});
  }
  if (growing.recordings.empty())
    throw FormatError(Complaint{source, "no event is left: each has a missing value", "", "at least one", ""});

  // Channels of the file stand in sorted order, as classes do.
  Schema schema{.features = roles.features.empty() ? sorted_classes(channels.names()) : roles.features,
                .targets = roles.targets,
                .target_at = roles.target_at};
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t c = 0; c < schema.features.size(); ++c) place.emplace(schema.features[c], c);
  for (std::size_t r = 0; r < channel_of.size(); ++r) {
    for (std::size_t& channel : channel_of[r]) channel = place.at(channels.names()[channel]);
    spread(growing.recordings[r], channel_of[r], schema.features.size());
  }
  growing.set_timespans(roles);
  schema.classes = targets.sort_classes(growing.recordings);
  return make_dataset(std::move(schema), std::move(growing.recordings), "read_events");
}

}  // namespace elegans::train
