// Any bytes through parse_json: it throws elegans::Error or gives a value that reads back the same.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "elegans/base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nlohmann::json value;
  try {
    value = elegans::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz.json");
  } catch (const elegans::Error&) {
    return 0;
  }
  if (elegans::parse_json(elegans::to_json_text(value), "again.json") != value) std::abort();
  return 0;
}
