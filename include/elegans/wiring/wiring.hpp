#pragma once
// Circuits: which neuron feeds which, with which sign.
//
// A wiring has `units` neurons and, once it is built for a number of inputs I, two matrices with entries −1, 0 and +1:
//
//   adjacency [units, units]   from neuron to neuron,       [source, target]
//   sensory   [I, units]       from input to neuron
//
// Motor neurons, the outputs, are the first output_dim ids. The four families of Neural Circuit Policies' Python
// package ncps are here under its names, with its options and defaults, and the same seed gives the same circuit:
//
//   Wiring wiring = AutoNCP({.units = 28, .output_size = 4, .sparsity_level = 0.5, .seed = 22222});
//   wiring.build(8);
//
// A wiring made by hand:
//
//   Wiring wiring(3);                     // three neurons, all of them motor
//   wiring.set_output_dim(1);             // 0 is motor, 1 and 2 are inter
//   wiring.build(2);                      // two inputs
//   wiring.add_sensory_synapse(0, 2, +1);
//   wiring.add_synapse(2, 0, -1);
//
// A wiring is a value. Layers that share one take a copy each: `wiring.built(inputs)`.
//
// Every argument out of range is a ConfigError that says what the range is.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "elegans/base/numpy_random.hpp"
#include "elegans/wiring/neuron_type.hpp"
#include "elegans/wiring/pattern.hpp"
#include "elegans/wiring/synapse_matrix.hpp"
#include "elegans/wiring/synapse_table.hpp"

namespace elegans::wiring {

// Every neuron feeds every neuron, every input every neuron; a third of the synapses is inhibitory.
struct FullyConnectedOptions {
  std::int64_t units = 0;
  std::optional<std::int64_t> output_dim = {};  // units
  std::uint64_t erev_init_seed = 1111;
  bool self_connections = true;

  bool operator==(const FullyConnectedOptions&) const = default;
};

// Synapses drawn at random from all possible ones, of which the share 1 − sparsity_level exists.
struct RandomOptions {
  std::int64_t units = 0;
  std::optional<std::int64_t> output_dim = {};  // units
  double sparsity_level = 0.0;                  // in [0, 1)
  std::uint64_t random_seed = 1111;

  bool operator==(const RandomOptions&) const = default;
};

// Neural Circuit Policy: inputs feed inter neurons, these command neurons, these each other and the motor neurons.
struct NCPOptions {
  std::int64_t inter_neurons = 0;
  std::int64_t command_neurons = 0;
  std::int64_t motor_neurons = 0;
  std::int64_t sensory_fanout = 0;              // inter neurons that an input feeds, <= inter_neurons
  std::int64_t inter_fanout = 0;                // command neurons that an inter neuron feeds, <= command_neurons
  std::int64_t recurrent_command_synapses = 0;  // drawn among command neurons; the same one may be drawn again
  std::int64_t motor_fanin = 0;                 // command neurons that feed a motor neuron, <= command_neurons
  std::uint64_t seed = 22222;                   // below 2^32

  bool operator==(const NCPOptions&) const = default;
};

// An NCP from its size: 40 % of the neurons that are not motor are command neurons, and the fan-outs follow the
// density.
struct AutoNCPOptions {
  std::int64_t units = 0;
  std::int64_t output_size = 0;  // motor neurons, < units − 2
  double sparsity_level = 0.5;   // in [0.1, 1]
  std::uint64_t seed = 22222;    // below 2^32

  bool operator==(const AutoNCPOptions&) const = default;
};

// A wiring made, or changed, by hand.
struct HandMade {
  bool operator==(const HandMade&) const = default;
};

// The NCP that an AutoNCP is.
NCPOptions ncp_options(const AutoNCPOptions& options);

class Wiring {
 public:
  // What a wiring was made from.
  using Recipe = std::variant<HandMade, FullyConnectedOptions, RandomOptions, NCPOptions, AutoNCPOptions>;

  // Hand-made, without synapses; output_dim is `units`. 1 <= units <= SynapseMatrix::max_extent.
  explicit Wiring(std::int64_t units);
  // Drawn: see the functions below the class. At most 2^28 pairs of a source and a target may have to be considered.
  explicit Wiring(const FullyConnectedOptions& options);
  explicit Wiring(const RandomOptions& options);
  explicit Wiring(const NCPOptions& options);
  explicit Wiring(const AutoNCPOptions& options);

  // "Wiring" (hand-made), "FullyConnected", "Random", "NCP" or "AutoNCP".
  std::string_view type() const;
  const Recipe& recipe() const { return recipe_; }

  std::int64_t units() const { return units_; }
  std::int64_t output_dim() const { return output_dim_; }
  // ConfigError before build().
  std::int64_t input_dim() const;
  bool is_built() const { return input_dim_.has_value(); }

  // Fixes the number of inputs and draws what depends on it. The same number again changes nothing, another is an
  // error.
  void build(std::int64_t inputs);
  // This wiring built for `inputs`, as a copy.
  Wiring built(std::int64_t inputs) const;

  // Synapses; one that is there is replaced. Sensory ones need build() first. A drawn wiring must be built, and becomes
  // a hand-made one, so that its configuration says what it is.
  void add_synapse(std::int64_t source, std::int64_t target, int polarity);
  void add_sensory_synapse(std::int64_t input, std::int64_t target, int polarity);
  // Neurons 0 … output_dim − 1 become motor; motor neurons beyond become inter.
  void set_output_dim(std::int64_t output_dim);
  // inter or command, of a neuron that is not motor.
  void set_type(std::int64_t neuron, NeuronType type);
  // Layers in the order in which data flows, every neuron in exactly one. (One layer of all neurons otherwise.)
  void set_layers(std::vector<std::vector<std::int32_t>> layers);

  NeuronType type_of_neuron(std::int64_t neuron) const;
  std::span<const NeuronType> types() const { return types_; }
  // Ids of the neurons of each layer, layers in the order in which data flows: for an NCP inter, command, motor,
  // otherwise one layer of all neurons.
  const std::vector<std::vector<std::int32_t>>& layers() const { return layers_; }

  // ConfigError where they do not exist yet: the sensory matrix before build(), and the adjacency of an NCP or AutoNCP,
  // too.
  const SynapseMatrix& adjacency() const;
  const SynapseMatrix& sensory() const;
  std::int64_t synapse_count() const { return adjacency().count(); }
  std::int64_t sensory_synapse_count() const { return sensory().count(); }
  // Sensory synapses, then the others: for printing.
  SynapseTable synapses() const;

  // Structures of kernels (wiring/pattern.hpp). Those with `inputs` build a copy where this wiring is not built.
  //
  // Of a feed-forward kernel [inputs, units]: the sensory matrix. What a dense layer with a wiring takes.
  PatternRef pattern(std::int64_t inputs) const { return sensory_pattern(inputs); }
  // [inputs, units]
  PatternRef sensory_pattern(std::int64_t inputs) const;
  // [units, units]
  PatternRef recurrent_pattern() const;
  // [inputs, targets]: row per input, column k is neuron targets[k]. Needs build().
  PatternRef sensory_pattern_to(std::span<const std::int32_t> targets) const;
  // [sources, targets] of the adjacency: row k is neuron sources[k], column k neuron targets[k].
  PatternRef pattern_between(std::span<const std::int32_t> sources, std::span<const std::int32_t> targets) const;

  // The same recipe and the same synapses, types and layers.
  friend bool operator==(const Wiring& a, const Wiring& b);

 private:
  Wiring(std::int64_t units, std::int64_t output_dim, const Recipe& recipe);
  Wiring(const NCPOptions& options, const Recipe& recipe);
  void check_editable(std::string_view operation) const;
  void make_hand_made();
  bool is_ncp() const;
  std::size_t checked_neuron(std::string_view operation, std::int64_t neuron) const;

  Recipe recipe_;
  std::int64_t units_;
  std::int64_t output_dim_;
  std::optional<std::int64_t> input_dim_;
  SynapseMatrix adjacency_;
  SynapseMatrix sensory_;
  std::vector<NeuronType> types_;
  std::vector<std::vector<std::int32_t>> layers_;
  std::optional<NumpyGenerator> generator_;  // of FullyConnected and Random: build() goes on where the maker stopped
};

// The names that users of ncps know.
inline Wiring FullyConnected(const FullyConnectedOptions& options) { return Wiring(options); }
inline Wiring Random(const RandomOptions& options) { return Wiring(options); }
inline Wiring NCP(const NCPOptions& options) { return Wiring(options); }
inline Wiring AutoNCP(const AutoNCPOptions& options) { return Wiring(options); }

}  // namespace elegans::wiring
