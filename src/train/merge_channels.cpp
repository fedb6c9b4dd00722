#include "elegans/train/merge_channels.hpp"

#include <fmt/format.h>

#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "train/sample_table.hpp"

namespace elegans::train {

Dataset merge_channels(std::span<const Channel> channels, const MergeOptions& options) {
  SampleTable table({.targets = options.targets,
                     .target_kind = TargetKind::numbers,
                     .missing = options.missing,
                     .sporadic = options.sporadic,
                     .first_dt = options.first_dt,
                     .tolerance = options.tolerance},
                    options.max_cells);
  for (const Channel& channel : channels) {
    const std::string place = fmt::format("merge_channels, channel {}", quote(channel.name));
    if (channel.time.size() != channel.values.size())
      throw FormatError(Complaint{place, "its values", fmt::format("{}", channel.values.size()),
                                  fmt::format("{}, one a time", channel.time.size()), ""});
    const std::size_t file = table.add_file(place);
    const std::size_t number = *table.channel(channel.name);
    for (std::size_t i = 0; i < channel.time.size(); ++i) {
      if (std::isnan(channel.values[i])) continue;
      if (!std::isfinite(channel.time[i]) || !std::isfinite(channel.values[i]))
        throw FormatError(Complaint{place, fmt::format("sample {}", i),
                                    fmt::format("{} at {}", channel.values[i], channel.time[i]),
                                    "a finite number at a finite time", ""});
      table.add("merged", {.exact = false, .value = channel.time[i]}, number, channel.values[i], file, i);
    }
  }
  return table.finish("merge_channels");
}

}  // namespace elegans::train
