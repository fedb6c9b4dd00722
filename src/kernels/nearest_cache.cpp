#include "elegans/kernels/nearest_cache.hpp"

#include <unistd.h>

namespace elegans::kernels {

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
