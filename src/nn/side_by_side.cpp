#include "nn/side_by_side.hpp"

namespace elegans::nn {

PatternPtr side_by_side(const wiring::Pattern& pattern, std::int32_t blocks) {
  const auto columns = static_cast<std::int32_t>(pattern.columns());
  std::vector<wiring::Synapse> synapses;
  for (std::int32_t block = 0; block < blocks; ++block)
    for (std::size_t k = 0; k < pattern.targets().size(); ++k)
      synapses.push_back({pattern.sources()[k], pattern.targets()[k] + block * columns, pattern.polarity()[k]});
  return wiring::Pattern::from_synapses(synapses, pattern.rows(), blocks * pattern.columns());
}

}  // namespace elegans::nn
