#pragma once
// Recordings, and the sequences of steps in them that a model is trained or judged on.
//
// A sequence is a run of steps of one recording: all of them at first, windows after windows(). Sequences may be of
// uneven length and may overlap: they are views, so that cutting a recording into windows costs no memory.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "elegans/train/recording.hpp"

namespace elegans::train {

struct Sequence {
  std::size_t recording = 0;
  std::size_t first = 0;  // step of the recording
  std::size_t steps = 0;
};

struct Dataset {
  Schema schema;
  std::vector<Recording> recordings;
  std::vector<Sequence> sequences;

  std::size_t size() const { return sequences.size(); }
  std::size_t feature_count() const { return schema.features.size(); }
  std::size_t steps(std::size_t sequence) const { return sequences[sequence].steps; }
  std::size_t longest() const;  // steps of the longest sequence

  // Views of one sequence of T steps. Valid while the data set is neither moved nor changed.
  std::span<const double> features(std::size_t sequence) const;      // [T, F]
  std::span<const double> dt(std::size_t sequence) const;            // [T]
  std::span<const double> targets(std::size_t sequence) const;       // [T, K] for TargetAt::every_step, else [K]
  std::span<const std::int32_t> labels(std::size_t sequence) const;  // [T] for TargetAt::every_step, else [1]
  std::span<const double> weights(std::size_t sequence) const;       // like labels; empty where each counts 1
};

// Makes a data set with one sequence a recording, and validates it. `operation` names the caller in messages.
Dataset make_dataset(Schema schema, std::vector<Recording> recordings, const char* operation = "make_dataset");

// Throws FormatError naming the recording and step unless all sizes agree, every feature, Δt and target is finite (but
// a sporadic feature may be NaN), Δt is not negative, weights are finite and not negative, labels lie within the
// classes and sequences within their recordings. Names of features are distinct, sporadic ones among them.
void validate(const Dataset& data, const char* operation = "validate");

// Whether every sequence is a whole recording, and every recording a sequence.
bool is_whole(const Dataset& data);

// The data set of the given sequences (indices, in this order; a repeat is a repeat), with the recordings they need.
Dataset select(const Dataset& data, std::span<const std::size_t> sequences);

// The same with the target of every recording repeated at each of its steps (TargetAt::every_step): a network that is
// to know early what it sees learns faster so. ConfigError where targets do not belong to whole recordings.
Dataset repeat_targets(Dataset data);

// Which steps of each recording belong to a sequence: what may be learnt from (a step in three windows counts once).
std::vector<std::vector<bool>> covered_steps(const Dataset& data);

// Calls visit(recording, step) once for every covered step, in order.
template <typename Visit>
void for_each_step(const Dataset& data, Visit&& visit) {
  const auto covered = covered_steps(data);
  for (std::size_t r = 0; r < covered.size(); ++r)
    for (std::size_t t = 0; t < covered[r].size(); ++t)
      if (covered[r][t]) visit(r, t);
}

}  // namespace elegans::train
