#pragma once
// Learning to foresee: features of a later step as the targets of this one.
//
//     target[t] = feature[t + horizon]        t = 0 … T − 1 − horizon; the last `horizon` steps have none and go
//
//   Dataset data = forecast(read_csv("engine.csv", {.time = "t"}), {.features = {"torque"}, .horizon = 5});
//
// A network that has learnt so with horizon 1 can run on by itself (model/roll_out.hpp): its answers are its next
// observation.

#include <cstddef>
#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

struct ForecastOptions {
  std::vector<std::string> features = {};  // those that are foreseen, and the targets' names; empty: all
  std::size_t horizon = 1;                 // steps ahead
};

// Recordings of `horizon` steps or fewer are left out. ConfigError where the data have targets or windows already, for
// horizon 0, a feature that is not there (with the nearest names) or named twice, and where no recording is long
// enough.
Dataset forecast(const Dataset& data, const ForecastOptions& options);

}  // namespace elegans::train
