#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/settings_file.hpp"
#include "train/toml_nesting.hpp"

namespace elegans::train {
namespace {

using nlohmann::json;

// toml++ has a writer, too. Ours prints numbers in their shortest form (0.1, where its output is 0.10000000000000001)
// and keeps each value in one line.
class Writer {
 public:
  std::string take() { return std::move(text_); }

  void write_table(const json& table, const std::string& path, int depth) {
    check_depth(depth);
    for (const auto& [key, value] : table.items()) {
      if (!value.is_object()) text_ += fmt::format("{} = {}\n", key_text(key), value_text(value, depth + 1));
    }
    for (const auto& [key, value] : table.items()) {
      if (!value.is_object()) continue;
      const std::string inner = path.empty() ? key_text(key) : path + "." + key_text(key);
      text_ += fmt::format("{}[{}]\n", text_.empty() ? "" : "\n", inner);
      write_table(value, inner, depth + 1);
    }
  }

 private:
  [[noreturn]] static void fail(const std::string& actual, const char* required) {
    throw ConfigError(
        Complaint{"to_toml", "a value", actual, required, "Leave it out of the settings or write them as JSON."});
  }

  static void check_depth(int depth) {
    if (depth > max_settings_depth) {
      fail("nested too deeply", fmt::format("at most {} levels", max_settings_depth).c_str());
    }
  }

  static std::string string_text(const std::string& text) {
    if (!is_utf8(text)) fail(quote(text), "UTF-8");
    std::string written = "\"";
    for (const char c : text) {
      const auto code = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        written += {'\\', c};
      } else if (c == '\n') {
        written += "\\n";
      } else if (c == '\t') {
        written += "\\t";
      } else if (code < 0x20 || code == 0x7F) {
        written += fmt::format("\\u{:04X}", code);
      } else {
        written += c;
      }
    }
    return written + '"';
  }

  static std::string key_text(const std::string& key) {
    const auto is_bare = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !key.empty() && std::all_of(key.begin(), key.end(), is_bare) ? key : string_text(key);
  }

  static std::string number_text(double number) {
    if (!std::isfinite(number)) fail(fmt::format("{}", number), "a finite number");
    std::string text = fmt::format("{}", number);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }

  static std::string value_text(const json& value, int depth) {
    switch (value.type()) {
      case json::value_t::object:
        return inline_table_text(value, depth);
      case json::value_t::array:
        return list_text(value, depth);
      case json::value_t::string:
        return string_text(value.get_ref<const std::string&>());
      case json::value_t::boolean:
        return value.get<bool>() ? "true" : "false";
      case json::value_t::number_float:
        return number_text(value.get<double>());
      case json::value_t::number_integer:
        return fmt::format("{}", value.get<std::int64_t>());
      case json::value_t::number_unsigned:
        break;
      default:
        fail("null", "text, a number, true, false, a list or an object");
    }
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      fail(fmt::format("{}", number), "an integer below 2^63");
    }
    return fmt::format("{}", number);
  }

  static std::string list_text(const json& list, int depth) {
    check_depth(depth);
    std::string text;
    for (const json& element : list) text += (text.empty() ? "" : ", ") + value_text(element, depth + 1);
    return fmt::format("[{}]", text);
  }

  static std::string inline_table_text(const json& table, int depth) {
    check_depth(depth);
    std::string text;
    for (const auto& [key, value] : table.items()) {
      text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key_text(key), value_text(value, depth + 1));
    }
    return text.empty() ? "{}" : fmt::format("{{ {} }}", text);
  }

  std::string text_;
};

}  // namespace

std::string to_toml(const json& settings) {
  if (!settings.is_object()) {
    throw ConfigError(
        Complaint{"to_toml", "settings", fmt::format("no object but {}", settings.type_name()), "an object", ""});
  }
  Writer writer;
  writer.write_table(settings, "", 1);
  return writer.take();
}

}  // namespace elegans::train
