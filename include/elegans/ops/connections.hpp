#pragma once
// The static structure of a sparse circuit: which of `inputs` sources is connected to which of `outputs` targets.
//
// Connection s goes from source[s] to target[s]. Beside the plain lists stand both compressed forms, so that sums by
// target and sums by source (the gradient of one is the other) each read one list in order.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "elegans/tensor/shape.hpp"

namespace elegans::ops {

// The connections with u at one end, in ascending order of s: order[offsets[u]] … order[offsets[u + 1] − 1]; what is at
// their other ends, in that order; and whether the connections stand in it already.
struct Grouped {
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> others;
  bool in_order = true;
};

// Connections in levels: first one of every target that has any, then a second one of every target that has two, and so
// on, each level with its targets in the order of `target`. Level j holds the connections offsets[j] … offsets[j + 1] −
// 1; its k-th one goes to target[k]. So a sum by target adds whole levels, vector by vector, in ascending order.
struct Levels {
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> target;  // all of them, those with most connections first
  std::vector<std::uint32_t> rank;    // where a target stands in that order
};

// Which end of the connections a sum or a gather goes by.
enum class End : std::uint8_t { source, target };

class Connections {
 public:
  // ConfigError where the lists differ in length or an index is out of range.
  Connections(std::size_t inputs, std::size_t outputs, std::vector<std::uint32_t> source,
              std::vector<std::uint32_t> target);

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t count() const { return source_.size(); }
  const std::vector<std::uint32_t>& source() const { return source_; }
  const std::vector<std::uint32_t>& target() const { return target_; }
  const std::vector<std::uint32_t>& index(End end) const { return end == End::source ? source_ : target_; }
  const Grouped& by(End end) const { return end == End::source ? by_source_ : by_target_; }
  // Where the connections stand in levels; empty otherwise.
  const std::optional<Levels>& levels() const { return levels_; }
  // The order that puts them into levels: number p of the new list is number order[p] of this one.
  std::vector<std::uint32_t> level_order() const;
  Connections reordered(std::span<const std::uint32_t> order) const;
  // How many indices there are at `end`.
  std::size_t width(End end) const { return end == End::source ? inputs_ : outputs_; }

  friend bool operator==(const Connections& a, const Connections& b) {
    return a.inputs_ == b.inputs_ && a.outputs_ == b.outputs_ && a.source_ == b.source_ && a.target_ == b.target_;
  }

 private:
  std::size_t inputs_;
  std::size_t outputs_;
  std::vector<std::uint32_t> source_;
  std::vector<std::uint32_t> target_;
  Grouped by_source_;
  Grouped by_target_;
  std::optional<Levels> levels_;
};

// Where the numbers at the ends of the connections stand: along the last axis [..., features], or along the one before
// it [..., features, batch], so that a connection is a vector operation over a batch.
enum class FeatureAxis : std::uint8_t { last, before_last };

using ConnectionsPtr = std::shared_ptr<const Connections>;

inline bool same(const ConnectionsPtr& a, const ConnectionsPtr& b) { return a == b || *a == *b; }

// What picks numbers places[0], places[1], … of `inputs` where it is gathered from by source. ConfigError where a place is
// out of range.
ConnectionsPtr picking(std::size_t inputs, std::vector<std::uint32_t> places);

constexpr End opposite(End end) { return end == End::source ? End::target : End::source; }
// How far the axis is from the end of a shape.
constexpr std::size_t behind(FeatureAxis axis) { return axis == FeatureAxis::last ? 1 : 2; }
constexpr const char* to_string(FeatureAxis axis) { return axis == FeatureAxis::last ? "" : ", batch last"; }
constexpr const char* to_string(End end) { return end == End::source ? "source" : "target"; }

}  // namespace elegans::ops
