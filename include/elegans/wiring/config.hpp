#pragma once
// Wirings as text: JSON for files, a short form for the command line.
//
// A drawn wiring is written as its type and the arguments that made it, under the names of ncps, and draws the same
// circuit when it is read:
//
//   {"type": "AutoNCP", "units": 28, "output_size": 4, "sparsity_level": 0.5, "seed": 22222}
//
// A hand-made one is written as what it is; "input_dim" and "sensory_synapses" once it is built, "types" and "layers"
// where they are not those of a fresh Wiring:
//
//   {"type": "Wiring", "units": 3, "output_dim": 1, "synapses": [[2, 0, -1]],        source, target, polarity
//    "input_dim": 2, "sensory_synapses": [[0, 2, 1]], "types": ["motor", "inter", "command"], "layers": [[1, 2], [0]]}
//
// What Wiring.get_config() of ncps gives (units, output_dim, input_dim, and the matrices "adjacency_matrix" and
// "sensory_adjacency_matrix", or null) is read, too.

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "elegans/wiring/wiring.hpp"

namespace elegans::wiring {

nlohmann::json to_config(const Wiring& wiring);

// FormatError, beginning with `source_name` (a file, a key), for a missing or unknown key and for a value that the
// wiring refuses. A drawn wiring comes back without inputs: build() it.
Wiring from_config(const nlohmann::json& config, std::string_view source_name = "wiring");

// The short form: a type, the numbers that it cannot do without, and further arguments by name,
//
//   fully:8          fully:8,4,self_connections=false          units, output_dim
//   random:40        random:40,10,sparsity=0.75,seed=3         units, output_dim
//   autoncp:28,1     autoncp:28,1,sparsity=0.5,seed=3          units, output_size
//   ncp:inter=10,command=8,motor=3,sensory_fanout=4,inter_fanout=4,recurrent=6,motor_fanin=5
//
// or "@circuit.json", a file that holds a configuration. ncps' own names for types and arguments are understood as
// well. ConfigError for what cannot be understood, FileError for a file that cannot be read.
Wiring parse_wiring(std::string_view text);

}  // namespace elegans::wiring
