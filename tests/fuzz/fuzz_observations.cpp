// Streams of rows: whatever the bytes, ObservationReader gives finite numbers (or NaN where
// that is asked for) and Δt >= 0, or an error of its own after
// which the next row is read, and comes to an end.
// The first byte chooses the options, so that one corpus serves them all.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/train/observations.hpp"

namespace {

using namespace elegans::train;

// One row more; false at the end.
bool read_row(ObservationReader& rows, std::vector<double>& kept, bool may_lack) {
  try {
    if (!rows.next()) return false;
    for (const double feature : rows.features())
      if (!std::isfinite(feature) && !(may_lack && std::isnan(feature))) std::abort();
    if (!(std::isfinite(rows.dt()) && rows.dt() >= 0)) std::abort();
    kept.assign(rows.kept().begin(), rows.kept().end());
    kept.assign(1, rows.dt());
    rows.line() % 3 == 0 ? rows.refuse() : rows.keep(kept);
  } catch (const elegans::FormatError&) {
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  ObservationOptions options{.features = {"x"}, .groups = 1 + (choice >> 6U)};
  if (choice & 1U) options.time = "t";
  if ((choice & 3U) == 2U) options.dt = "t";
  if (choice & 4U) options.group = "g";
  options.missing = static_cast<Missing>((choice >> 3U) % 4);
  if (choice & 32U) options.csv.names = {"t", "g", "x"};
  std::istringstream in(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  try {
    ObservationReader rows(in, "fuzz", options);
    std::vector<double> kept;
    // A line gives one row or one error: more than there are bytes would be a loop without an end.
    std::size_t most = size + 2;
    while (read_row(rows, kept, options.missing == Missing::as_inputs))
      if (most-- == 0) std::abort();
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
