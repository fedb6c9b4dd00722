#include "train/ts_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "train/blanks.hpp"

namespace elegans::train {
namespace {

[[noreturn]] void refuse(const std::string& place, const std::string& what, const std::string& actual,
                         const std::string& required, const std::string& remedy = "") {
  throw FormatError(Complaint{place, what, actual, required, remedy});
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
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

}  // namespace

bool TsHeader::take(std::string_view line, const std::string& place) {
  static const std::array<std::string, 10> known{"problemname", "timestamps",  "missing",      "univariate",
                                                 "dimensions",  "equallength", "serieslength", "classlabel",
                                                 "targetlabel", "data"};
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  std::string tag = lower(line.substr(1, end - 1));
  if (tag == "data") return false;
  if (tag == "dimension") tag = "dimensions";
  if (std::find(known.begin(), known.end(), tag) == known.end())
    refuse(place, "the tag", quote(tag), "a tag of the .ts format", suggest(tag, known));
  if (!tags_.emplace(tag, std::string(without_blanks(line.substr(end)))).second)
    refuse(place, fmt::format("the tag '@{}'", tag), "there twice", "each tag once", "Take one of them out.");
  return true;
}

void TsHeader::check() {
  has_time_ = flag("timestamps");
  flag("missing");  // whether values are missing shows
  channels_ = number("dimensions");
  if (flag("univariate")) {
    if (channels_ > 1) refuse(source_, "@dimensions", tags_["dimensions"], "1, for @univariate is true");
    channels_ = 1;
  }
  series_length_ = number("serieslength");
  is_equal_length_ = flag("equallength");
  read_target();
}

void TsHeader::read_target() {
  if (!has("classlabel") && !has("targetlabel"))
    refuse(source_, "the header has neither @classLabel nor @targetLabel", "", "one of them before @data",
           "@classLabel false tells of cases without.");
  const auto names = has("classlabel") ? words(tags_["classlabel"]) : std::vector<std::string_view>{"false"};
  const std::string classifies = names.empty() ? "" : lower(names[0]);
  if (classifies != "true" && classifies != "false")
    refuse(source_, "@classLabel", quote(tags_["classlabel"], 30),
           "\"true\" and the names of the classes, or \"false\"");
  const bool regresses = flag("targetlabel");
  if (regresses && classifies == "true") refuse(source_, "@targetLabel", "true beside @classLabel", "one of the two");
  if (regresses) target_ = TsTarget::number;
  if (classifies == "true") read_classes(names);
}

void TsHeader::read_classes(const std::vector<std::string_view>& names) {
  target_ = TsTarget::label;
  for (std::size_t c = 1; c < names.size(); ++c) {
    if (!labels_.emplace(std::string(names[c]), static_cast<std::int32_t>(c - 1)).second)
      refuse(source_, "@classLabel", fmt::format("listing {} twice", quote(names[c], 30)), "each class once");
    classes_.emplace_back(names[c]);
  }
  if (classes_.empty()) refuse(source_, "@classLabel lists no class", "", "\"true\" and the names of the classes");
}

std::int32_t TsHeader::label_of(std::string_view name) const {
  if (const auto found = labels_.find(std::string(name)); found != labels_.end()) return found->second;
  std::int32_t label = -1;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    if (lower(classes_[c]) != lower(name)) continue;
    if (label != -1) return -1;
    label = static_cast<std::int32_t>(c);
  }
  return label;
}

bool TsHeader::flag(const std::string& tag) const {
  const auto found = tags_.find(tag);
  if (found == tags_.end()) return false;
  const std::string text = lower(found->second);
  if (text != "true" && text != "false") refuse(source_, fmt::format("@{}", tag), quote(text, 30), "true or false");
  return text == "true";
}

std::size_t TsHeader::number(const std::string& tag) const {
  const auto found = tags_.find(tag);
  if (found == tags_.end()) return 0;
  const auto value = parse_number(found->second);
  if (!value || !(*value >= 1 && *value <= 1e9) || *value != std::floor(*value))
    refuse(source_, fmt::format("@{}", tag), quote(found->second, 30), "a whole number, 1 or more");
  return static_cast<std::size_t>(*value);
}

}  // namespace elegans::train
