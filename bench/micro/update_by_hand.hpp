#pragma once
// Updates of all parameters as one writes them by hand, in one pass over plain arrays.

#include <cstddef>

namespace elegans::bench::update_by_hand {

struct Arrays {
  std::size_t count;
  float* __restrict theta;
  const float* __restrict g;
  float* __restrict m, * __restrict v, * __restrict w;  // moments, as far as there are any
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
