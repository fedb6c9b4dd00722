#pragma once
// All synapses of a circuit as a table that can be printed.

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "elegans/wiring/neuron_type.hpp"

namespace elegans::wiring {

struct SynapseTable {
  struct Row {
    NeuronType source_type;
    std::int32_t source;  // an input where source_type is sensory, else a neuron
    NeuronType target_type;
    std::int32_t target;
    std::int8_t polarity;

    friend bool operator==(const Row&, const Row&) = default;
  };
  std::vector<Row> rows;
};

// A line a synapse, after a line of headings:
//
//   source     target     polarity
//   sensory 0  inter 13   +1 excitatory
//   inter 13   command 4  -1 inhibitory
std::string to_string(const SynapseTable& table);
std::ostream& operator<<(std::ostream& stream, const SynapseTable& table);

}  // namespace elegans::wiring
