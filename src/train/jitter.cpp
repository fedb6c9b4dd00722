#include "elegans/train/jitter.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/philox.hpp"

namespace elegans::train {
namespace {

// All copies together: 512 GiB of features. More is a slip, and would fail for want of memory, or of an address.
constexpr std::size_t most_numbers = std::size_t{1} << 36;

std::size_t most_copies(const Dataset& data) {
  std::size_t numbers = 1;
  for (const Recording& recording : data.recordings)
    numbers += recording.features.size() + sizeof(Recording) / sizeof(double);  // which it takes without features, too
  return most_numbers / numbers;
}

void check(const Dataset& data, const JitterOptions& options) {
  if (!is_whole(data))
    throw ConfigError({"jitter", "the data set", "cut into windows or selected from one", "whole recordings",
                       "Cut windows afterwards."});
  if (options.copies == 0) throw ConfigError({"jitter", "copies", "0", "1 or more", ""});
  const std::size_t most = most_copies(data);
  if (options.copies > most)
    throw ConfigError({"jitter", "copies", fmt::format("{}", options.copies),
                       fmt::format("at most {}, which are {} numbers together", most, most_numbers), ""});
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
