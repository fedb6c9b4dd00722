// What settings of `elegans train` mean that are words or numbers, or stand for what others say.

#include <fmt/format.h>

#include <cmath>
#include <sstream>

#include "cli/data_file.hpp"
#include "cli/train_settings.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"

namespace elegans::cli {
namespace {

constexpr NumberRange fraction{.at_least = 0, .below = 1};
constexpr NumberRange positive{.above = 0};

// A number, or nothing for "auto".
std::optional<double> auto_or_number(const char* option, const std::string& text, const NumberRange& range,
                                     const char* required) {
  if (text == "auto") return {};
  const auto number = train::parse_number(text);
  const bool fits =
      number && std::isfinite(*number) && *number >= range.at_least && *number > range.above && *number < range.below;
  if (!fits) refuse(option, quote(text), fmt::format("auto, or {}", required), "");
  return number;
}

}  // namespace

void refuse(const char* option, std::string actual, std::string required, std::string remedy) {
  throw ConfigError(Complaint{"train", option, std::move(actual), std::move(required), std::move(remedy)});
}

void refuse_copies(const std::string& beside, const std::string& required) {
  refuse("--copies", "given beside " + beside, required,
         "Copies are made of whole recordings, which --window 0 keeps, too.");
}

bool copies_windows(const TrainSettings& s) { return s.copies > 0 && cuts_windows(s) && !s.data.ends_with(".npz"); }

bool cuts_windows(const TrainSettings& s) {
  return s.window > 0 && s.answer != "recording" && format_of(s.data) != DataFormat::ts;
}

bool judges_epochs(const TrainSettings& s) {
  return s.validation > 0 || !s.validation_groups.empty() || !s.monitor.starts_with("val_");
}

std::string split_of(const TrainSettings& s) {
  if (s.split != "auto") return s.split;
  const bool whole = s.answer == "recording" || format_of(s.data) == DataFormat::ts;
  return whole || !s.validation_groups.empty() || !s.test_groups.empty() ? "group" : "time";
}

std::optional<double> first_dt_of(const TrainSettings& s) {
  if (s.first_dt == "median") return {};
  const auto seconds = train::parse_number(s.first_dt);
  if (seconds && std::isfinite(*seconds) && *seconds >= 0) return seconds;
  refuse("--first-dt", quote(s.first_dt), "median, or a number of seconds, 0 or more", "");
}

std::optional<double> time_unit_of(const TrainSettings& s) {
  if (s.time_unit == "auto") return {};
  if (s.time_unit == "off") return 1;
  const auto seconds = train::parse_number(s.time_unit);
  if (seconds && std::isfinite(*seconds) && *seconds > 0) return seconds;
  refuse("--time-unit", quote(s.time_unit), "auto, off, or a number of seconds above 0", "");
}

std::optional<double> beta_2_of(const TrainSettings& s) {
  return auto_or_number("--beta-2", s.beta_2, fraction, "a number ≥ 0 and < 1");
}
std::optional<double> epsilon_of(const TrainSettings& s) {
  return auto_or_number("--epsilon", s.epsilon, positive, "a number > 0");
}
std::optional<double> weight_decay_of(const TrainSettings& s) {
  return auto_or_number("--weight-decay", s.weight_decay, {.at_least = 0}, "a number ≥ 0");
}

std::vector<train::ParameterGroup> parameter_groups_of(const TrainSettings& s) {
  constexpr const char* required = "patterns, then learning_rate=NUMBER, weight_decay=NUMBER or both";
  std::vector<train::ParameterGroup> groups;
  for (const std::string& text : s.parameter_groups) {
    train::ParameterGroup group;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) {
        group.weights.push_back(word);
        continue;
      }
      const std::string key = word.substr(0, equals);
      const auto number = train::parse_number(std::string_view(word).substr(equals + 1));
      const bool known = key == "learning_rate" || key == "weight_decay";
      if (!known || !number || !std::isfinite(*number) || *number < 0)
        refuse("--parameter-groups", quote(word), "learning_rate=NUMBER or weight_decay=NUMBER, 0 or more", "");
      (key == "learning_rate" ? group.learning_rate : group.weight_decay) = number;
    }
    if (group.weights.empty() || (!group.learning_rate && !group.weight_decay))
      refuse("--parameter-groups", quote(text), required, "");
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace elegans::cli
