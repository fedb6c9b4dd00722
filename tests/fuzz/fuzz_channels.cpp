// Files of asynchronous channels and of events: whatever the bytes, a valid data set or an error of its own.
// The first byte chooses reader and roles, so that one corpus serves them all.
#include <cstdint>
#include <sstream>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/train/events.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/read_csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::train;
  if (size == 0) return 0;
  const unsigned choice = data[0];
  Roles roles{.time = "t", .missing = static_cast<Missing>(choice % 4), .channel = "c", .value = "v"};
  if (choice & 4U) roles.targets = {"y"};
  if (choice & 8U) roles.group = "g";
  if (choice & 16U) roles.target_at = TargetAt::whole_recording;
  if (choice & 32U) roles.tolerance = 0.5;
  if (choice & 64U) roles.features = {"x", "z"};
  std::istringstream in(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  try {
    const Dataset read = choice & 128U ? read_events(in, "fuzz.csv", roles) : read_csv(in, "fuzz.csv", roles);
    validate(read);
    validate(missing_as_inputs(read));
    if (read.schema.sporadic.empty()) validate(encode_events(read, {.threshold = 0.5}));
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
