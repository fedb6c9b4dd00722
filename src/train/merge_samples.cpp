#include "train/merge_samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "elegans/base/error.hpp"

namespace elegans::train {
namespace {

// The order of stamps of one kind: by value first, so that exact ones and those that are only doubles have one order.
bool is_before(const Sample& a, const Sample& b) {
  const auto key = [](const Sample& s) {
    return std::tuple(s.time.value, s.time.exact, s.time.exact ? s.time.seconds : 0,
                      s.time.exact ? s.time.nanoseconds : 0);
  };
  return key(a) < key(b);
}

// What is left of a row while it is filled.
class OpenRow {
 public:
  OpenRow(MergedRows& rows, std::size_t channels) : rows_(rows), channels_(channels), holder_(channels, nobody) {}

  bool takes(const Sample& sample, double tolerance) const {
    return !rows_.time.empty() && holder_[sample.channel] == nobody &&
           seconds_between(rows_.time.back(), sample.time) <= tolerance;
  }
  void begin(const Sample& first) {
    for (const std::size_t channel : filled_) holder_[channel] = nobody;
    filled_.clear();
    rows_.time.push_back(first.time);
    rows_.lines.push_back(first.line);
    rows_.values.resize(rows_.values.size() + channels_, std::numeric_limits<double>::quiet_NaN());
  }
  void put(const Sample& sample, std::size_t number) {
    rows_.values[rows_.values.size() - channels_ + sample.channel] = sample.value;
    holder_[sample.channel] = number;
    filled_.push_back(sample.channel);
  }
  // The sample that a channel has in this row.
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);
  std::size_t holder(std::size_t channel) const { return holder_[channel]; }

 private:
  MergedRows& rows_;
  std::size_t channels_;
  std::vector<std::size_t> holder_, filled_;
};

}  // namespace

MergedRows merge_samples(std::vector<Sample> samples, std::size_t channels, double tolerance, std::size_t max_cells,
                         const SampleNames& names) {
  std::stable_sort(samples.begin(), samples.end(), is_before);
  MergedRows rows;
  OpenRow row(rows, channels);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i];
    const std::size_t before = row.holder(sample.channel);
    if (before != OpenRow::nobody && seconds_between(samples[before].time, sample.time) <= 0)
      throw FormatError(Complaint{names.place(sample), fmt::format("the sample of {}", names.channel(sample.channel)),
                                  fmt::format("of the same time as that in {}", names.place(samples[before])),
                                  "one sample of a channel at a time", "Take one of them out."});
    if (!row.takes(sample, tolerance)) {
      if ((rows.time.size() + 1) > max_cells / channels)
        throw ConfigError(Complaint{names.place(sample), "the merged table",
                                    fmt::format("more than {} rows of {} channels", rows.time.size(), channels),
                                    fmt::format("at most {} cells", max_cells),
                                    "Join samples of almost the same time (tolerance), or leave channels out."});
      row.begin(sample);
    }
    row.put(sample, i);
  }
  return rows;
}

std::vector<double> gaps_between(const std::vector<TimeStamp>& time) {
  std::vector<double> gaps;
  for (std::size_t t = 1; t < time.size(); ++t) gaps.push_back(seconds_between(time[t - 1], time[t]));
  return gaps;
}

void check_tolerance(const char* operation, double seconds) {
  if (std::isfinite(seconds) && seconds >= 0) return;
  throw ConfigError(Complaint{operation, "tolerance", fmt::format("{}", seconds), "seconds, 0 or more", ""});
}

}  // namespace elegans::train
