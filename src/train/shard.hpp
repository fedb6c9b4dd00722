#pragma once
// The numbers of one shard of a batch as executables read them.
//
// Arrays are packed for the rows of the shard and its longest segment (whole sequences are segments, too); behind the end
// of a shorter one stand zeros, Δt 1 and weight 0.

#include <cstdint>
#include <span>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/tensor/tensor.hpp"
#include "elegans/train/dataset.hpp"
#include "elegans/train/segments.hpp"

namespace elegans::train {

// What all shards of a pass have in common.
struct ShardLayout {
  Dtype dtype = Dtype::f32;
  std::int64_t rows = 1;     // at most
  std::int64_t longest = 1;  // steps, at most
  std::int64_t features = 1;
  std::int64_t outputs = 1;         // of the model
  std::int64_t targets = 1;         // numbers of a target; 0 for labels
  bool classes = false;             // targets are labels
  bool answers_every_step = false;  // the model does
};

// The targets of a segment: rows [first, first + count) of those of its sequence. The one target of a sequence belongs to
// the segment that it ends with.
struct TargetRows {
  std::size_t first = 0, count = 0;
};
TargetRows target_rows(const Dataset& data, const Segment& segment) noexcept;

class Shard {
 public:
  explicit Shard(const ShardLayout& layout);

  // Fills the arrays with these segments, at most layout.rows of at most layout.longest steps.
  void pack(const Dataset& data, std::span<const Segment> segments) noexcept;

  const Extents& extents() const { return extents_; }
  const void* x() const { return x_.data(); }
  const void* timespans() const { return timespans_.data(); }
  const void* lengths() const { return lengths_.data(); }
  const void* target() const { return target_.data(); }
  const void* weight() const { return weight_.data(); }

  // Targets and weights as metrics take them.
  View targets_view() const;
  View weights_view() const;
  // The shape of the model's answers for this shard.
  Shape answers() const;
  std::size_t bytes() const;

 private:
  template <class T>
  void pack_as(const Dataset& data, std::span<const Segment> segments) noexcept;
  Shape each() const;  // [rows, steps], or [rows] for one answer a segment

  ShardLayout layout_;
  Extents extents_;
  AlignedBuffer x_, timespans_, lengths_, target_, weight_;
};

}  // namespace elegans::train
