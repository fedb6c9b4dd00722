#pragma once
// How the four families draw their synapses: bit for bit as ncps 1.0.1 draws them with NumPy 1.24.

#include <cstdint>

#include "elegans/base/numpy_random.hpp"
#include "elegans/wiring/synapse_matrix.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::wiring {

enum class SelfConnections { drawn, skipped };

// Every pair of `matrix`, source-major, one polarity of [−1, 1, 1] each. Self connections are pairs [i, i].
void draw_all(NumpyGenerator& random, SelfConnections self_connections, SynapseMatrix& matrix);

// round-half-even(pairs · (1 − sparsity)) pairs of `matrix` without replacement, and their polarities in the order
// picked. Each is drawn `polarity_draws` times, of which the last counts.
void draw_share(NumpyGenerator& random, double sparsity, int polarity_draws, SynapseMatrix& matrix);

// All synapses of an NCP, for the number of inputs that `sensory` has. Options are checked before.
void draw_ncp(const NCPOptions& options, SynapseMatrix& sensory, SynapseMatrix& adjacency);

}  // namespace elegans::wiring
