#pragma once
// What else, beside the seed, decides the bits of a result.

#include <string>

#include "elegans/kernels/table.hpp"

namespace elegans::model {

// Raised where last bits change within a version, as by another order of sums: what was saved before is then compared
// within tolerances, as on another kind of machine. tests/model/machine_kind.cpp tells when it is due.
inline constexpr int arithmetic = 2;

// The instruction set of `target` on this machine, the version of elegans and of its arithmetic and the C library, whose
// functions some kernels call: "AVX3, elegans 0.1.0 (arithmetic 2), glibc 2.36", and the passes that ELEGANS_DISABLE leaves
// out: ", without fuse". Two machines of the same kind compute the same bits.
std::string machine_kind(kernels::Target target = kernels::Target::best);

}  // namespace elegans::model
