#pragma once
// Small data sets for tests.

#include <algorithm>
#include <string>
#include <vector>

#include "elegans/train/classes.hpp"
#include "elegans/train/dataset.hpp"

namespace elegans::train {

// Recordings "r0", "r1", … of the given lengths: feature x of step t of recording r is 100 r + t, target y its
// negative, Δt is 1 + t / 4.
inline Dataset numbered(const std::vector<std::size_t>& lengths) {
  std::vector<Recording> recordings;
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    Recording& recording = recordings.emplace_back();
    recording.name = "r" + std::to_string(r);
    for (std::size_t t = 0; t < lengths[r]; ++t) {
      recording.features.push_back(100.0 * static_cast<double>(r) + static_cast<double>(t));
      recording.targets.push_back(0 - recording.features.back());
      recording.dt.push_back(1 + static_cast<double>(t) / 4);
    }
  }
  return make_dataset({.features = {"x"}, .targets = {"y"}}, std::move(recordings));
}

// Recordings "r0", … of two steps, each of one class.
inline Dataset labelled(const std::vector<std::string>& classes) {
  Schema schema{
      .features = {"x"}, .targets = {"y"}, .classes = sorted_classes(classes), .target_at = TargetAt::whole_recording};
  std::vector<Recording> recordings;
  for (std::size_t r = 0; r < classes.size(); ++r) {
    Recording& recording = recordings.emplace_back();
    recording.name = "r" + std::to_string(r);
    recording.features = {static_cast<double>(r), static_cast<double>(r) + 0.5};
    recording.dt = {1, 1};
    const auto place = std::find(schema.classes.begin(), schema.classes.end(), classes[r]) - schema.classes.begin();
    recording.labels = {static_cast<std::int32_t>(place)};
  }
  return make_dataset(std::move(schema), std::move(recordings));
}

}  // namespace elegans::train
