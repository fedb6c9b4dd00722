#include "cli/settings.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/settings_file.hpp"

namespace elegans::cli {
namespace {

std::string key_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return names;
}

std::string nearest(const std::string& value, const std::vector<std::string>& names) {
  std::string remedy = suggest(value, names);
  return remedy.starts_with("Did you mean") ? remedy : std::string();
}

void require_choice(std::string_view option, const std::string& value, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), value) != names.end()) return;
  throw ConfigError(Complaint{fmt::format("--{}", option), "the value", quote(value),
                              fmt::format("one of {}", fmt::join(names, ", ")), nearest(value, names)});
}

void Settings::keep(Entry entry) {
  if (!heading_.empty()) entry.option->group(heading_);
  entries_.push_back(std::move(entry));
}

void Settings::add_argument(const std::string& name, std::string& value, const std::string& help) {
  CLI::Option* option = command_->add_option(name, value, help);
  keep({key_of(name), option, [&value, key = key_of(name)](const JsonObject& file) { value = file.text(key); }, [] {},
        [&value]() -> nlohmann::json { return value; }});
}

void Settings::add(const std::string& name, std::string& value, const std::string& help) {
  CLI::Option* option = command_->add_option("--" + name, value, help);
  if (!value.empty()) option->capture_default_str();
  keep({key_of(name), option, [&value, key = key_of(name)](const JsonObject& file) { value = file.text(key); }, [] {},
        [&value]() -> nlohmann::json { return value; }});
}

void Settings::add_word_or_number(const std::string& name, std::string& value, const std::string& help) {
  add(name, value, help);
  entries_.back().read = [&value, key = key_of(name)](const JsonObject& file) {
    value = file.at(key).is_number() ? fmt::format("{}", file.number(key)) : file.text(key);
  };
}

void Settings::add(const std::string& name, std::int64_t& value, const std::string& help, const IntegerRange& range) {
  CLI::Option* option = command_->add_option("--" + name, value, help)->capture_default_str()->check(whole_number());
  keep({key_of(name), option,
        [&value, key = key_of(name), range](const JsonObject& file) { value = file.integer(key, range); },
        [&value, name, range] {
          JsonObject({{"--" + name, value}}, "command line", {"--" + name}).integer("--" + name, range);
        },
        [&value]() -> nlohmann::json { return value; }});
}

void Settings::add(const std::string& name, double& value, const std::string& help, const NumberRange& range) {
  CLI::Option* option = command_->add_option("--" + name, value, help)->capture_default_str()->check(finite_number());
  keep({key_of(name), option,
        [&value, key = key_of(name), range](const JsonObject& file) { value = file.number(key, range); },
        [&value, name, range] {
          JsonObject({{"--" + name, value}}, "command line", {"--" + name}).number("--" + name, range);
        },
        [&value]() -> nlohmann::json { return value; }});
}

void Settings::add(const std::string& name, bool& value, const std::string& help) {
  CLI::Option* option = command_->add_flag(fmt::format("--{0},!--no-{0}", name), value,
                                           fmt::format("{} (default: {})", help, value ? "yes" : "no"));
  keep({key_of(name), option, [&value, key = key_of(name)](const JsonObject& file) { value = file.boolean(key); },
        [] {}, [&value]() -> nlohmann::json { return value; }});
}

void Settings::add(const std::string& name, std::vector<std::string>& value, const std::string& help) {
  CLI::Option* option = command_->add_option_function<std::string>(
      "--" + name, [&value](const std::string& text) { value = split_names(text); }, help);
  keep({key_of(name), option,
        [&value, key = key_of(name)](const JsonObject& file) {
          value = file.at(key).is_string() ? split_names(file.text(key)) : file.texts(key);
        },
        [] {}, [&value]() -> nlohmann::json { return value; }});
}

void Settings::read(const std::filesystem::path& file) { read(train::read_settings(file), file.string()); }

void Settings::read(const nlohmann::json& settings, const std::string& source_name) {
  std::vector<std::string> keys;
  for (const Entry& entry : entries_) keys.push_back(entry.key);
  const JsonObject object(settings, source_name, keys);
  for (const Entry& entry : entries_)
    if (entry.option->count() == 0 && object.has(entry.key)) entry.read(object);
}

void Settings::check() const {
  for (const Entry& entry : entries_) {
    try {
      entry.check();
    } catch (const FormatError& error) {
      // "command line: key '--epochs' is 0; …"
      const std::string message = error.what();
      const std::size_t option = message.find("'--"), quote = message.find('\'', option + 1);
      throw ConfigError(message.substr(option + 1, quote - option - 1) + message.substr(quote + 1));
    }
  }
}

nlohmann::json Settings::values() const {
  nlohmann::json values = nlohmann::json::object();
  for (const Entry& entry : entries_) values[entry.key] = entry.value();
  return values;
}

}  // namespace elegans::cli
