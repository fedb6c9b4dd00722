#pragma once
// More recordings from few: copies with noise.
//
//     copy c of recording r:    x'[t, f] = x[t, f] + offset · o[c, r, f] + noise · e[c, r, t, f]
//
// with o and e normal, mean 0, deviation 1. What differs from one recording to the next without meaning anything (how a
// sensor was put on, who spoke how loudly) is an offset; what differs from one step to the next is noise. Features
// should be standardised first, so that one deviation suits all. Only for the training part.
//
// Source: Um et al., "Data augmentation of wearable sensor data", ICMI 2017 (jitter).

#include <cstdint>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

struct JitterOptions {
  std::size_t copies = 4;  // of every recording; the originals are not among them
  double noise = 0.1;      // deviation, new at every step
  double offset = 0;       // deviation, one for each feature of a copy
  std::uint64_t seed = 0;
};

// Copies of all recordings, each one sequence as long as the recording: Δt, targets and weights as they were. The same
// seed gives the same copies. ConfigError where `data` holds windows, there are no copies or more than 2^36 numbers of
// them, or a deviation is not a finite number >= 0.
Dataset jitter(const Dataset& data, const JitterOptions& options);

}  // namespace elegans::train
