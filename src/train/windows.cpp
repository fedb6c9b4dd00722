#include "elegans/train/windows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "elegans/base/error.hpp"

namespace elegans::train {
namespace {

void cut(std::size_t recording, std::size_t steps, const WindowOptions& options, std::vector<Sequence>& windows) {
  const std::size_t stride = options.stride == 0 ? options.length : options.stride;
  std::size_t next = 0;  // where the next window starts
  std::size_t end = 0;   // behind the last one
  while (next < steps && options.length <= steps - next) {
    windows.push_back({recording, next, options.length});
    end = next + options.length;
    next += std::min(stride, steps - next);
  }
  if (end == steps || options.remainder == Remainder::drop) return;
  if (options.remainder == Remainder::align && steps >= options.length) {
    windows.push_back({recording, steps - options.length, options.length});
  } else if (next < steps) {
    windows.push_back({recording, next, steps - next});
  }
}

}  // namespace

Dataset windows(Dataset data, const WindowOptions& options) {
  if (options.length == 0) throw ConfigError(Complaint{"windows", "length", "0", "1 or more steps", ""});
  if (!is_whole(data))
    throw ConfigError(Complaint{"windows", "the data set is cut into windows already", "", "whole recordings", ""});
  const std::size_t longest = data.longest();
  data.sequences.clear();
  for (std::size_t r = 0; r < data.recordings.size(); ++r) cut(r, data.recordings[r].steps(), options, data.sequences);
  if (data.sequences.empty())
    throw ConfigError(Complaint{"windows", "length", fmt::format("{}", options.length),
                                fmt::format("at most {}, the steps of the longest recording", longest),
                                "Cut shorter windows, or keep the remainder."});
  return data;
}

}  // namespace elegans::train
