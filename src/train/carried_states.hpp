#pragma once
// States of recurrent layers that go on from segment to segment.
//
//     one row for each row of a batch       CarriedStates     "cfc/h" [rows, …]
//       ↓ rows whose sequence goes on                           ↑ rows of the segments
//     rows of a shard, before and after     ShardStates       "state/cfc/h" → "next/cfc/h"
//
// A row that begins a sequence has a 1 in `fresh`: its executable takes the layer's own first state then, and what stands
// in its state is not read.

#include <span>
#include <string>
#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/train/segments.hpp"

namespace elegans::train {

class CarriedStates {
 public:
  struct State {
    std::string path;  // layer and state
    Tensor values;     // [rows, …]
    std::size_t row_bytes() const { return values.bytes() / static_cast<std::size_t>(values.shape()[0].factor()); }
  };

  // Of a built model, for no row yet. ConfigError in the name of `operation` where a layer looks ahead in time.
  CarriedStates(Sequential& model, const char* operation);

  // Makes room for so many rows, and keeps those that are there.
  void grow(std::size_t rows);
  std::size_t rows() const { return rows_; }
  std::vector<State>& states() { return states_; }
  const std::vector<State>& states() const { return states_; }
  std::size_t bytes() const;

 private:
  std::size_t rows_ = 1;  // a tensor has one at least
  std::vector<State> states_;
};

class ShardStates {
 public:
  ShardStates(const CarriedStates& carried, std::size_t rows, Dtype dtype);

  // The states that these segments begin with.
  void take(const CarriedStates& carried, std::span<const Segment> segments) noexcept;
  // Hands on the states that they ended with.
  void give(CarriedStates& carried, std::span<const Segment> segments) const noexcept;

  const void* fresh() const { return fresh_.data(); }  // [rows, 1]
  const void* before(std::size_t state) const { return before_[state].data(); }
  void* after(std::size_t state) { return after_[state].data(); }
  std::size_t bytes() const;

 private:
  Dtype dtype_;
  AlignedBuffer fresh_;
  std::vector<AlignedBuffer> before_, after_;  // one a state
};

}  // namespace elegans::train
