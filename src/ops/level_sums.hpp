#pragma once
// Sums by target of connections that stand in levels (Levels), of a single sample.

#include "elegans/kernels/table.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::ops {

// What was summed in the order of the levels, in the order of the targets: y [targets].
template <class T>
void in_order_of_targets(const kernels::Table<T>& table, const Connections& connections, const T* sums, T* y) noexcept {
  const std::size_t targets = connections.outputs();
  table.gather(sums, y, 1, targets, targets, 1, connections.levels()->rank.data());
}

// y_a [targets] = sums of x_a by target for each array a, connections standing in levels; `sums` [targets] are scratch.
template <class T>
void sum_by_levels(const kernels::Table<T>& table, const Connections& connections, std::size_t arrays,
                   const T* const* x, T* const* sums, T* const* y) {
  const Levels& levels = *connections.levels();
  const std::size_t targets = connections.outputs();
  table.sum_levels(x, sums, arrays, targets, levels.offsets.size() - 1, levels.offsets.data());
  for (std::size_t a = 0; a < arrays; ++a) in_order_of_targets(table, connections, sums[a], y[a]);
}

}  // namespace elegans::ops
