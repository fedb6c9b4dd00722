#pragma once
// What running returns: running is noexcept, so data-dependent trouble is a value.

#include <cstdint>

namespace elegans {

struct Status {
  enum class Code : std::uint8_t {
    ok,
    not_finite,           // an observation or Δt is NaN or infinite
    state_not_finite,     // a state that is set is
    negative_time,        // Δt < 0
    other_time,           // Δt is not the one that was fixed, or none was given and none fixed
    index_out_of_range,   // a label or index is outside its range
    extent_out_of_range,  // a batch or sequence is larger than what was reserved
    wrong_size,           // a span, or an array of these extents, does not have the promised number of elements
    result_not_finite,    // the answer, or a state, would be NaN or infinite
  };

  Code code = Code::ok;
  std::int32_t node = -1;  // the node of the graph that complains, -1 if none
  std::int64_t item = -1;  // the element that caused it, -1 if none

  constexpr bool ok() const noexcept { return code == Code::ok; }
  constexpr explicit operator bool() const noexcept { return ok(); }
  friend constexpr bool operator==(const Status&, const Status&) = default;
};

// A phrase for the code, for example "an index is out of range".
const char* describe(Status::Code code) noexcept;

}  // namespace elegans
