#include "elegans/wiring/synapse_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <ostream>

namespace elegans::wiring {

std::string to_string(const SynapseTable& table) {
  const auto neuron = [](NeuronType type, std::int32_t id) { return fmt::format("{} {}", name(type), id); };
  std::size_t width = 6;  // of the headings
  for (const auto& row : table.rows) {
    width = std::max({width, neuron(row.source_type, row.source).size(), neuron(row.target_type, row.target).size()});
  }
  std::string text = fmt::format("{:<{}}  {:<{}}  polarity\n", "source", width, "target", width);
  for (const auto& row : table.rows) {
    fmt::format_to(std::back_inserter(text), "{:<{}}  {:<{}}  {}\n", neuron(row.source_type, row.source), width,
                   neuron(row.target_type, row.target), width, row.polarity > 0 ? "+1 excitatory" : "-1 inhibitory");
  }
  return text;
}

std::ostream& operator<<(std::ostream& stream, const SynapseTable& table) { return stream << to_string(table); }

}  // namespace elegans::wiring
