#include "elegans/train/settings_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <cmath>
#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/base/text.hpp"
#include "train/toml_nesting.hpp"

namespace elegans::train {
namespace {

using nlohmann::json;

constexpr std::uint64_t max_settings_bytes = 1 << 20;

std::string at(std::string_view source_name, const toml::source_position& position) {
  return fmt::format("{}, line {}, column {}", source_name, position.line, position.column);
}

// Turns toml++'s tree into JSON, refusing what JSON cannot hold.
class Converter {
 public:
  explicit Converter(std::string_view source_name) : source_name_(source_name) {}

  json convert(const toml::node& node, int depth = 1) const {
    if (depth > max_settings_depth && (node.is_table() || node.is_array())) {
      fail(node, "tables or lists are nested too deeply", fmt::format("at most {} levels", max_settings_depth), "");
    }
    switch (node.type()) {
      case toml::node_type::table:
        return convert_table(*node.as_table(), depth);
      case toml::node_type::array:
        return convert_array(*node.as_array(), depth);
      case toml::node_type::string:
        return node.as_string()->get();
      case toml::node_type::integer:
        return node.as_integer()->get();
      case toml::node_type::boolean:
        return node.as_boolean()->get();
      case toml::node_type::floating_point:
        return convert_number(*node.as_floating_point());
      default:
        fail(node, "there is a date or a time", "text, a number, true, false, a list or a table",
             "Write it between double quotes.");
    }
  }

 private:
  [[noreturn]] void fail(const toml::node& node, const char* what, std::string required, std::string remedy) const {
    throw FormatError(
        Complaint{at(source_name_, node.source().begin), what, "", std::move(required), std::move(remedy)});
  }

  json convert_table(const toml::table& table, int depth) const {
    json object = json::object();
    for (const auto& [key, value] : table) object.emplace(std::string(key.str()), convert(value, depth + 1));
    return object;
  }

  json convert_array(const toml::array& array, int depth) const {
    json list = json::array();
    for (const toml::node& element : array) list.push_back(convert(element, depth + 1));
    return list;
  }

  json convert_number(const toml::value<double>& number) const {
    if (!std::isfinite(number.get())) fail(number, "a number is inf or nan", "a finite number", "");
    return number.get();
  }

  std::string_view source_name_;
};

}  // namespace

json read_toml(std::string_view text, std::string_view source_name) {
  check_toml_nesting(text, source_name);
  try {
    return Converter(source_name).convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    throw FormatError(Complaint{at(source_name, error.source().begin),
                                fmt::format("this is not TOML: {}", printable(error.description(), 160)), "", "", ""});
  }
}

json read_settings(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  if (ending != ".toml" && ending != ".json") {
    throw ConfigError(Complaint{path.string(), "its ending", quote(ending), "'.toml' or '.json'",
                                "Rename the file by what it holds."});
  }
  const std::string text = read_file(path, max_settings_bytes);
  if (ending == ".toml") return read_toml(text, path.string());
  json settings = parse_json(text, path.string(), {.max_depth = max_settings_depth});
  if (!settings.is_object()) {
    throw FormatError(
        Complaint{path.string(), "the whole", settings.type_name(), "an object", "Put the settings between { and }."});
  }
  return settings;
}

}  // namespace elegans::train
