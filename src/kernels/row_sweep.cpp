#include "elegans/kernels/row_sweep.hpp"

#include <algorithm>

namespace elegans::kernels {

RowSweep row_sweep(std::size_t bytes, std::size_t panel_bytes, std::size_t most, std::size_t cache) {
  constexpr std::size_t many = 8, few = 4;
  if (bytes <= cache) return {most, false};
  const std::size_t group = std::min(most, many * panel_bytes <= room_for_matrices(cache) ? many : few);
  return {group, bytes > group * panel_bytes};
}

}  // namespace elegans::kernels
