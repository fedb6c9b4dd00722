#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/wiring/config.hpp"

namespace elegans::wiring {
namespace {

using nlohmann::json;

constexpr std::uint64_t max_file_bytes = std::uint64_t{1} << 28;

struct Name {
  std::string reference;   // as ncps has it
  std::string short_form;  // the same, or shorter
};

// Arguments that need no name come first, in their order.
struct Form {
  Name type;
  std::size_t unnamed;
  std::vector<Name> arguments;
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {{"FullyConnected", "fully"},
       2,
       {{"units", "units"},
        {"output_dim", "outputs"},
        {"erev_init_seed", "seed"},
        {"self_connections", "self_connections"}}},
      {{"Random", "random"},
       2,
       {{"units", "units"}, {"output_dim", "outputs"}, {"sparsity_level", "sparsity"}, {"random_seed", "seed"}}},
      {{"NCP", "ncp"},
       0,
       {{"inter_neurons", "inter"},
        {"command_neurons", "command"},
        {"motor_neurons", "motor"},
        {"sensory_fanout", "sensory_fanout"},
        {"inter_fanout", "inter_fanout"},
        {"recurrent_command_synapses", "recurrent"},
        {"motor_fanin", "motor_fanin"},
        {"seed", "seed"}}},
      {{"AutoNCP", "autoncp"},
       2,
       {{"units", "units"}, {"output_size", "outputs"}, {"sparsity_level", "sparsity"}, {"seed", "seed"}}},
  };
  return all;
}

bool is_name(const Name& name, std::string_view text) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::equal(text.begin(), text.end(), name.reference.begin(), name.reference.end(), same) ||
         std::equal(text.begin(), text.end(), name.short_form.begin(), name.short_form.end(), same);
}

// The parser of one short form, for its errors.
class ShortForm {
 public:
  explicit ShortForm(std::string_view text) : text_(text), operation_(fmt::format("wiring {}", quote(text))) {}

  Wiring read() const {
    const std::size_t colon = text_.find(':');
    const Form& form = form_of(text_.substr(0, colon));
    json config = {{"type", form.type.reference}};
    if (colon != std::string_view::npos) read_arguments(form, text_.substr(colon + 1), config);
    try {
      return from_config(config, operation_);
    } catch (const FormatError& error) {
      throw ConfigError(error.what());
    }
  }

 private:
  const Form& form_of(std::string_view type) const {
    std::vector<std::string> known;
    for (const Form& form : forms()) {
      if (is_name(form.type, type)) return form;
      known.push_back(form.type.short_form);
    }
    throw ConfigError({operation_, fmt::format("type {}", quote(type)), "unknown",
                       "a form like 'autoncp:28,1', or '@' and the name of a file",
                       suggest(type.substr(0, 64), known)});
  }

  void read_arguments(const Form& form, std::string_view list, json& config) const {
    std::size_t unnamed = 0;
    bool are_named = false;
    for (bool is_last = false; !is_last;) {
      const std::size_t comma = list.find(',');
      is_last = comma == std::string_view::npos;
      const std::string_view item = list.substr(0, comma);
      if (!is_last) list.remove_prefix(comma + 1);
      const std::size_t equals = item.find('=');
      are_named = are_named || equals != std::string_view::npos;
      if (equals == std::string_view::npos && (are_named || unnamed == form.unnamed)) {
        throw ConfigError({operation_, quote(item), "without a name", "name=value here", names_of(form)});
      }
      const std::string& key = are_named ? argument(form, item.substr(0, equals)) : form.arguments[unnamed++].reference;
      if (config.contains(key)) throw ConfigError({operation_, key, "given twice", "each argument once", ""});
      config[key] = value(key, are_named ? item.substr(equals + 1) : item);
    }
  }

  static std::string names_of(const Form& form) {
    std::string text = "Names are ";
    for (const Name& name : form.arguments) text += name.short_form + (&name == &form.arguments.back() ? "." : ", ");
    return text;
  }

  const std::string& argument(const Form& form, std::string_view name) const {
    std::vector<std::string> known;
    for (const Name& argument : form.arguments) {
      if (is_name(argument, name)) return argument.reference;
      known.push_back(argument.short_form);
      if (argument.short_form != argument.reference) known.push_back(argument.reference);
    }
    throw ConfigError({operation_, fmt::format("argument {}", quote(name)), "unknown",
                       fmt::format("one of {}", form.type.reference), suggest(name.substr(0, 64), known)});
  }

  json value(const std::string& key, std::string_view text) const {
    json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_number() || value.is_boolean()) return value;
    throw ConfigError({operation_, key, quote(text), "a number; of a switch, true or false", ""});
  }

  std::string_view text_;
  std::string operation_;
};

}  // namespace

Wiring parse_wiring(std::string_view text) {
  if (!text.starts_with('@')) return ShortForm(text).read();
  const std::string path(text.substr(1));
  return from_config(parse_json(read_file(path, max_file_bytes), path), path);
}

}  // namespace elegans::wiring
