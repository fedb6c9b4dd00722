#pragma once
// Pictures of circuits.
//
// Neurons stand in columns, in the order in which data flows: sensory → inter → command → motor (of a hand-made wiring
// with several layers, a column a layer). A synapse runs from the side of its source to the side of its target; within
// a column it is an arc, on the right where it leads down and on the left where it leads up; a self-connection is a
// loop on top.
//
// Excitatory and inhibitory synapses differ twice, for those who see or print without colours: blue (#0072B2), solid,
// with an arrow head; vermillion (#D55E00), dashed, with a bar. (Okabe and Ito's palette.)
//
// The same wiring gives the same text, byte for byte.

#include <string>
#include <vector>

#include "elegans/wiring/wiring.hpp"

namespace elegans::wiring {

struct DrawOptions {
  std::string title = {};                      // the type, units, inputs and outputs otherwise
  std::vector<std::string> input_names = {};   // one for each input, or none
  std::vector<std::string> output_names = {};  // one for each motor neuron, or none
};

// Most synapses in a picture: nobody can read more.
constexpr std::int64_t max_drawn_synapses = 20000;

// SVG 1.1, for browsers and for whatever turns it into paper. ConfigError where the wiring is not built, has too many
// synapses, or the number of names is not that of what they name.
std::string draw_svg(const Wiring& wiring, const DrawOptions& options = {});

// The language of Graphviz' `dot`, without any limit on the number of synapses. ConfigError as above.
std::string draw_dot(const Wiring& wiring, const DrawOptions& options = {});

}  // namespace elegans::wiring
