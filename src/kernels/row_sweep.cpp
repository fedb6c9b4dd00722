#include "elegans/kernels/row_sweep.hpp"

#include <unistd.h>

namespace elegans::kernels {

RowSweep row_sweep(std::size_t panels, std::size_t panel_bytes, std::size_t cache) {
  constexpr std::size_t many = 8, few = 4;
  const std::size_t matrix = panels * panel_bytes;
  if (matrix > cache / 2 && many * panel_bytes <= cache / 8 * 7) return {many, panels > many};
  if (matrix > cache) return {few, panels > few};
  return {panels, false};
}

std::size_t first_level_cache_bytes() {
  constexpr std::size_t usual = 32768;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  static const long told = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  if (told > 0) return static_cast<std::size_t>(told);
#endif
  return usual;
}

}  // namespace elegans::kernels
