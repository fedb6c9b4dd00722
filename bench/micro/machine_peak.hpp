#pragma once
// What this machine can do at most, measured in the same run as the kernels that are compared with it.

namespace elegans::bench {

// Fused multiply-adds of f32 in registers, two operations each, on one core with the instruction set of Target::best.
double peak_gflops();

// Bytes read and written by copying 4 KiB within the first-level cache, with the same instruction set.
double peak_gigabytes_per_second();

}  // namespace elegans::bench
