#include "elegans/nn/synapse_values.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <ostream>

namespace elegans::nn {

std::string to_string(const SynapseValues& values) {
  const auto neuron = [](wiring::NeuronType type, std::int32_t id) { return fmt::format("{} {}", name(type), id); };
  std::size_t width = 6;  // of the headings
  for (const auto& [synapse, w, mu, sigma, erev] : values.rows)
    width = std::max({width, neuron(synapse.source_type, synapse.source).size(),
                      neuron(synapse.target_type, synapse.target).size()});
  std::string text = fmt::format("{:<{}}  {:<{}}  polarity  {:<10}  {:<10}  {:<10}  {}\n", "source", width, "target",
                                 width, "w", "mu", "sigma", "erev");
  for (const auto& [synapse, w, mu, sigma, erev] : values.rows)
    fmt::format_to(std::back_inserter(text), "{:<{}}  {:<{}}  {:<8}  {:<10.5g}  {:<10.5g}  {:<10.5g}  {:.5g}\n",
                   neuron(synapse.source_type, synapse.source), width, neuron(synapse.target_type, synapse.target),
                   width, synapse.polarity > 0 ? "+1" : "-1", w, mu, sigma, erev);
  return text;
}

std::ostream& operator<<(std::ostream& stream, const SynapseValues& values) { return stream << to_string(values); }

}  // namespace elegans::nn
