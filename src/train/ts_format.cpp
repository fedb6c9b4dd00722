#include "elegans/train/ts_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <istream>
#include <map>
#include <optional>
#include <unordered_map>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "train/blanks.hpp"
#include "train/open_file.hpp"

namespace elegans::train {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// The parts of `text` between delimiters: one more than there are delimiters.
std::vector<std::string_view> split(std::string_view text, char delimiter) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(delimiter);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The words of `text`, which blanks and tabs part.
std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = without_blanks(text); !text.empty(); text = without_blanks(text)) {
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

class TsReader {
 public:
  TsReader(std::istream& in, std::string source) : in_(in), source_(std::move(source)) {}

  Dataset read() {
    read_header();
    check_header();
    while (read_line()) recordings_.push_back(read_case());
    if (recordings_.empty()) refuse(source_, "the file has no case", "", "one a line after @data");
    Schema schema{.features = {}, .targets = {"class"}, .classes = classes_, .target_at = TargetAt::whole_recording};
    for (std::size_t c = 1; c <= channels_; ++c) schema.features.push_back(fmt::format("channel {}", c));
    return make_dataset(std::move(schema), std::move(recordings_), "read_ts");
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
      if (buffer_.ends_with('\r')) buffer_.pop_back();
      line_ = without_blanks(buffer_);
      if (!line_.empty() && line_[0] != '#') return true;
    }
    if (in_.bad())
      throw FileError(Complaint{source_, fmt::format("reading failed after line {}", line_number_), "", "", ""});
    return false;
  }

  void read_header() {
    static const std::array<std::string, 9> known{"problemname", "timestamps",   "missing",
                                                  "univariate",  "dimensions",   "dimension",
                                                  "equallength", "serieslength", "classlabel"};
    while (read_line()) {
      if (line_[0] != '@')
        refuse(place(), "the line", quote(line_, 30), "a tag that begins with '@', or @data before cases");
      const auto end = std::min(line_.find_first_of(" \t"), line_.size());
      std::string tag = lower(line_.substr(1, end - 1));
      if (tag == "data") {
        has_data_ = true;
        return;
      }
      if (tag == "targetlabel") refuse(place(), "@targetLabel (a regression)", "not supported", "@classLabel");
      if (std::find(known.begin(), known.end(), tag) == known.end())
        refuse(place(), "the tag", quote(tag), "a tag of the .ts format", suggest(tag, known));
      if (tag == "dimension") tag = "dimensions";
      if (!tags_.emplace(tag, std::string(without_blanks(line_.substr(end)))).second)
        refuse(place(), fmt::format("the tag '@{}'", tag), "there twice", "each tag once", "Take one of them out.");
    }
  }

  void check_header() {
    if (!has_data_) refuse(source_, "the file has no @data", "", "a header of tags that ends with @data");
    for (const char* tag : {"problemname", "classlabel"})
      if (!tags_.contains(tag)) refuse(source_, fmt::format("the header has no @{}", tag), "", "one before @data");
    for (const char* tag : {"timestamps", "missing"})
      if (flag(tag)) refuse(source_, fmt::format("@{}", tag), "true", "false: this reader does not support it");
    channels_ = number("dimensions");
    if (flag("univariate")) {
      if (channels_ > 1) refuse(source_, "@dimensions", tags_["dimensions"], "1, for @univariate is true");
      channels_ = 1;
    }
    series_length_ = number("serieslength");
    is_equal_length_ = flag("equallength");
    const auto names = words(tags_["classlabel"]);
    if (names.empty() || lower(names[0]) != "true")
      refuse(source_, "@classLabel", quote(tags_["classlabel"], 30), "\"true\" and the names of the classes");
    for (std::size_t c = 1; c < names.size(); ++c) {
      if (!labels_.emplace(std::string(names[c]), static_cast<std::int32_t>(c - 1)).second)
        refuse(source_, "@classLabel", fmt::format("listing {} twice", quote(names[c], 30)), "each class once");
      classes_.emplace_back(names[c]);
    }
    if (classes_.empty()) refuse(source_, "@classLabel lists no class", "", "\"true\" and the names of the classes");
  }

  bool flag(const std::string& tag) {
    const auto found = tags_.find(tag);
    if (found == tags_.end()) return false;
    const std::string text = lower(found->second);
    if (text != "true" && text != "false") refuse(source_, fmt::format("@{}", tag), quote(text, 30), "true or false");
    return text == "true";
  }

  std::size_t number(const std::string& tag) {
    const auto found = tags_.find(tag);
    if (found == tags_.end()) return 0;
    const auto value = parse_number(found->second);
    if (!value || !(*value >= 1 && *value <= 1e9) || *value != std::floor(*value))
      refuse(source_, fmt::format("@{}", tag), quote(found->second, 30), "a whole number, 1 or more");
    return static_cast<std::size_t>(*value);
  }

  // Values of all channels of a case, channel after channel, and how many each has.
  std::size_t read_channels(std::string_view text, std::vector<double>& values) {
    const auto channels = split(text, ':');
    if (channels_ == 0) channels_ = channels.size();
    if (channels.size() != channels_)
      refuse(place(), "the number of channels", fmt::format("{}", channels.size()),
             fmt::format("{}, as {}", channels_,
                         tags_.contains("dimensions") ? "@dimensions says" : "the first case has"));
    std::size_t steps = 0;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const auto words = split(channels[c], ',');
      if (c == 0) steps = words.size();
      if (words.size() != steps)
        refuse(place(), fmt::format("channel {}", c + 1), fmt::format("{} steps long", words.size()),
               fmt::format("{}, as channel 1 is", steps));
      for (std::size_t t = 0; t < steps; ++t) {
        const auto value = parse_number(words[t]);
        if (!value || !std::isfinite(*value))
          refuse(place(), fmt::format("value {} of channel {}", t + 1, c + 1), quote(without_blanks(words[t]), 30),
                 "a finite number");
        values.push_back(*value);
      }
    }
    return steps;
  }

  Recording read_case() {
    const auto colon = line_.rfind(':');
    if (colon == line_.npos) refuse(place(), "the case has no ':'", "", "channels, and behind the last ':' the class");
    const auto name = without_blanks(line_.substr(colon + 1));
    const auto label = labels_.find(std::string(name));
    if (label == labels_.end())
      refuse(place(), "the class", quote(name, 30), "one that @classLabel lists", suggest(name, classes_));

    std::vector<double> values;
    const std::size_t steps = read_channels(line_.substr(0, colon), values);
    if (is_equal_length_ && series_length_ == 0) series_length_ = steps;
    if (series_length_ != 0 && steps != series_length_)
      refuse(place(), "the case", fmt::format("{} steps long", steps),
             fmt::format("{}, as {}", series_length_,
                         tags_.contains("serieslength") ? "@seriesLength says" : "the first case is"));

    Recording recording;
    recording.name = fmt::format("case {}", recordings_.size() + 1);
    recording.source = source_;
    recording.dt.assign(steps, 1);
    recording.lines.assign(steps, line_number_);
    recording.labels = {label->second};
    recording.features.resize(values.size());
    for (std::size_t c = 0; c < channels_; ++c)
      for (std::size_t t = 0; t < steps; ++t) recording.features[t * channels_ + c] = values[c * steps + t];
    return recording;
  }

  std::istream& in_;
  std::string source_;
  std::string buffer_;
  std::string_view line_;
  std::size_t line_number_ = 0;
  std::map<std::string, std::string> tags_;
  bool has_data_ = false;
  bool is_equal_length_ = false;
  std::size_t channels_ = 0;       // 0: as the first case has
  std::size_t series_length_ = 0;  // 0: any
  std::vector<std::string> classes_;
  std::unordered_map<std::string, std::int32_t> labels_;
  std::vector<Recording> recordings_;
};

}  // namespace

Dataset read_ts(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  return read_ts(in, file.string());
}

Dataset read_ts(std::istream& in, const std::string& source) { return TsReader(in, source).read(); }

}  // namespace elegans::train
