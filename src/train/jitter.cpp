#include "elegans/train/jitter.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/philox.hpp"

namespace elegans::train {
namespace {

void check(const Dataset& data, const JitterOptions& options) {
  if (!is_whole(data))
    throw ConfigError({"jitter", "the data set", "cut into windows or selected from one", "whole recordings",
                       "Cut windows afterwards."});
  if (options.copies == 0) throw ConfigError({"jitter", "copies", "0", "1 or more", ""});
  for (const auto& [name, value] : {std::pair{"noise", options.noise}, {"offset", options.offset}})
    if (!(std::isfinite(value) && value >= 0))
      throw ConfigError({"jitter", name, fmt::format("{}", value), "a finite number >= 0", ""});
}

}  // namespace

Dataset jitter(const Dataset& data, const JitterOptions& options) {
  check(data, options);
  const std::size_t features = data.feature_count();
  const PhiloxKey key = philox_key(options.seed);
  std::vector<Recording> copies;
  copies.reserve(options.copies * data.recordings.size());
  for (std::size_t c = 0; c < options.copies; ++c)
    for (const Recording& recording : data.recordings) {
      // A stream for each copy of each recording: first its offsets, then its noise.
      const std::uint64_t stream = copies.size();
      const auto normal = [&](std::size_t i) { return normal_f64(philox(key, philox_counter(i, stream))); };
      Recording& copy = copies.emplace_back(recording);
      for (std::size_t i = 0; i < copy.features.size(); ++i)
        copy.features[i] += options.offset * normal(i % features) + options.noise * normal(features + i);
    }
  return make_dataset(data.schema, std::move(copies), "jitter");
}

}  // namespace elegans::train
