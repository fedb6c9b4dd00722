#include "elegans/kernels/row_sweep.hpp"

#include <unistd.h>
#include <algorithm>

namespace elegans::kernels {

RowSweep row_sweep(std::size_t bytes, std::size_t panel_bytes, std::size_t most, std::size_t cache) {
  constexpr std::size_t many = 8, few = 4;
  if (bytes <= cache) return {most, false};
  const std::size_t group = std::min(most, many * panel_bytes <= cache / 8 * 7 ? many : few);
  return {group, bytes > group * panel_bytes};
}

std::size_t first_level_cache_bytes(long told) { return told > 0 ? static_cast<std::size_t>(told) : 32768; }

std::size_t first_level_cache_bytes() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  static const std::size_t bytes = first_level_cache_bytes(sysconf(_SC_LEVEL1_DCACHE_SIZE));
  return bytes;
#else
  return first_level_cache_bytes(0);
#endif
}

}  // namespace elegans::kernels
