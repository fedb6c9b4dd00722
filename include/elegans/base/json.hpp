#pragma once
// JSON that somebody else wrote.
//
// parse_json() accepts exactly RFC 8259 and refuses what a parser may let pass: a key given twice, numbers that do not
// fit (an integer of more than 64 bits, 1e999), text that is not UTF-8, zero bytes, nesting without end. JsonObject
// then reads an object key by key, and its errors name file, key, what was found and what was expected:
//
//   policy.json: key 'cell.units' is "abc"; expected an integer ≥ 1.
//   policy.json: key 'cell.unit' is unknown; expected a key of 'cell'. Did you mean 'units'?

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/base/error.hpp"

namespace elegans {

struct JsonOptions {
  int max_depth = 64;  // objects and arrays inside one another
};

// The value that `text` holds. FormatError with `source_name` (a file, "standard input"), line and column of the last
// character that was read, columns counted in characters.
nlohmann::json parse_json(std::string_view text, std::string_view source_name, const JsonOptions& options = {});

// The text of `value`, keys in alphabetical order, numbers in the shortest form that reads back the same; `indent`
// spaces a level, or all in one line where it is negative. ConfigError where a number is not finite or a string not
// UTF-8.
std::string to_json_text(const nlohmann::json& value, int indent = -1);

// Whether it is an integer of least … most.
bool is_integer_from(const nlohmann::json& value, std::int64_t least, std::int64_t most);

struct IntegerRange {
  std::int64_t at_least = std::numeric_limits<std::int64_t>::min();
  std::int64_t at_most = std::numeric_limits<std::int64_t>::max();
};

struct NumberRange {
  double at_least = -std::numeric_limits<double>::infinity();
  double at_most = std::numeric_limits<double>::infinity();
  double above = -std::numeric_limits<double>::infinity();
  double below = std::numeric_limits<double>::infinity();
};

// An object being read. It refers to the value it was made from, which must outlive it.
//
// Every getter throws FormatError where the value is of another kind or out of range, and where the key is missing and
// no `fallback` is given.
class JsonObject {
 public:
  // `known` are all keys that the object may have. FormatError where `value` is no object or has another key.
  JsonObject(const nlohmann::json& value, std::string source_name, std::vector<std::string> known);

  bool has(std::string_view key) const;
  const nlohmann::json& at(std::string_view key) const;

  std::int64_t integer(std::string_view key, const IntegerRange& range = {},
                       std::optional<std::int64_t> fallback = {}) const;
  // An integer is a number, too.
  double number(std::string_view key, const NumberRange& range = {}, std::optional<double> fallback = {}) const;
  bool boolean(std::string_view key, std::optional<bool> fallback = {}) const;
  std::string text(std::string_view key, std::optional<std::string> fallback = {}) const;
  // One of `names`.
  std::string choice(std::string_view key, const std::vector<std::string>& names,
                     std::optional<std::string> fallback = {}) const;

  std::vector<std::int64_t> integers(std::string_view key, const IntegerRange& each = {}) const;
  std::vector<double> numbers(std::string_view key, const NumberRange& each = {}) const;
  std::vector<std::string> texts(std::string_view key) const;

  // The object under `key`; its errors name the keys on the way to it.
  JsonObject object(std::string_view key, std::vector<std::string> known) const;
  // The objects in the list under `key`.
  std::vector<JsonObject> objects(std::string_view key, const std::vector<std::string>& known) const;

  // The error that says what was expected of a key's value, for rules that no getter knows.
  FormatError error(std::string_view key, std::string required, std::string remedy = {}) const;

 private:
  JsonObject(const nlohmann::json& value, std::string source_name, std::string path, std::vector<std::string> known);
  const nlohmann::json* find(std::string_view key) const;
  const nlohmann::json& list(std::string_view key, const std::string& what) const;
  std::string path_of(std::string_view key) const;

  const nlohmann::json* value_;
  std::string source_name_;
  std::string path_;  // "cell.", or empty at the top
};

}  // namespace elegans
