#include "micro/update_by_hand.hpp"

#include <algorithm>
#include <cmath>

namespace elegans::bench::update_by_hand {

OwnArrays::OwnArrays(std::size_t count) : count_(count) {
  for (std::size_t i = 0; i < memory_.size(); ++i) {
    memory_[i] = AlignedBuffer(count * sizeof(float));
    write(i);
  }
}

void OwnArrays::write(std::size_t i) { std::fill_n(array(i), count_, 0.25F); }

void sgd(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.m[i] = 0.9F * a.m[i] + a.g[i];
    a.theta[i] -= rate * a.m[i];
  }
}

void adam(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.m[i] = 0.9F * a.m[i] + 0.1F * a.g[i];
    a.v[i] = 0.999F * a.v[i] + 0.001F * a.g[i] * a.g[i];
    a.theta[i] -= rate * a.m[i] / (std::sqrt(a.v[i]) * 1.5F + 1e-8F);
  }
}

void adamw(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.m[i] = 0.9F * a.m[i] + 0.1F * a.g[i];
    a.v[i] = 0.999F * a.v[i] + 0.001F * a.g[i] * a.g[i];
    a.theta[i] -= rate * 0.01F * a.theta[i] + rate * a.m[i] / (std::sqrt(a.v[i]) * 1.5F + 1e-8F);
  }
}

void amsgrad(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.m[i] = 0.9F * a.m[i] + 0.1F * a.g[i];
    a.v[i] = 0.999F * a.v[i] + 0.001F * a.g[i] * a.g[i];
    a.w[i] = a.w[i] > a.v[i] ? a.w[i] : a.v[i];
    a.theta[i] -= rate * a.m[i] / (std::sqrt(a.w[i]) * 1.5F + 1e-8F);
  }
}

void nadam(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.m[i] = 0.9F * a.m[i] + 0.1F * a.g[i];
    a.v[i] = 0.999F * a.v[i] + 0.001F * a.g[i] * a.g[i];
    a.theta[i] -= (rate * a.g[i] + 0.5F * rate * a.m[i]) / (std::sqrt(a.v[i]) * 1.5F + 1e-8F);
  }
}

void rmsprop(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.v[i] = 0.99F * a.v[i] + 0.01F * a.g[i] * a.g[i];
    a.theta[i] -= rate * a.g[i] / (std::sqrt(a.v[i]) + 1e-8F);
  }
}

void adagrad(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    a.v[i] += a.g[i] * a.g[i];
    a.theta[i] -= rate * a.g[i] / (std::sqrt(a.v[i]) + 1e-10F);
  }
}

void lion(const Arrays& arrays, float rate) {
  const Arrays a = arrays;
  for (std::size_t i = 0; i < a.count; ++i) {
    const float direction = 0.9F * a.m[i] + 0.1F * a.g[i];
    a.theta[i] -= rate * static_cast<float>((direction > 0) - (direction < 0));
    a.m[i] = 0.99F * a.m[i] + 0.01F * a.g[i];
  }
}

}  // namespace elegans::bench::update_by_hand
