#pragma once
// Options that can also stand in a TOML or JSON file: --batch-size 16 on the command line, batch_size = 16 in the file.
// The command line wins.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elegans/base/json.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace elegans::cli {

class Settings {
 public:
  explicit Settings(CLI::App& command) : command_(&command) {}

  // The heading in the help under which the following options stand.
  void start_group(std::string heading) { heading_ = std::move(heading); }

  // Each adds the option "--<name>" (or, without dashes, a positional argument), whose key in a file is its name with
  // '_' for '-'. The value is its default.
  void add(const std::string& name, std::string& value, const std::string& help);
  void add(const std::string& name, std::int64_t& value, const std::string& help, const IntegerRange& range = {});
  void add(const std::string& name, double& value, const std::string& help, const NumberRange& range = {});
  void add(const std::string& name, bool& value, const std::string& help);
  // Names with commas between them; in a file a list.
  void add(const std::string& name, std::vector<std::string>& value, const std::string& help);
  // A word, or in a file a number, too.
  void add_word_or_number(const std::string& name, std::string& value, const std::string& help);
  void add_argument(const std::string& name, std::string& value, const std::string& help);

  // Takes from a file what the command line does not say. Errors name the file and the key, with the nearest names.
  void read(const std::filesystem::path& file);
  // The same from an object that was read already; `source_name` stands in errors where the file's name would.
  void read(const nlohmann::json& settings, const std::string& source_name);
  // Values of the command line out of their range: ConfigError naming the option.
  void check() const;
  // All settings as they are now.
  nlohmann::json values() const;

 private:
  struct Entry {
    std::string key;
    CLI::Option* option;
    std::function<void(const JsonObject& file)> read;
    std::function<void()> check;
    std::function<nlohmann::json()> value;
  };

  void keep(Entry entry);

  CLI::App* command_;
  std::string heading_;
  std::vector<Entry> entries_;
};

// "Did you mean 'cfc'?" for what stands beside the list of `names`; nothing where none is near.
std::string nearest(const std::string& value, const std::vector<std::string>& names);

// ConfigError with the nearest names unless `value` is one of `names`.
void require_choice(std::string_view option, const std::string& value, const std::vector<std::string>& names);

// "a, b,c" → {"a", "b", "c"}
std::vector<std::string> split_names(std::string_view text);

}  // namespace elegans::cli
