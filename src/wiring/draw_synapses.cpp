#include "wiring/draw_synapses.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace elegans::wiring {
namespace {

int draw_polarity(NumpyGenerator& random) { return random.choice(3) == 0 ? -1 : 1; }
int draw_polarity(NumpyRandomState& random) { return random.choice(2) == 0 ? -1 : 1; }

// One layer onto the next, as an NCP is connected: each of `pickers` picks `picks` of the `others` and a polarity each;
// then every one of the others that nobody picked picks as many pickers as the others have on average, but at least 1
// and `most_picks_back` at most, so that none is left alone.
struct Bipartite {
  std::int64_t pickers;
  std::int64_t picks;
  std::int64_t others;
  std::int64_t most_picks_back;
};
using Connect = std::function<void(std::int64_t picker, std::int64_t other, int polarity)>;

void draw_bipartite(NumpyRandomState& random, const Bipartite& layers, const Connect& connect) {
  std::vector<bool> reached(static_cast<std::size_t>(layers.others));
  for (std::int64_t picker = 0; picker < layers.pickers; ++picker) {
    for (const std::int64_t other : random.choice_without_replacement(layers.others, layers.picks)) {
      reached[static_cast<std::size_t>(other)] = true;
      connect(picker, other, draw_polarity(random));
    }
  }
  const std::int64_t mean = layers.pickers * layers.picks / layers.others;
  const std::int64_t picks_back = std::clamp<std::int64_t>(mean, 1, layers.most_picks_back);
  for (std::int64_t other = 0; other < layers.others; ++other) {
    if (reached[static_cast<std::size_t>(other)]) continue;
    for (const std::int64_t picker : random.choice_without_replacement(layers.pickers, picks_back)) {
      connect(picker, other, draw_polarity(random));
    }
  }
}

}  // namespace

void draw_all(NumpyGenerator& random, SelfConnections self_connections, SynapseMatrix& matrix) {
  SynapseMatrix::require_fits(matrix.sources() * matrix.targets(), "FullyConnected");
  for (std::int64_t source = 0; source < matrix.sources(); ++source) {
    for (std::int64_t target = 0; target < matrix.targets(); ++target) {
      if (source == target && self_connections == SelfConnections::skipped) continue;
      matrix.set(source, target, draw_polarity(random));
    }
  }
}

void draw_share(NumpyGenerator& random, double sparsity, int polarity_draws, SynapseMatrix& matrix) {
  const std::int64_t pairs = matrix.sources() * matrix.targets();
  const auto count = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(pairs) * (1.0 - sparsity)));
  SynapseMatrix::require_fits(count, "Random");
  struct Pick {
    std::int64_t pair;
    int polarity;
  };
  std::vector<Pick> picks;
  picks.reserve(static_cast<std::size_t>(count));
  for (const std::int64_t pair : random.choice_without_replacement(pairs, count)) {
    int polarity = 0;
    for (int draw = 0; draw < polarity_draws; ++draw) polarity = draw_polarity(random);
    picks.push_back({pair, polarity});
  }
  std::sort(picks.begin(), picks.end(), [](const Pick& a, const Pick& b) { return a.pair < b.pair; });
  for (const Pick& pick : picks) matrix.set(pick.pair / matrix.targets(), pick.pair % matrix.targets(), pick.polarity);
}

void draw_ncp(const NCPOptions& options, SynapseMatrix& sensory, SynapseMatrix& adjacency) {
  NumpyRandomState random(options.seed);
  const std::int64_t inter = options.inter_neurons;
  const std::int64_t command = options.command_neurons;
  const std::int64_t motor = options.motor_neurons;
  const std::int64_t first_command = motor;
  const std::int64_t first_inter = motor + command;
  draw_bipartite(random,
                 {.pickers = sensory.sources(),
                  .picks = options.sensory_fanout,
                  .others = inter,
                  .most_picks_back = sensory.sources()},
                 [&](std::int64_t input, std::int64_t target, int polarity) {
                   sensory.set(input, first_inter + target, polarity);
                 });
  // The bound is the reference's: the number of command neurons, although inter neurons are picked.
  draw_bipartite(random,
                 {.pickers = inter, .picks = options.inter_fanout, .others = command, .most_picks_back = command},
                 [&](std::int64_t source, std::int64_t target, int polarity) {
                   adjacency.set(first_inter + source, first_command + target, polarity);
                 });
  for (std::int64_t i = 0; i < options.recurrent_command_synapses; ++i) {
    const std::int64_t source = first_command + random.choice(command);
    const std::int64_t target = first_command + random.choice(command);
    adjacency.set(source, target, draw_polarity(random));
  }
  // Motor neurons pick whom they listen to.
  draw_bipartite(random, {.pickers = motor, .picks = options.motor_fanin, .others = command, .most_picks_back = motor},
                 [&](std::int64_t target, std::int64_t source, int polarity) {
                   adjacency.set(first_command + source, target, polarity);
                 });
}

}  // namespace elegans::wiring
