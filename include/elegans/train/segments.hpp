#pragma once
// The order in which sequences too long to unroll are trained on: cut into consecutive segments, one a row of a batch.
//
//   Segments segments(data, {.steps = 64, .batch_size = 2, .seed = 7});
//   for (std::uint64_t epoch = 0; epoch < epochs; ++epoch)
//     for (segments.start(epoch); !segments.done();) step(segments.next());
//
//            batch 0      batch 1       batch 2        batch 3
//   row 0    a[0, 64)     a[64, 128)    a[128, 150)    d[0, 64)
//   row 1    b[0, 40)     c[0, 64)      c[64, 100)
//
// A row takes a sequence, follows it from its first segment to its last, and then takes the next sequence of the order.
// What a network remembers at the end of a segment is what it begins the row's next one with, unless that begins a
// sequence. An epoch visits every step of every sequence once. A row for which nothing is left is not in the batch. With
// segments as long as the longest sequence the batches are those of Batches, whose order this is. Allocates in the
// constructor and in batches() only.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "elegans/train/batches.hpp"
#include "elegans/train/dataset.hpp"

namespace elegans::train {

// Consecutive steps of one sequence of a data set.
struct Segment {
  std::size_t sequence = 0;
  std::size_t first = 0;  // step of the sequence
  std::size_t steps = 0;
  std::size_t row = 0;  // in which the sequence is followed

  bool begins() const { return first == 0; }  // a sequence, with fresh states
};

struct SegmentOptions {
  std::size_t steps = 64;  // at most, of a segment
  std::size_t batch_size = 32;
  std::uint64_t seed = 0;
  Order order = Order::shuffled;
};

class Segments {
 public:
  // Throws ConfigError for no sequences, no steps or a batch size of 0. Starts epoch 0. The data set is only looked at.
  Segments(const Dataset& data, const SegmentOptions& options);

  // Batches of an epoch. They differ by a few from epoch to epoch, for the order decides which rows are done last.
  std::size_t batches(std::uint64_t epoch) const;
  // Whether every epoch has as many: where the order is always the same, or all sequences have as many segments.
  bool epochs_are_alike() const;
  // Segments of an epoch.
  std::size_t segments() const;

  void start(std::uint64_t epoch) noexcept;
  bool done() const noexcept { return at_ == order_.size() && open_ == 0; }
  // The next segments, by row: none at the end of an epoch. Valid until the next call.
  std::span<const Segment> next() noexcept;

 private:
  // The sequence that a row follows; it has `next` < `end` while there is something left of it.
  struct Row {
    std::size_t sequence = 0;
    std::size_t next = 0;
    std::size_t end = 0;
  };
  bool sequences_are_alike() const;  // in the number of their segments
  void order_for(std::uint64_t epoch, std::span<std::size_t> order) const noexcept;
  std::size_t segments_of(std::size_t sequence) const {
    return (lengths_[sequence] + options_.steps - 1) / options_.steps;
  }

  SegmentOptions options_;
  std::vector<std::size_t> lengths_;
  std::vector<std::size_t> order_;
  std::size_t at_ = 0;    // sequences that were taken
  std::size_t open_ = 0;  // rows in the midst of one
  std::vector<Row> rows_;
  std::vector<Segment> batch_;
};

}  // namespace elegans::train
