#pragma once
// Small data sets for tests of training, and what one expects of them.

#include <cmath>
#include <string>
#include <vector>

#include "elegans/base/philox.hpp"
#include "elegans/train/dataset.hpp"

namespace elegans::train {

// Numbers in [−1, 1), the same for the same stream.
class Draw {
 public:
  explicit Draw(std::uint64_t stream) : stream_(stream) {}
  double operator()() {
    const auto words = philox(philox_key(17), philox_counter(index_++, stream_));
    return 2 * uniform_f64(words[0], words[1]) - 1;
  }

 private:
  std::uint64_t stream_;
  std::uint64_t index_ = 0;
};

struct SequencesOptions {
  std::vector<std::size_t> lengths;
  std::size_t features = 3;
  std::size_t targets = 2;  // or classes
  bool classes = false;
  bool uneven_time = true;  // Δt between 0.5 and 1.5, else 1
  TargetAt target_at = TargetAt::every_step;
};

// Random recordings "r0", "r1", …
inline Dataset random_sequences(const SequencesOptions& options) {
  Schema schema{.target_at = options.target_at};
  for (std::size_t f = 0; f < options.features; ++f) schema.features.push_back("x" + std::to_string(f));
  for (std::size_t k = 0; k < options.targets; ++k)
    (options.classes ? schema.classes : schema.targets).push_back("y" + std::to_string(k));
  if (options.classes) schema.targets = {"class"};
  Draw draw(options.lengths.size());
  std::vector<Recording> recordings;
  for (std::size_t r = 0; r < options.lengths.size(); ++r) {
    Recording& recording = recordings.emplace_back();
    recording.name = "r" + std::to_string(r);
    const std::size_t steps = options.lengths[r];
    for (std::size_t i = 0; i < steps * options.features; ++i) recording.features.push_back(draw());
    for (std::size_t t = 0; t < steps; ++t) recording.dt.push_back(options.uneven_time ? 1 + draw() / 2 : 1);
    const std::size_t rows = options.target_at == TargetAt::whole_recording ? 1 : steps;
    for (std::size_t row = 0; row < rows; ++row) {
      if (options.classes)
        recording.labels.push_back(static_cast<std::int32_t>((draw() + 1) / 2 * static_cast<double>(options.targets)));
      else
        for (std::size_t k = 0; k < options.targets; ++k) recording.targets.push_back(draw());
    }
  }
  return make_dataset(std::move(schema), std::move(recordings));
}

// `count` lengths that run through 2 … 20, nineteen different ones.
inline std::vector<std::size_t> nineteen_lengths(std::size_t count) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < count; ++i) lengths.push_back(2 + (i * 7) % 19);
  return lengths;
}

inline std::vector<std::size_t> all_of(const Dataset& data) {
  std::vector<std::size_t> all(data.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

}  // namespace elegans::train
