#pragma once
// Loops over plain arrays that show what this machine can do at most. They are compiled for it (-O3 -march=native) and
// include nothing of the library.

#include <cstddef>

namespace elegans::bench::loops {

// Fused multiply-adds of f32 in registers at the widest vector, enough of them side by side to hide their latency.
// Returns the number of operations, two a multiply-add.
double multiply_add(std::size_t rounds, float* result);

// The sum of n numbers, read by several chains of vectors; n is a multiple of 256.
float read(const float* x, std::size_t n);

// y ← x.
void copy(const float* __restrict x, float* __restrict y, std::size_t n);

// y ← σ(x) and y ← tanh(x) for |x| < 80, without tests for what lies outside: a polynomial of degree 6 for the
// exponential and one division, to about 1e-7; no accuracy near tanh 0 is paid for.
void sigmoid(const float* __restrict x, float* __restrict y, std::size_t n);
void tanh(const float* __restrict x, float* __restrict y, std::size_t n);

}  // namespace elegans::bench::loops
