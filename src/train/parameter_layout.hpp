#pragma once
// Where each trainable weight lies in the arrays of parameters, gradients and moments.
//
//     weight 0 | gap | weight 1 | gap | …        each begins at a multiple of `unit` elements (a cache line of f32)
//
// Gaps are 0 and stay so: their gradient is 0. Weights of a group lie side by side, those with a constraint last, each
// in the order of the model.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "elegans/model/sequential.hpp"
#include "elegans/train/parameter_group.hpp"

namespace elegans::train {

struct ParameterLayout {
  static constexpr std::size_t unit = 16;
  struct Entry {
    nn::WeightPtr weight;
    std::size_t offset;  // elements
    std::size_t count;
    std::size_t group;  // 0: none of the groups, else the number of one from 1
  };
  // What one update runs over: weights of a group without constraints, or one with a constraint.
  struct Range {
    std::size_t group;
    std::size_t first_entry;
    std::size_t entries;
    std::size_t offset;
    std::size_t size;           // elements, gaps included but for that behind a single weight with a constraint
    nn::WeightPtr constrained;  // the one with a constraint, or null
  };
  std::vector<Entry> entries;
  std::vector<Range> ranges;
  std::size_t size = 0;   // elements, gaps included
  std::size_t count = 0;  // numbers that are trained
  Dtype dtype = Dtype::f32;

  std::size_t bytes() const { return size * size_of(dtype); }
  std::size_t byte_offset(const Entry& entry) const { return entry.offset * size_of(dtype); }
};

// The trainable weights of a built model but for those that patterns of `frozen` name. ConfigError where none is left,
// or a pattern names no weight.
ParameterLayout layout_of(const Sequential& model, std::span<const ParameterGroup> groups = {},
                          std::span<const std::string> frozen = {});

// Moves all weights into `parameters` [layout.size]: their tensors become parts of it. One that is there already costs a
// comparison of addresses.
void adopt_weights(const ParameterLayout& layout, const AlignedBuffer& parameters);

}  // namespace elegans::train
