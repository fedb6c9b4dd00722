#pragma once
// Windows: sequences of one length cut out of every recording.
//
//   T = 10, length = 4, stride = 3:     0 1 2 3 4 5 6 7 8 9
//                                       [-----]
//                                             [-----]
//                                                   [-----]
//
// A window never crosses from one recording to another, and keeps the Δt of its steps, that of its first step included
// (the time since the step before it in the recording). Windows overlap where stride < length: split before cutting, or
// steps of a test window are trained on.

#include <cstddef>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

// What to do with the steps after the last full window of a recording, and with recordings shorter than `length`.
enum class Remainder {
  keep,   // one shorter window from the next start to the end
  drop,   // leave them out
  align,  // one more full window that ends with the recording, overlapping the one before (a short recording: as
          // `keep`)
};

struct WindowOptions {
  std::size_t length = 0;
  std::size_t stride = 0;  // 0: `length`, so that windows touch and do not overlap
  Remainder remainder = Remainder::keep;
};

// Throws ConfigError for length 0, where `data` holds windows already, or where no window is left.
Dataset windows(Dataset data, const WindowOptions& options);

}  // namespace elegans::train
