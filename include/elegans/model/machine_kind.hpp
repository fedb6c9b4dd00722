#pragma once
// What else, beside the seed, decides the bits of a result.

#include <string>

#include "elegans/kernels/table.hpp"

namespace elegans::model {

// The instruction set of `target` on this machine, the version of elegans and the C library, whose functions some
// kernels call: "AVX3, elegans 0.1.0, glibc 2.36", and the passes that ELEGANS_DISABLE leaves out: ", without fuse". Two
// machines of the same kind compute the same bits.
std::string machine_kind(kernels::Target target = kernels::Target::best);

}  // namespace elegans::model
