// CSV files: whatever the bytes, read_csv gives a valid data set or an error of its own.
// The first byte chooses the roles, so that one corpus serves them all.
#include <cstdint>
#include <sstream>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/train/read_csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::train;
  if (size == 0) return 0;
  const unsigned choice = data[0];
  Roles roles;
  if (choice & 1U) roles.time = "t";
  if (choice & 2U) roles.targets = {"y"};
  if (choice & 4U) roles.group = "g";
  if (choice & 8U) roles.target_at = TargetAt::whole_recording;
  if (choice & 16U) roles.target_kind = TargetKind::classes;
  roles.missing = static_cast<Missing>((choice >> 5U) % 4);
  CsvOptions options;
  if (choice & 128U) options.names = {"t", "g", "x", "y"};
  std::istringstream in(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  try {
    validate(read_csv(in, "fuzz.csv", roles, options));
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
