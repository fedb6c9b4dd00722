#include "e2e/loops.hpp"

#include <cstdint>
#include <cstring>

namespace elegans::bench::loops {
namespace {

// A vector of GCC and clang, as wide as the machine's.
#if defined(__AVX512F__)
constexpr std::size_t lanes = 16;
#elif defined(__AVX__)
constexpr std::size_t lanes = 8;
#else
constexpr std::size_t lanes = 4;
#endif
using Vector = float __attribute__((vector_size(4 * lanes)));
using Integers = std::int32_t __attribute__((vector_size(4 * lanes)));

Vector load(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

void store(const Vector& vector, float* to) { std::memcpy(to, &vector, sizeof(vector)); }

// eˣ = 2ⁿ eʳ with n = round(x / ln 2), |r| <= ln 2 / 2 and the series of eʳ to the sixth power. The rounding is that of
// adding 1.5 · 2²³, after which the lowest bits of the number are n.
Vector exponential(const Vector& x) {
  constexpr float shift = 12582912.0F;
  const Vector shifted = x * 1.44269504F + shift;
  const Vector n = shifted - shift;
  const Vector r = x - n * 0.693147182F;
  Vector sum = r * (1.0F / 720) + 1.0F / 120;
  sum = sum * r + 1.0F / 24;
  sum = sum * r + 1.0F / 6;
  sum = sum * r + 0.5F;
  sum = sum * r + 1.0F;
  sum = sum * r + 1.0F;
  const Integers scale = reinterpret_cast<Integers>(shifted) << 23;
  return reinterpret_cast<Vector>(reinterpret_cast<Integers>(sum) + scale);
}

template <class Function>
void map(const float* x, float* y, std::size_t n, const Function& function) {
  for (std::size_t i = 0; i < n; i += lanes) store(function(load(x + i)), y + i);
}

}  // namespace

double multiply_add(std::size_t rounds, float* result) {
  constexpr std::size_t chains = 12;
  Vector sums[chains];
  for (std::size_t c = 0; c < chains; ++c) sums[c] = Vector{} + static_cast<float>(c);
  const Vector factor = Vector{} + 0.5F;
  for (std::size_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (std::size_t c = 0; c < chains; ++c) sums[c] = sums[c] * factor + factor;
  }
  for (std::size_t c = 1; c < chains; ++c) sums[0] += sums[c];
  *result = sums[0][0];
  return 2.0 * static_cast<double>(rounds * chains * lanes);
}

float read(const float* x, std::size_t n) {
  constexpr std::size_t chains = 8;
  Vector sums[chains] = {};
  for (std::size_t i = 0; i < n; i += chains * lanes) {
#pragma GCC unroll 8
    for (std::size_t c = 0; c < chains; ++c) sums[c] += load(x + i + c * lanes);
  }
  for (std::size_t c = 1; c < chains; ++c) sums[0] += sums[c];
  return sums[0][0];
}

void copy(const float* __restrict x, float* __restrict y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += lanes) store(load(x + i), y + i);
}

void sigmoid(const float* __restrict x, float* __restrict y, std::size_t n) {
  map(x, y, n, [](const Vector& v) { return 1.0F / (1.0F + exponential(-v)); });
}

void tanh(const float* __restrict x, float* __restrict y, std::size_t n) {
  map(x, y, n, [](const Vector& v) { return 1.0F - 2.0F / (1.0F + exponential(v + v)); });
}

}  // namespace elegans::bench::loops
