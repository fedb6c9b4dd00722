#pragma once
// Sums by target of connections that stand in levels (Levels), of a single sample.

#include "elegans/kernels/table.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::ops {

// y_a [targets] = sums of x_a by target for each array a, connections standing in levels; `sums` [2, targets]
// are scratch, of one array [targets].
template <class T>
void sum_by_levels(const kernels::Table<T>& table, const Connections& connections, std::size_t arrays,
                   const T* const* x, T* const* y, T* sums) {
  const Levels& levels = *connections.levels();
  table.sum_levels(x, y, arrays, connections.outputs(), levels.offsets.size() - 1, levels.offsets.data(),
                   levels.rank.data(), sums);
}

}  // namespace elegans::ops
