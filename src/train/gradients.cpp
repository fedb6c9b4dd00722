// The gradients of batches: what a batch may be, and its passes.

#include <fmt/format.h>

#include "train/trainer_implementation.hpp"

namespace elegans::train {

std::span<const Segment> Trainer::Implementation::segments_of(const Batch& batch) {
  if (batch.sequences.empty()) return batch.segments;
  whole.clear();
  for (const std::size_t s : batch.sequences)
    whole.push_back({.sequence = s, .first = 0, .steps = batch.data.steps(s), .row = whole.size()});
  return whole;
}

void Trainer::Implementation::check_batch(const Batch& batch) {
  const std::size_t size = batch.sequences.size() + batch.segments.size();
  if (size == 0 || size > options.batch_size)
    throw ConfigError({"gradients", "the number of sequences", fmt::format("{}", size),
                       fmt::format("1 … {}, the batch_size", options.batch_size), ""});
  if (options.tbptt_steps && !batch.sequences.empty())
    throw ConfigError({"gradients", "the batch", "of whole sequences", "of segments, as tbptt_steps is given",
                       "Take batches from Segments."});
  if (!training.pass || Seen(batch.data) != seen || size > training.needs.sequences) {
    reserve(batch.data, training, "gradients", size);
    seen = Seen(batch.data);
  }
  const auto require_known = [&](std::size_t s) {
    if (s >= batch.data.size())
      throw ConfigError({"gradients", "the number of a sequence", fmt::format("{}", s),
                         fmt::format("less than {}, the sequences of the data set", batch.data.size()), ""});
  };
  for (const std::size_t s : batch.sequences) require_known(s);
  for (const Segment& segment : batch.segments) require_known(segment.sequence);
  check_segments(batch);
}

// Numbers of sequences are known.
void Trainer::Implementation::check_segments(const Batch& batch) {
  const std::span<const Segment> segments = segments_of(batch);
  std::size_t row = 0;  // the first that the next segment may have
  for (const Segment& segment : segments) {
    const auto& [s, first, steps, in] = segment;
    const std::size_t all = batch.data.steps(s);
    const bool fits = steps > 0 && first <= all && steps <= all - first && (options.tbptt_steps || steps == all);
    if (!fits || in < row || in >= training.needs.sequences)
      throw ConfigError(
          {"gradients", "a segment", fmt::format("steps {} … {} of sequence {} in row {}", first, first + steps, s, in),
           options.tbptt_steps
               ? fmt::format("steps within its {}, and a row from {} to {}", all, row, training.needs.sequences - 1)
               : std::string("whole sequences, as tbptt_steps is not given"),
           "Take batches from Segments."});
    row = in + 1;
    if (steps > training.needs.longest ||
        (steps < training.needs.longest && !training.needs.lengths && steps != segments.front().steps))
      throw ConfigError({"gradients", fmt::format("the length of sequence {}", s), fmt::format("{}", steps),
                         "one that was there when the data set was first seen",
                         "Call reserve(data) after changing data."});
  }
}

double Trainer::Implementation::gradients(std::span<const Batch> batches) {
  const std::size_t most = options.gradient_accumulation_steps;
  if (batches.empty() || batches.size() > most)
    throw ConfigError({"gradients", "the number of batches", fmt::format("{}", batches.size()),
                       most == 1 ? "1, for gradient_accumulation_steps is 1"
                                 : fmt::format("1 … {}, the gradient_accumulation_steps", most),
                       ""});
  for (const Batch& batch : batches) check_batch(batch);
  has_gradients = false;
  counted = 0;
  std::size_t segments = 0;
  for (const Batch& batch : batches) {
    counted += training.pass->counted(batch.data, segments_of(batch));
    segments += segments_of(batch).size();
  }
  double value = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    training.pass->run(batches[i].data, segments_of(batches[i]), passes++,
                       {.counted = counted, .segments = segments, .begins = i == 0});
    value += training.pass->loss();
  }
  require_finite(value);
  has_gradients = true;
  return value;
}

}  // namespace elegans::train
