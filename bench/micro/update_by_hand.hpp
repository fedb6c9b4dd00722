#pragma once
// Updates of all parameters as one writes them by hand, in one pass over plain arrays.

#include <array>
#include <cstddef>

#include "elegans/base/aligned_buffer.hpp"

namespace elegans::bench::update_by_hand {

struct Arrays {
  std::size_t count;
  float* __restrict theta;
  const float* __restrict g;
  float* __restrict m, * __restrict v, * __restrict w;  // moments, as far as there are any
};

// Arrays of their own, of 0.25, in memory as the library takes it.
class OwnArrays {
 public:
  explicit OwnArrays(std::size_t count);
  Arrays arrays() { return {count_, array(0), array(1), array(2), array(3), array(4)}; }
  // Writes g again.
  void write_gradients() { write(1); }

 private:
  float* array(std::size_t i) { return reinterpret_cast<float*>(memory_[i].data()); }
  void write(std::size_t i);

  std::size_t count_;
  std::array<AlignedBuffer, 5> memory_;
};

using Loop = void (*)(const Arrays& arrays, float rate);

void sgd(const Arrays& a, float rate);
void adam(const Arrays& a, float rate);
void adamw(const Arrays& a, float rate);
void amsgrad(const Arrays& a, float rate);
void nadam(const Arrays& a, float rate);
void rmsprop(const Arrays& a, float rate);
void adagrad(const Arrays& a, float rate);
void lion(const Arrays& a, float rate);

}  // namespace elegans::bench::update_by_hand
