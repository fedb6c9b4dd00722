// .ts files: whatever the bytes, read_ts gives a valid data set or an error of its own. The number of bytes chooses what
// is done about missing values.
#include <cstdint>
#include <sstream>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/ts_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::train;
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  try {
    validate(missing_as_inputs(read_ts(in, "fuzz.ts", {.missing = static_cast<Missing>(size % 4)})));
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
