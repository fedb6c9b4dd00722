// Any bytes through read_toml: it throws elegans::Error or gives settings that to_toml writes and read_toml reads back.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "elegans/base/error.hpp"
#include "elegans/train/settings_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nlohmann::json settings;
  try {
    settings = elegans::train::read_toml({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  } catch (const elegans::Error&) {
    return 0;
  }
  if (elegans::train::read_toml(elegans::train::to_toml(settings), "again.toml") != settings) std::abort();
  return 0;
}
