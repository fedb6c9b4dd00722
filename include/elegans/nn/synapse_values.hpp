#pragma once
// The synapses of a trained circuit with their weights, as a table that can be read and printed.

#include <iosfwd>
#include <string>
#include <vector>

#include "elegans/wiring/synapse_table.hpp"

namespace elegans::nn {

struct SynapseValues {
  struct Row {
    wiring::SynapseTable::Row synapse;  // from where to where, and the polarity of the wiring
    double w;                           // conductance when fully open, ≥ 0
    double mu;                          // the potential at which it is half open
    double sigma;                       // how steeply it opens
    double erev;  // the potential that it pulls its target to; its sign may leave the polarity in training
  };
  std::vector<Row> rows;  // sensory synapses, then the others, each ascending by (source, target)
};

// A line a synapse, after a line of headings:
//
//   source       target       polarity  w         mu        sigma     erev
//   sensory 0    inter 13     +1        0.52      0.41      4.3       1
std::string to_string(const SynapseValues& values);
std::ostream& operator<<(std::ostream& stream, const SynapseValues& values);

}  // namespace elegans::nn
