#include "elegans/wiring/wiring.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "elegans/base/error.hpp"
#include "wiring/draw_synapses.hpp"

namespace elegans::wiring {
namespace {

constexpr std::int64_t max_pairs = std::int64_t{1} << 28;

constexpr std::array<std::string_view, std::variant_size_v<Wiring::Recipe>> type_names = {"Wiring", "FullyConnected",
                                                                                          "Random", "NCP", "AutoNCP"};

void check_between(std::string_view operation, std::string_view argument, std::int64_t value, std::int64_t least,
                   std::int64_t most, std::string_view why = {}) {
  if (value >= least && value <= most) return;
  throw ConfigError({std::string(operation), std::string(argument), fmt::format("{}", value),
                     fmt::format("a number from {} to {}{}", least, most, why), ""});
}

std::int64_t checked_units(std::string_view operation, std::int64_t units) {
  check_between(operation, "units", units, 1, SynapseMatrix::max_extent);
  return units;
}

std::int64_t checked_output_dim(std::string_view operation, std::optional<std::int64_t> output_dim,
                                std::int64_t units) {
  if (!output_dim) return units;
  check_between(operation, "output_dim", *output_dim, 1, units, ", the number of units");
  return *output_dim;
}

void check_pairs(std::string_view operation, std::string_view what, std::int64_t pairs) {
  if (pairs <= max_pairs) return;
  throw ConfigError({std::string(operation), fmt::format("number of pairs of {}", what), fmt::format("{}", pairs),
                     fmt::format("at most {}", max_pairs), "Make a sparse wiring of this size by hand."});
}

void check_seed(std::string_view operation, std::uint64_t seed) {
  if (seed <= NumpyRandomState::max_seed) return;
  throw ConfigError({std::string(operation), "seed", fmt::format("{}", seed),
                     fmt::format("a number from 0 to {}", NumpyRandomState::max_seed), ""});
}

void check(const NCPOptions& options, std::string_view operation) {
  constexpr std::int64_t most = SynapseMatrix::max_extent;
  check_between(operation, "inter_neurons", options.inter_neurons, 1, most);
  check_between(operation, "command_neurons", options.command_neurons, 1, most);
  check_between(operation, "motor_neurons", options.motor_neurons, 1, most);
  check_between(operation, "sensory_fanout", options.sensory_fanout, 0, options.inter_neurons,
                ", the number of inter_neurons");
  check_between(operation, "inter_fanout", options.inter_fanout, 0, options.command_neurons,
                ", the number of command_neurons");
  check_between(operation, "motor_fanin", options.motor_fanin, 0, options.command_neurons,
                ", the number of command_neurons");
  check_between(operation, "recurrent_command_synapses", options.recurrent_command_synapses, 0,
                SynapseMatrix::max_count);
  check_seed(operation, options.seed);
  check_between(operation, "number of neurons", options.inter_neurons + options.command_neurons + options.motor_neurons,
                1, most);
  check_pairs(operation, "inter and command neurons", options.inter_neurons * options.command_neurons);
  check_pairs(operation, "command and motor neurons", options.command_neurons * options.motor_neurons);
  SynapseMatrix::require_fits(options.inter_neurons * options.inter_fanout, operation);
  SynapseMatrix::require_fits(options.motor_neurons * options.motor_fanin, operation);
}

std::vector<std::int32_t> ids(std::int64_t first, std::int64_t count) {
  std::vector<std::int32_t> list(static_cast<std::size_t>(count));
  std::iota(list.begin(), list.end(), static_cast<std::int32_t>(first));
  return list;
}

// For each of `extent` ids its place in `list`, or −1. ConfigError for an id out of range or given twice.
std::vector<std::int32_t> places(std::string_view operation, std::string_view argument,
                                 std::span<const std::int32_t> list, std::int64_t extent) {
  std::vector<std::int32_t> place(static_cast<std::size_t>(extent), -1);
  for (std::size_t i = 0; i < list.size(); ++i) {
    check_between(operation, fmt::format("{}[{}]", argument, i), list[i], 0, extent - 1);
    auto& slot = place[static_cast<std::size_t>(list[i])];
    if (slot != -1) {
      throw ConfigError({std::string(operation), fmt::format("neuron {}", list[i]),
                         fmt::format("twice in {}", argument), "each neuron once", ""});
    }
    slot = static_cast<std::int32_t>(i);
  }
  return place;
}

}  // namespace

NCPOptions ncp_options(const AutoNCPOptions& options) {
  constexpr std::string_view operation = "AutoNCP";
  check_between(operation, "units", options.units, 4, SynapseMatrix::max_extent,
                ": a motor, a command and two inter neurons at least");
  check_between(operation, "output_size", options.output_size, 1, options.units - 3,
                fmt::format(", less than units - 2 for {} units", options.units));
  if (!(options.sparsity_level >= 0.1 && options.sparsity_level <= 1.0)) {
    throw ConfigError({std::string(operation), "sparsity_level", fmt::format("{}", options.sparsity_level),
                       "a number from 0.1 (dense) to 1.0 (sparse)", ""});
  }
  check_seed(operation, options.seed);
  // In double and truncating, as in the reference: 10 · (1 − 0.8) is 1.99…, so 1.
  const auto share = [](std::int64_t count, double factor) {
    return std::max<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(count) * factor), 1);
  };
  const double density = 1.0 - options.sparsity_level;
  const std::int64_t not_motor = options.units - options.output_size;
  const std::int64_t command = share(not_motor, 0.4);
  const std::int64_t inter = not_motor - command;
  return {.inter_neurons = inter,
          .command_neurons = command,
          .motor_neurons = options.output_size,
          .sensory_fanout = share(inter, density),
          .inter_fanout = share(command, density),
          .recurrent_command_synapses = share(2 * command, density),
          .motor_fanin = share(command, density),
          .seed = options.seed};
}

namespace {

// Options that say what was left to a default, so that equal wirings have equal recipes.
template <class Options>
Options with_output_dim(Options options, std::string_view operation) {
  options.output_dim = checked_output_dim(operation, options.output_dim, checked_units(operation, options.units));
  return options;
}

}  // namespace

Wiring::Wiring(std::int64_t units, std::int64_t output_dim, const Recipe& recipe)
    : recipe_(recipe),
      units_(units),
      output_dim_(output_dim),
      adjacency_(units, units),
      types_(static_cast<std::size_t>(units), NeuronType::inter),
      layers_{ids(0, units)} {
  std::fill_n(types_.begin(), output_dim, NeuronType::motor);
}

Wiring::Wiring(std::int64_t units) : Wiring(checked_units("Wiring", units), units, HandMade{}) {}

Wiring::Wiring(const FullyConnectedOptions& options)
    : Wiring(options.units, options.output_dim.value_or(options.units), with_output_dim(options, "FullyConnected")) {
  check_pairs("FullyConnected", "neurons", units_ * units_);
  generator_.emplace(options.erev_init_seed);
  draw_all(*generator_, options.self_connections ? SelfConnections::drawn : SelfConnections::skipped, adjacency_);
}

Wiring::Wiring(const RandomOptions& options)
    : Wiring(options.units, options.output_dim.value_or(options.units), with_output_dim(options, "Random")) {
  if (!(options.sparsity_level >= 0.0 && options.sparsity_level < 1.0)) {
    throw ConfigError({"Random", "sparsity_level", fmt::format("{}", options.sparsity_level),
                       "a number from 0.0 (every synapse exists) to below 1.0", ""});
  }
  check_pairs("Random", "neurons", units_ * units_);
  generator_.emplace(options.random_seed);
  draw_share(*generator_, options.sparsity_level, 1, adjacency_);
}

Wiring::Wiring(const NCPOptions& options) : Wiring(options, Recipe(options)) {}

Wiring::Wiring(const AutoNCPOptions& options) : Wiring(ncp_options(options), Recipe(options)) {}

Wiring::Wiring(const NCPOptions& options, const Recipe& recipe)
    : Wiring((check(options, type_names[recipe.index()]),
              options.inter_neurons + options.command_neurons + options.motor_neurons),
             options.motor_neurons, recipe) {
  const std::int64_t motor = options.motor_neurons;
  const std::int64_t command = options.command_neurons;
  std::fill_n(types_.begin() + motor, command, NeuronType::command);
  layers_ = {ids(motor + command, options.inter_neurons), ids(motor, command), ids(0, motor)};
}

std::string_view Wiring::type() const { return type_names[recipe_.index()]; }

bool Wiring::is_ncp() const {
  return std::holds_alternative<NCPOptions>(recipe_) || std::holds_alternative<AutoNCPOptions>(recipe_);
}

std::int64_t Wiring::input_dim() const {
  if (!input_dim_) {
    throw ConfigError({fmt::format("{}.input_dim", type()), "number of inputs", "not known", "a wiring that is built",
                       "Call build(inputs) first."});
  }
  return *input_dim_;
}

void Wiring::build(std::int64_t inputs) {
  const std::string operation = fmt::format("{}.build", type());
  check_between(operation, "inputs", inputs, 1, SynapseMatrix::max_extent);
  if (input_dim_ == inputs) return;
  if (input_dim_) {
    throw ConfigError({operation, "inputs", fmt::format("{}", inputs),
                       fmt::format("{}, for which the wiring is built already", *input_dim_),
                       "Layers with other inputs need a copy that was taken before build()."});
  }
  SynapseMatrix sensory(inputs, units_);
  if (const auto* full = std::get_if<FullyConnectedOptions>(&recipe_)) {
    check_pairs(operation, "inputs and neurons", inputs * full->units);
    draw_all(*generator_, SelfConnections::drawn, sensory);
  } else if (const auto* random = std::get_if<RandomOptions>(&recipe_)) {
    check_pairs(operation, "inputs and neurons", inputs * random->units);
    // Twice, for so does the reference.
    draw_share(*generator_, random->sparsity_level, 2, sensory);
  } else if (is_ncp()) {
    const auto* automatic = std::get_if<AutoNCPOptions>(&recipe_);
    const NCPOptions options = automatic != nullptr ? ncp_options(*automatic) : std::get<NCPOptions>(recipe_);
    check_pairs(operation, "inputs and inter neurons", inputs * options.inter_neurons);
    SynapseMatrix adjacency = adjacency_;
    draw_ncp(options, sensory, adjacency);
    adjacency_ = std::move(adjacency);  // whole, or not at all
  }
  sensory_ = std::move(sensory);
  input_dim_ = inputs;
}

Wiring Wiring::built(std::int64_t inputs) const {
  Wiring copy = *this;
  copy.build(inputs);
  return copy;
}

void Wiring::check_editable(std::string_view operation) const {
  if (std::holds_alternative<HandMade>(recipe_) || is_built()) return;
  throw ConfigError({std::string(operation), "wiring", fmt::format("an unbuilt {}", type()),
                     "a hand-made wiring or one that is built",
                     "Call build(inputs) first, so that everything is drawn before it is changed."});
}

void Wiring::make_hand_made() {
  recipe_ = HandMade{};
  generator_.reset();
}

void Wiring::add_synapse(std::int64_t source, std::int64_t target, int polarity) {
  check_editable("Wiring.add_synapse");
  adjacency_.set(source, target, polarity, "Wiring.add_synapse");
  make_hand_made();
}

void Wiring::add_sensory_synapse(std::int64_t input, std::int64_t target, int polarity) {
  if (!is_built()) {
    throw ConfigError({"Wiring.add_sensory_synapse", "number of inputs", "not known", "a wiring that is built",
                       "Call build(inputs) first."});
  }
  sensory_.set(input, target, polarity, "Wiring.add_sensory_synapse");
  make_hand_made();
}

void Wiring::set_output_dim(std::int64_t output_dim) {
  check_editable("Wiring.set_output_dim");
  output_dim_ = checked_output_dim("Wiring.set_output_dim", output_dim, units_);
  std::replace(types_.begin() + output_dim, types_.end(), NeuronType::motor, NeuronType::inter);
  std::fill_n(types_.begin(), output_dim, NeuronType::motor);
  make_hand_made();
}

std::size_t Wiring::checked_neuron(std::string_view operation, std::int64_t neuron) const {
  check_between(operation, "neuron", neuron, 0, units_ - 1);
  return static_cast<std::size_t>(neuron);
}

void Wiring::set_type(std::int64_t neuron, NeuronType type) {
  constexpr std::string_view operation = "Wiring.set_type";
  check_editable(operation);
  auto& slot = types_[checked_neuron(operation, neuron)];
  if (neuron < output_dim_ ? type != NeuronType::motor : type != NeuronType::inter && type != NeuronType::command) {
    throw ConfigError({std::string(operation), fmt::format("type of neuron {}", neuron), std::string(name(type)),
                       neuron < output_dim_
                           ? fmt::format("motor, for the first {} neurons are the outputs", output_dim_)
                           : "inter or command",
                       "set_output_dim() says how many neurons are motor."});
  }
  slot = type;
  make_hand_made();
}

void Wiring::set_layers(std::vector<std::vector<std::int32_t>> layers) {
  constexpr std::string_view operation = "Wiring.set_layers";
  check_editable(operation);
  std::vector<std::int32_t> all;
  for (const auto& layer : layers) {
    if (layer.empty()) throw ConfigError({std::string(operation), "a layer", "empty", "neurons in every layer", ""});
    all.insert(all.end(), layer.begin(), layer.end());
  }
  const auto place = places(operation, "layers", all, units_);
  if (const auto left_out = std::find(place.begin(), place.end(), -1); left_out != place.end()) {
    throw ConfigError({std::string(operation), fmt::format("neuron {}", left_out - place.begin()), "in no layer",
                       "every neuron in one layer", ""});
  }
  layers_ = std::move(layers);
  make_hand_made();
}

NeuronType Wiring::type_of_neuron(std::int64_t neuron) const {
  return types_[checked_neuron("Wiring.type_of_neuron", neuron)];
}

const SynapseMatrix& Wiring::adjacency() const {
  if (is_ncp()) input_dim();
  return adjacency_;
}

const SynapseMatrix& Wiring::sensory() const {
  input_dim();
  return sensory_;
}

SynapseTable Wiring::synapses() const {
  SynapseTable table;
  table.rows.reserve(static_cast<std::size_t>(sensory_synapse_count() + synapse_count()));
  for (const Synapse& s : sensory().list()) {
    table.rows.push_back({NeuronType::sensory, s.source, type_of_neuron(s.target), s.target, s.polarity});
  }
  for (const Synapse& s : adjacency().list()) {
    table.rows.push_back({type_of_neuron(s.source), s.source, type_of_neuron(s.target), s.target, s.polarity});
  }
  return table;
}

PatternRef Wiring::sensory_pattern(std::int64_t inputs) const {
  if (input_dim_ == inputs) return Pattern::from_matrix(sensory_);
  return Pattern::from_matrix(built(inputs).sensory_);
}

PatternRef Wiring::recurrent_pattern() const { return Pattern::from_matrix(adjacency()); }

namespace {

// The rows `sources` and the columns `targets` of a matrix.
PatternRef submatrix(std::string_view operation, const SynapseMatrix& matrix, std::span<const std::int32_t> sources,
                     std::span<const std::int32_t> targets) {
  places(operation, "sources", sources, matrix.sources());
  const auto column = places(operation, "targets", targets, matrix.targets());
  std::vector<Synapse> synapses;
  for (std::size_t row = 0; row < sources.size(); ++row) {
    for (const auto& entry : matrix.row(sources[row])) {
      const std::int32_t place = column[static_cast<std::size_t>(entry.target)];
      if (place != -1) synapses.push_back({static_cast<std::int32_t>(row), place, entry.polarity});
    }
  }
  return Pattern::from_synapses(synapses, static_cast<std::int64_t>(sources.size()),
                                static_cast<std::int64_t>(targets.size()));
}

}  // namespace

PatternRef Wiring::sensory_pattern_to(std::span<const std::int32_t> targets) const {
  return submatrix("Wiring.sensory_pattern_to", sensory(), ids(0, input_dim()), targets);
}

PatternRef Wiring::pattern_between(std::span<const std::int32_t> sources, std::span<const std::int32_t> targets) const {
  return submatrix("Wiring.pattern_between", adjacency(), sources, targets);
}

bool operator==(const Wiring& a, const Wiring& b) {
  return a.recipe_ == b.recipe_ && a.units_ == b.units_ && a.output_dim_ == b.output_dim_ &&
         a.input_dim_ == b.input_dim_ && a.adjacency_ == b.adjacency_ && a.sensory_ == b.sensory_ &&
         a.types_ == b.types_ && a.layers_ == b.layers_;
}

}  // namespace elegans::wiring
