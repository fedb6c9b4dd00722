#include "graph/fetch_ahead.hpp"

#include <set>

#include "elegans/kernels/nearest_cache.hpp"

namespace elegans::graph {

void fetch_ahead(const std::vector<ops::FixedCall*>& calls, std::size_t cache) {
  std::vector<ops::FixedCall*> sweeping;
  std::set<const std::byte*> matrices;
  std::size_t bytes = 0;
  for (ops::FixedCall* const call : calls) {
    const ops::Sweep sweep = call->sweep();
    if (sweep.bytes == 0) continue;
    sweeping.push_back(call);
    if (matrices.insert(sweep.from).second) bytes += sweep.bytes;
  }
  if (bytes <= kernels::room_for_matrices(cache)) return;
  for (std::size_t i = 0; i < sweeping.size(); ++i) {
    const ops::Sweep own = sweeping[i]->sweep(), next = sweeping[(i + 1) % sweeping.size()]->sweep();
    // A matrix for which nothing is fetched is one that finds again what was read of it last. Of one that the cache would
    // not hold, what is fetched would be gone again.
    if (own.ahead > 0 && next.ahead > 0 && next.ahead <= cache / 2 && next.from != own.from)
      sweeping[i]->fetch_behind(next.from, next.ahead);
  }
}

}  // namespace elegans::graph
