// Configurations of wirings: whatever stands in them, reading, building and drawing gives a circuit or an Error.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/wiring/config.hpp"
#include "elegans/wiring/draw.hpp"

namespace {

// Circuits of any legal size would only make the fuzzer slow.
bool is_small(const nlohmann::json& config) {
  if (!config.is_object()) return true;
  for (const auto& [key, value] : config.items()) {
    if (key.find("seed") == std::string::npos && value.is_number() && value.get<double>() > 100) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::wiring;
  try {
    const nlohmann::json config = elegans::parse_json({reinterpret_cast<const char*>(data), size}, "input");
    if (!is_small(config)) return 0;
    const Wiring wiring = from_config(config, "input");
    const Wiring built = wiring.is_built() ? wiring : wiring.built(3);
    if (from_config(to_config(built)).built(built.input_dim()) != built) std::abort();
    draw_svg(built);
    draw_dot(built);
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
