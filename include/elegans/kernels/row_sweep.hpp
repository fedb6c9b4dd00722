#pragma once
// In which order a product of one row that stays where it is goes through its packed matrix (kernels/table.hpp).
//
// Step after step reads the same matrix. It is swept by in groups of panels: a group of few is held up by its own sums,
// which wait for one another, and a matrix that the first-level cache does not hold would be gone from it whenever it is
// wanted again. So the groups run forwards and backwards in turn, and each run begins with the group that the one before
// has read last:
//
//     8 panels, where the cache holds so many and the matrix takes more than half of it: that is enough to hide the
//               latency of sums, and other matrices want room, too
//     4 panels, where the cache holds neither the matrix nor 8 of its panels
//     else      all panels at once, as far as registers go
//
// The order changes no bits: columns know nothing of one another.

#include <cstddef>

namespace elegans::kernels {

struct RowSweep {
  std::size_t panels;  // of a group, at most; groups are as even as can be
  bool alternates;     // whether the groups run backwards every other time
};

// For a matrix of so many panels, each of so many bytes, and a first-level cache of `cache` bytes.
RowSweep row_sweep(std::size_t panels, std::size_t panel_bytes, std::size_t cache);

// Bytes of the first-level data cache of a core as the C library tells them, 32 KiB where it does not.
std::size_t first_level_cache_bytes();

}  // namespace elegans::kernels
