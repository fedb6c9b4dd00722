#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans {
namespace {

using nlohmann::json;

std::string describe(const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return value.empty() ? "an empty list" : fmt::format("a list of {}", value.size());
    case json::value_t::string:
      return fmt::format("\"{}\"", printable(value.get_ref<const std::string&>(), 60));
    default:
      return value.dump();
  }
}

std::string describe(const IntegerRange& range) {
  const IntegerRange all;
  if (range.at_least == all.at_least && range.at_most == all.at_most) return "an integer";
  if (range.at_most == all.at_most) return fmt::format("an integer ≥ {}", range.at_least);
  if (range.at_least == all.at_least) return fmt::format("an integer ≤ {}", range.at_most);
  return fmt::format("an integer from {} to {}", range.at_least, range.at_most);
}

std::string describe(const NumberRange& range) {
  std::string text;
  const auto add = [&](const char* relation, double bound) {
    if (std::isfinite(bound)) text += fmt::format("{}{} {}", text.empty() ? "a number " : " and ", relation, bound);
  };
  add("≥", range.at_least);
  add(">", range.above);
  add("≤", range.at_most);
  add("<", range.below);
  return text.empty() ? "a number" : text;
}

std::optional<std::int64_t> as_integer(const json& value, const IntegerRange& range) {
  if (!value.is_number_integer()) return {};
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) return {};
  const auto number = value.get<std::int64_t>();
  return number < range.at_least || number > range.at_most ? std::nullopt : std::optional(number);
}

std::optional<double> as_number(const json& value, const NumberRange& range) {
  if (!value.is_number()) return {};
  const auto number = value.get<double>();
  const bool fits = number >= range.at_least && number <= range.at_most && number > range.above && number < range.below;
  // Unbounded ranges hold infinite bounds, which `>` and `<` keep finite numbers inside.
  return fits ? std::optional(number) : std::nullopt;
}

FormatError bad_value(const std::string& source_name, const std::string& path, std::string actual, std::string required,
                      std::string remedy) {
  return FormatError(Complaint{source_name, fmt::format("key {}", quote(path)), std::move(actual), std::move(required),
                               std::move(remedy)});
}

// The remedy for a name that is not among `known`. A hostile name is cut: the distance costs its length.
std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  return suggest(name.substr(0, 64), known);
}

}  // namespace

bool is_integer_from(const nlohmann::json& value, std::int64_t least, std::int64_t most) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return false;
  return value.get<std::int64_t>() >= least && value.get<std::int64_t>() <= most;
}

JsonObject::JsonObject(const json& value, std::string source_name, std::vector<std::string> known)
    : JsonObject(value, std::move(source_name), std::string(), std::move(known)) {}

JsonObject::JsonObject(const json& value, std::string source_name, std::string path, std::vector<std::string> known)
    : value_(&value), source_name_(std::move(source_name)), path_(std::move(path)) {
  const std::string name = path_.substr(0, path_.empty() ? 0 : path_.size() - 1);
  if (!value.is_object()) {
    if (path_.empty()) throw FormatError(Complaint{source_name_, "the whole", describe(value), "an object", ""});
    throw bad_value(source_name_, name, describe(value), "an object", "");
  }
  for (const auto& [key, member] : value.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw bad_value(source_name_, path_of(key), "unknown",
                    path_.empty() ? "a known key" : fmt::format("a key of {}", quote(name)), nearest(key, known));
  }
}

bool JsonObject::has(std::string_view key) const { return find(key) != nullptr; }

const json& JsonObject::at(std::string_view key) const {
  const json* member = find(key);
  if (member == nullptr) throw error(key, "a value");
  return *member;
}

const json* JsonObject::find(std::string_view key) const {
  const auto entry = value_->find(key);
  return entry == value_->end() ? nullptr : &*entry;
}

std::string JsonObject::path_of(std::string_view key) const { return path_ + std::string(key); }

FormatError JsonObject::error(std::string_view key, std::string required, std::string remedy) const {
  const json* member = find(key);
  return bad_value(source_name_, path_of(key), member == nullptr ? "missing" : describe(*member), std::move(required),
                   std::move(remedy));
}

std::int64_t JsonObject::integer(std::string_view key, const IntegerRange& range,
                                 std::optional<std::int64_t> fallback) const {
  const json* member = find(key);
  if (member == nullptr && fallback) return *fallback;
  const auto value = member == nullptr ? std::nullopt : as_integer(*member, range);
  if (!value) throw error(key, describe(range));
  return *value;
}

double JsonObject::number(std::string_view key, const NumberRange& range, std::optional<double> fallback) const {
  const json* member = find(key);
  if (member == nullptr && fallback) return *fallback;
  const auto value = member == nullptr ? std::nullopt : as_number(*member, range);
  if (!value) throw error(key, describe(range));
  return *value;
}

bool JsonObject::boolean(std::string_view key, std::optional<bool> fallback) const {
  const json* member = find(key);
  if (member == nullptr && fallback) return *fallback;
  if (member == nullptr || !member->is_boolean()) throw error(key, "true or false");
  return member->get<bool>();
}

std::string JsonObject::text(std::string_view key, std::optional<std::string> fallback) const {
  const json* member = find(key);
  if (member == nullptr && fallback) return *fallback;
  if (member == nullptr || !member->is_string()) throw error(key, "text in double quotes");
  return member->get<std::string>();
}

std::string JsonObject::choice(std::string_view key, const std::vector<std::string>& names,
                               std::optional<std::string> fallback) const {
  const json* member = find(key);
  if (member == nullptr && fallback) return *fallback;
  if (member == nullptr || !member->is_string()) throw error(key, "a name in double quotes", nearest("", names));
  const auto& name = member->get_ref<const std::string&>();
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw error(key, "a known name", nearest(name, names));
  return name;
}

const json& JsonObject::list(std::string_view key, const std::string& what) const {
  const json* member = find(key);
  if (member == nullptr || !member->is_array()) throw error(key, what);
  return *member;
}

std::vector<std::int64_t> JsonObject::integers(std::string_view key, const IntegerRange& each) const {
  std::vector<std::int64_t> values;
  for (const json& element : list(key, fmt::format("a list, each {}", describe(each)))) {
    const auto value = as_integer(element, each);
    if (!value) {
      throw bad_value(source_name_, fmt::format("{}[{}]", path_of(key), values.size()), describe(element),
                      describe(each), "");
    }
    values.push_back(*value);
  }
  return values;
}

std::vector<double> JsonObject::numbers(std::string_view key, const NumberRange& each) const {
  std::vector<double> values;
  for (const json& element : list(key, fmt::format("a list, each {}", describe(each)))) {
    const auto value = as_number(element, each);
    if (!value) {
      throw bad_value(source_name_, fmt::format("{}[{}]", path_of(key), values.size()), describe(element),
                      describe(each), "");
    }
    values.push_back(*value);
  }
  return values;
}

std::vector<std::string> JsonObject::texts(std::string_view key) const {
  std::vector<std::string> values;
  for (const json& element : list(key, "a list of texts in double quotes")) {
    if (!element.is_string()) {
      throw bad_value(source_name_, fmt::format("{}[{}]", path_of(key), values.size()), describe(element),
                      "text in double quotes", "");
    }
    values.push_back(element.get<std::string>());
  }
  return values;
}

JsonObject JsonObject::object(std::string_view key, std::vector<std::string> known) const {
  const json* member = find(key);
  if (member == nullptr) throw error(key, "an object");
  return JsonObject(*member, source_name_, path_of(key) + ".", std::move(known));
}

std::vector<JsonObject> JsonObject::objects(std::string_view key, const std::vector<std::string>& known) const {
  std::vector<JsonObject> values;
  for (const json& element : list(key, "a list of objects")) {
    values.push_back(JsonObject(element, source_name_, fmt::format("{}[{}].", path_of(key), values.size()), known));
  }
  return values;
}

}  // namespace elegans
