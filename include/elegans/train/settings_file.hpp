#pragma once
// Hyper-parameters from a TOML or JSON file.
//
// Both become the same JSON value, which JsonObject (base/json.hpp) reads key by key. Tables are objects; TOML's dates
// and times, infinities and NaN have no place in it and are refused; a key given twice is an error in both.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace elegans::train {

// The file `path`, read by its ending: .toml or .json. ConfigError for another ending, FileError where it cannot be
// read or is larger than 1 MiB, FormatError with file, line and column for what is not TOML, not JSON or not an object.
nlohmann::json read_settings(const std::filesystem::path& path);

// The value of a TOML text; `source_name` stands in errors where a file's name would.
nlohmann::json read_toml(std::string_view text, std::string_view source_name);

// TOML text that read_toml() turns into `settings` again: plain values first, tables after them, keys in alphabetical
// order. ConfigError where `settings` is no object or holds what TOML cannot say (null, an integer of 2^63 or more, a
// number that is not finite, text that is not UTF-8) or what read_toml() refuses (more than 32 levels).
std::string to_toml(const nlohmann::json& settings);

}  // namespace elegans::train
