// Time stamps: two stamps, separated by a line feed; what is read is finite, ordered and antisymmetric.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "elegans/train/time_stamps.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::train;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(text.find('\n'), text.size());
  const auto first = parse_time_stamp(text.substr(0, line));
  const auto second = parse_time_stamp(text.substr(std::min(line + 1, text.size())));
  for (const auto& stamp : {first, second}) {
    if (!stamp) continue;
    if (!std::isfinite(stamp->value) || stamp->nanoseconds < 0 || stamp->nanoseconds > 999'999'999) std::abort();
    if (seconds_between(*stamp, *stamp) != 0) std::abort();
  }
  if (first && second && seconds_between(*first, *second) != -seconds_between(*second, *first)) std::abort();
  return 0;
}
