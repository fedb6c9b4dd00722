#pragma once
// Where each trainable weight lies in the arrays of parameters, gradients and moments.
//
//     weight 0 | gap | weight 1 | gap | …        each begins at a multiple of 16 elements (a cache line of f32)
//
// Gaps are 0 and stay so: their gradient is 0.

#include <cstddef>
#include <string>
#include <vector>

#include "elegans/model/sequential.hpp"

namespace elegans::train {

struct ParameterLayout {
  struct Entry {
    nn::WeightPtr weight;
    std::size_t offset;  // elements
    std::size_t count;
  };
  std::vector<Entry> entries;
  std::size_t size = 0;   // elements, gaps included
  std::size_t count = 0;  // numbers that are trained
  Dtype dtype = Dtype::f32;

  std::size_t bytes() const { return size * size_of(dtype); }
  std::size_t byte_offset(const Entry& entry) const { return entry.offset * size_of(dtype); }
};

// The trainable weights of a built model in its own order. ConfigError where it has none.
ParameterLayout layout_of(const Sequential& model);

// Copies all weights into `parameters`, and back.
void gather_weights(const ParameterLayout& layout, std::byte* parameters);
void scatter_weights(const ParameterLayout& layout, const std::byte* parameters);

}  // namespace elegans::train
