#include "elegans/train/ts_format.hpp"

#include <fmt/format.h>

#include <cmath>
#include <istream>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/timespans.hpp"
#include "train/blanks.hpp"
#include "train/merge_samples.hpp"
#include "train/open_file.hpp"
#include "train/ts_header.hpp"

namespace elegans::train {
namespace {

// The parts of `text` between delimiters that do not stand in parentheses: one more than there are such delimiters.
std::vector<std::string_view> split(std::string_view text, char delimiter) {
  std::vector<std::string_view> parts;
  bool inside = false;
  std::size_t first = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == ')') inside = text[i] == '(';
    if (text[i] != delimiter || inside) continue;
    parts.push_back(text.substr(first, i - first));
    first = i + 1;
  }
  parts.push_back(text.substr(first));
  return parts;
}

class TsReader {
 public:
  TsReader(std::istream& in, std::string source, const TsOptions& options)
      : in_(in), source_(std::move(source)), options_(options), header_(source_) {
    if (options.first_dt && !(std::isfinite(*options.first_dt) && *options.first_dt >= 0))
      throw ConfigError(Complaint{"TsOptions", "first_dt", fmt::format("{}", *options.first_dt),
                                  "a finite number of seconds, 0 or more", "Leave it out for the case's median Δt."});
  }

  Dataset read() {
    read_header();
    while (read_line()) read_case();
    if (recordings_.empty()) refuse(source_, "the file has no case", "", "one a line after @data");
    if (header_.has_time()) set_timespans();
    Schema schema{.classes = header_.classes(), .target_at = TargetAt::whole_recording};
    if (header_.target() == TsTarget::label) schema.targets = {"class"};
    if (header_.target() == TsTarget::number) schema.targets = {"target"};
    for (std::size_t c = 1; c <= channels_; ++c) schema.features.push_back(fmt::format("channel {}", c));
    return treat_missing({std::move(schema), std::move(recordings_), {}}, options_.missing, options_.sporadic);
  }

 private:
  [[noreturn]] static void refuse(const std::string& place, const std::string& what, const std::string& actual,
                                  const std::string& required, const std::string& remedy = "") {
    throw FormatError(Complaint{place, what, actual, required, remedy});
  }
  std::string place() const { return fmt::format("{}, line {}", source_, line_number_); }

  // The next line that is neither blank nor a comment, blanks at its ends cut off.
  bool read_line() {
    while (std::getline(in_, buffer_)) {
      ++line_number_;
      if (line_number_ == 1 && buffer_.starts_with("\xef\xbb\xbf")) buffer_.erase(0, 3);
      if (buffer_.ends_with('\r')) buffer_.pop_back();
      line_ = without_blanks(buffer_);
      if (!line_.empty() && line_[0] != '#') return true;
    }
    if (in_.bad())
      throw FileError(Complaint{source_, fmt::format("reading failed after line {}", line_number_), "", "", ""});
    return false;
  }

  void read_header() {
    bool in_header = true;
    while (in_header && read_line()) {
      if (line_[0] != '@')
        refuse(place(), "the line", quote(line_, 30), "a tag that begins with '@', or @data before cases");
      in_header = header_.take(line_, place());
    }
    if (in_header) refuse(source_, "the file has no @data", "", "a header of tags that ends with @data");
    header_.check();
    channels_ = header_.channels();
    series_length_ = header_.series_length();
  }

  double read_value(std::string_view text, std::size_t step, std::size_t channel) const {
    text = without_blanks(text);
    const bool is_lacking = !text.empty() && is_missing(text);
    if (is_lacking && options_.missing != Missing::error) return std::numeric_limits<double>::quiet_NaN();
    const auto value = parse_number(text);
    if (!value || !std::isfinite(*value))
      refuse(place(), fmt::format("value {} of channel {}", step + 1, channel + 1), quote(text, 30), "a finite number",
             is_lacking
                 ? "Fill missing values with the last one (--missing forward-fill), let them be inputs (--missing "
                   "inputs), or leave such steps out (--missing drop)."
                 : "");
    return *value;
  }

  std::vector<std::string_view> read_channels(std::string_view text) {
    auto channels = split(text, ':');
    if (channels_ == 0) channels_ = channels.size();
    if (channels.size() != channels_)
      refuse(place(), "the number of channels", fmt::format("{}", channels.size()),
             fmt::format("{}, as {}", channels_, header_.channels() > 0 ? "the header says" : "the first case has"));
    return channels;
  }

  // Values of channels of one length, in steps of Δt 1.
  void read_values(const std::vector<std::string_view>& channels, Recording& recording) const {
    // No memory is taken before every channel is seen to have as many steps as the first.
    std::vector<std::vector<std::string_view>> words;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      words.push_back(split(channels[c], ','));
      if (words[c].size() != words[0].size())
        refuse(place(), fmt::format("channel {}", c + 1), fmt::format("{} steps long", words[c].size()),
               fmt::format("{}, as channel 1 is", words[0].size()));
    }
    recording.dt.assign(words[0].size(), 1);
    for (std::size_t t = 0; t < words[0].size(); ++t)
      for (std::size_t c = 0; c < channels_; ++c) recording.features.push_back(read_value(words[c][t], t, c));
  }

  // "(0.5,1.86)"
  Sample read_pair(std::string_view text, std::size_t step, std::size_t channel) {
    text = without_blanks(text);
    // A time stamp may hold a comma before its fraction.
    const auto comma = text.rfind(',');
    const std::string what = fmt::format("pair {} of channel {}", step + 1, channel + 1);
    if (!text.starts_with('(') || !text.ends_with(')') || comma == text.npos)
      refuse(place(), what, quote(text, 30), "(time,value), as @timeStamps is true");
    const auto stamp_text = without_blanks(text.substr(1, comma - 1));
    const auto stamp = parse_time_stamp(stamp_text);
    if (!stamp)
      refuse(place(), fmt::format("the time of {}", what), quote(stamp_text, 30), "seconds, or a calendar time",
             "Write it as 2015-02-04 17:51:00.");
    if (!kind_) kind_ = stamp->kind;
    if (stamp->kind != *kind_)
      refuse(place(), fmt::format("the time of {}", what),
             fmt::format("{}, of another kind than the first", quote(stamp_text, 30)),
             "seconds throughout, or calendar times, all with a zone or none");
    const double value = read_value(text.substr(comma + 1, text.size() - comma - 2), step, channel);
    return {.time = *stamp, .channel = channel, .value = value, .line = line_number_};
  }

  // Channels with stamps of their own.
  void read_pairs(const std::vector<std::string_view>& channels, Recording& recording) {
    std::vector<Sample> samples;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const std::size_t first = samples.size();
      const auto pairs = split(channels[c], ',');
      check_length(pairs.size(), fmt::format("channel {}", c + 1));
      for (std::size_t t = 0; t < pairs.size(); ++t) {
        samples.push_back(read_pair(pairs[t], t, c));
        if (samples.size() > first + 1 && !(seconds_between(samples[samples.size() - 2].time, samples.back().time) > 0))
          refuse(place(), fmt::format("the time of pair {} of channel {}", t + 1, c + 1), "not after the one before",
                 "times that increase");
      }
    }
    const MergedRows rows =
        merge_samples(std::move(samples), channels_, 0, most_merged_cells,
                      {.place = [this](const Sample&) { return place(); },
                       .channel = [](std::size_t channel) { return fmt::format("channel {}", channel + 1); }});
    recording.features = rows.values;
    for (const TimeStamp& stamp : rows.time) recording.time.push_back(stamp.value);
    gaps_.push_back(gaps_between(rows.time));
  }

  void read_target(std::string_view text, Recording& recording) const {
    text = without_blanks(text);
    if (header_.target() == TsTarget::label) {
      recording.labels = {header_.label_of(text)};
      if (recording.labels[0] < 0)
        refuse(place(), "the class", quote(text, 30), "one that @classLabel lists", suggest(text, header_.classes()));
    } else {
      const auto value = parse_number(text);
      if (!value || !std::isfinite(*value)) refuse(place(), "the target", quote(text, 30), "a finite number");
      recording.targets = {*value};
    }
  }

  void read_case() {
    Recording& recording = recordings_.emplace_back();
    recording.name = fmt::format("case {}", recordings_.size());
    recording.source = source_;
    std::string_view values = line_;
    if (header_.target() != TsTarget::none) {
      const auto colon = line_.rfind(':');
      if (colon == line_.npos || line_.substr(colon).find(')') != line_.npos)
        refuse(place(), "the case has no ':' before a target", "", "channels, and behind the last ':' the target");
      read_target(line_.substr(colon + 1), recording);
      values = line_.substr(0, colon);
    }
    const auto channels = read_channels(values);
    header_.has_time() ? read_pairs(channels, recording) : read_values(channels, recording);
    const std::size_t steps = recording.features.size() / channels_;
    recording.lines.assign(steps, line_number_);
    if (!header_.has_time()) check_length(steps, "the case");
  }

  void check_length(std::size_t steps, const std::string& what) {
    if (header_.is_equal_length() && series_length_ == 0) series_length_ = steps;
    if (series_length_ == 0 || steps == series_length_) return;
    refuse(place(), what, fmt::format("{} steps long", steps),
           fmt::format("{}, as {}", series_length_,
                       header_.series_length() > 0 ? "@seriesLength says" : "the first case is"));
  }

  void set_timespans() {
    std::vector<double> all;
    for (const auto& gaps : gaps_) all.insert(all.end(), gaps.begin(), gaps.end());
    const double otherwise = all.empty() ? 1 : median(all);
    for (std::size_t r = 0; r < recordings_.size(); ++r)
      recordings_[r].dt = timespans(gaps_[r], options_.first_dt, otherwise);
  }

  std::istream& in_;
  std::string source_;
  const TsOptions& options_;
  TsHeader header_;
  std::string buffer_;
  std::string_view line_;
  std::size_t line_number_ = 0;
  std::size_t channels_ = 0;       // 0: as the first case has
  std::size_t series_length_ = 0;  // 0: any
  std::optional<TimeStampKind> kind_;
  std::vector<Recording> recordings_;
  std::vector<std::vector<double>> gaps_;  // with time stamps, of each recording
};

}  // namespace

Dataset read_ts(const std::filesystem::path& file, const TsOptions& options) {
  std::ifstream in = open_file(file);
  return read_ts(in, file.string(), options);
}

Dataset read_ts(std::istream& in, const std::string& source, const TsOptions& options) {
  return TsReader(in, source, options).read();
}

}  // namespace elegans::train
