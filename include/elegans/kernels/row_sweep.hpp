#pragma once
// In which order a product of one row that stays where it is goes through its packed matrix (kernels/table.hpp).
//
// Step after step reads the same matrix, in groups of panels: all at once as far as registers go. A matrix that the
// first-level cache does not hold would be gone from it whenever it is wanted again. So its groups run forwards and
// backwards in turn, and each run begins with the group that the one before has read last:
//
//     8 panels at most, where 7/8 of the cache hold so many (the rest is for operands): enough sums to hide the latency
//                       of additions
//     4 panels at most, where they do not: what was read last is small enough to be found again
//
// The order changes no bits: columns know nothing of one another.

#include <cstddef>

#include "elegans/kernels/nearest_cache.hpp"
#include "elegans/kernels/packed_form.hpp"

namespace elegans::kernels {

struct RowSweep {
  // Of a group, at most; groups are as even as can be. At least `most` or 4, the lesser of them: the memory of linked
  // rows counts on two (packed_row_bytes).
  std::size_t panels;
  bool alternates;  // whether its groups, which are several then, run backwards every other time
};

// For a matrix of so many bytes, of panels of `panel_bytes` each (the last one may be narrow), where registers take `most`
// panels at once, and a first-level cache of `cache` bytes.
RowSweep row_sweep(std::size_t bytes, std::size_t panel_bytes, std::size_t most, std::size_t cache);

// The same for a matrix of T in this form, on this machine.
template <class T>
RowSweep row_sweep(const PackedForm& form, std::size_t most) {
  return row_sweep(form.elements() * sizeof(T), form.k * form.panel * sizeof(T), most, first_level_cache_bytes());
}

}  // namespace elegans::kernels
