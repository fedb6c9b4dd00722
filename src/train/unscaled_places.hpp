#pragma once
// The places of a shard as metrics take them, in the units of the data.
//
// As f64, whatever the model computes in: beside a mean of 1e9 a float has no digits left for what is wrong by 1.

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/model/preprocessing.hpp"
#include "train/shard.hpp"

namespace elegans::train {

// Answers [..., C], targets [..., C] and weights [...].
struct Places {
  View answers, targets, weights;
};

class UnscaledPlaces {
 public:
  // Takes memory for shards of this layout.
  explicit UnscaledPlaces(const ShardLayout& layout);

  // y · std + mean of answers and targets. Valid until the next call; allocates nothing.
  Places of(const model::Scaling& scaling, const Places& scaled);
  std::size_t bytes() const { return answers_.bytes() + targets_.bytes() + weights_.bytes(); }

 private:
  AlignedBuffer answers_, targets_, weights_;
};

}  // namespace elegans::train
