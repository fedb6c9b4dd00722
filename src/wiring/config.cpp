#include "elegans/wiring/config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"

namespace elegans::wiring {
namespace {

using nlohmann::json;

constexpr IntegerRange extent{.at_least = 1, .at_most = SynapseMatrix::max_extent};
constexpr IntegerRange natural{.at_least = 0};

FormatError bad_element(std::string_view source_name, std::string_view key, const json& element, std::string required) {
  std::string found = element.dump(-1, ' ', false, json::error_handler_t::replace);
  if (found.size() > 60) found = "too long to show";
  return FormatError(
      {std::string(source_name), fmt::format("key '{}'", key), std::move(found), std::move(required), ""});
}

// Absent and null (which Python writes for None) are the same.
bool is_given(const JsonObject& object, std::string_view key) { return object.has(key) && !object.at(key).is_null(); }

std::optional<std::int64_t> optional_extent(const JsonObject& object, std::string_view key) {
  if (!is_given(object, key)) return {};
  return object.integer(key, extent);
}

std::uint64_t seed(const JsonObject& object, std::string_view key, std::uint64_t fallback) {
  if (!object.has(key)) return fallback;
  const json& value = object.at(key);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  return static_cast<std::uint64_t>(object.integer(key, natural));
}

Wiring read_fully_connected(const json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"type", "units", "output_dim", "erev_init_seed", "self_connections"});
  const FullyConnectedOptions defaults;
  return FullyConnected({.units = object.integer("units", extent),
                         .output_dim = optional_extent(object, "output_dim"),
                         .erev_init_seed = seed(object, "erev_init_seed", defaults.erev_init_seed),
                         .self_connections = object.boolean("self_connections", defaults.self_connections)});
}

Wiring read_random(const json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"type", "units", "output_dim", "sparsity_level", "random_seed"});
  const RandomOptions defaults;
  return Random({.units = object.integer("units", extent),
                 .output_dim = optional_extent(object, "output_dim"),
                 .sparsity_level = object.number("sparsity_level", {}, defaults.sparsity_level),
                 .random_seed = seed(object, "random_seed", defaults.random_seed)});
}

Wiring read_ncp(const json& config, const std::string& source_name) {
  const JsonObject object(config, source_name,
                          {"type", "inter_neurons", "command_neurons", "motor_neurons", "sensory_fanout",
                           "inter_fanout", "recurrent_command_synapses", "motor_fanin", "seed"});
  return NCP({.inter_neurons = object.integer("inter_neurons", extent),
              .command_neurons = object.integer("command_neurons", extent),
              .motor_neurons = object.integer("motor_neurons", extent),
              .sensory_fanout = object.integer("sensory_fanout", natural),
              .inter_fanout = object.integer("inter_fanout", natural),
              .recurrent_command_synapses = object.integer("recurrent_command_synapses", natural),
              .motor_fanin = object.integer("motor_fanin", natural),
              .seed = seed(object, "seed", NCPOptions().seed)});
}

Wiring read_auto_ncp(const json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"type", "units", "output_size", "sparsity_level", "seed"});
  const AutoNCPOptions defaults;
  return AutoNCP({.units = object.integer("units", extent),
                  .output_size = object.integer("output_size", extent),
                  .sparsity_level = object.number("sparsity_level", {}, defaults.sparsity_level),
                  .seed = seed(object, "seed", defaults.seed)});
}

// The two matrices of a hand-made wiring, either of which is a list of synapses or dense.
struct MatrixKeys {
  std::string_view list;
  std::string_view dense;
};
constexpr MatrixKeys recurrent_keys{"synapses", "adjacency_matrix"};
constexpr MatrixKeys sensory_keys{"sensory_synapses", "sensory_adjacency_matrix"};

const json& list_under(const JsonObject& object, std::string_view key, std::string_view what) {
  const json& list = object.at(key);
  if (!list.is_array()) throw object.error(key, std::string(what));
  return list;
}

void read_synapse_list(const JsonObject& object, std::string_view key, const std::string& source_name,
                       SynapseMatrix& matrix) {
  std::size_t index = 0;
  for (const json& synapse : list_under(object, key, "a list of [source, target, polarity]")) {
    const std::string name = fmt::format("{}[{}]", key, index++);
    const bool fits = synapse.is_array() && synapse.size() == 3 &&
                      is_integer_from(synapse[0], 0, matrix.sources() - 1) &&
                      is_integer_from(synapse[1], 0, matrix.targets() - 1) && is_integer_from(synapse[2], -1, 1) &&
                      synapse[2].get<int>() != 0;
    if (!fits) {
      throw bad_element(
          source_name, name, synapse,
          fmt::format("[source, target, polarity] with a source below {}, a target below {} and polarity 1 or -1",
                      matrix.sources(), matrix.targets()));
    }
    const auto source = synapse[0].get<std::int64_t>();
    const auto target = synapse[1].get<std::int64_t>();
    if (matrix.polarity(source, target) != 0) {
      throw bad_element(source_name, name, synapse, "each pair of source and target once");
    }
    matrix.set(source, target, synapse[2].get<int>());
  }
}

void read_dense_matrix(const JsonObject& object, std::string_view key, const std::string& source_name,
                       SynapseMatrix& matrix) {
  const json& rows = list_under(object, key, "a list of rows");
  const std::string shape = fmt::format("{} rows of {}", matrix.sources(), matrix.targets());
  if (static_cast<std::int64_t>(rows.size()) != matrix.sources()) throw object.error(key, shape);
  for (std::size_t source = 0; source < rows.size(); ++source) {
    const json& row = rows[source];
    const std::string name = fmt::format("{}[{}]", key, source);
    if (!row.is_array() || static_cast<std::int64_t>(row.size()) != matrix.targets()) {
      throw bad_element(source_name, name, row, shape);
    }
    for (std::size_t target = 0; target < row.size(); ++target) {
      if (!is_integer_from(row[target], -1, 1)) {
        throw bad_element(source_name, fmt::format("{}[{}]", name, target), row[target], "-1, 0 or 1");
      }
      const int polarity = row[target].get<int>();
      if (polarity != 0) matrix.set(static_cast<std::int64_t>(source), static_cast<std::int64_t>(target), polarity);
    }
  }
}

// False where the object holds the matrix in neither form.
bool read_matrix(const JsonObject& object, const MatrixKeys& keys, const std::string& source_name,
                 SynapseMatrix& matrix) {
  if (is_given(object, keys.list) && is_given(object, keys.dense)) {
    throw object.error(keys.dense, fmt::format("nothing, for '{}' is there", keys.list), "Remove one of the two.");
  }
  if (is_given(object, keys.list)) {
    read_synapse_list(object, keys.list, source_name, matrix);
  } else if (is_given(object, keys.dense)) {
    read_dense_matrix(object, keys.dense, source_name, matrix);
  }
  return object.has(keys.list) || object.has(keys.dense);
}

void read_types(const JsonObject& object, Wiring& wiring) {
  const auto names = object.texts("types");
  if (static_cast<std::int64_t>(names.size()) != wiring.units()) {
    throw object.error("types", fmt::format("a list of {}, one name for each neuron", wiring.units()));
  }
  for (std::size_t neuron = 0; neuron < names.size(); ++neuron) {
    bool is_known = false;
    for (const NeuronType type : {NeuronType::inter, NeuronType::command, NeuronType::motor}) {
      if (names[neuron] != name(type)) continue;
      wiring.set_type(static_cast<std::int64_t>(neuron), type);
      is_known = true;
    }
    if (!is_known) throw object.error("types", "names 'inter', 'command' and 'motor' only");
  }
}

void read_layers(const JsonObject& object, const std::string& source_name, Wiring& wiring) {
  std::vector<std::vector<std::int32_t>> layers;
  for (const json& layer : list_under(object, "layers", "a list of lists of neurons")) {
    if (!layer.is_array()) throw bad_element(source_name, "layers", layer, "a list of neurons");
    auto& ids = layers.emplace_back();
    for (const json& id : layer) {
      if (!is_integer_from(id, 0, wiring.units() - 1)) {
        throw bad_element(source_name, "layers", id, fmt::format("a neuron from 0 to {}", wiring.units() - 1));
      }
      ids.push_back(id.get<std::int32_t>());
    }
  }
  wiring.set_layers(std::move(layers));
}

Wiring read_hand_made(const json& config, const std::string& source_name) {
  const JsonObject object(config, source_name,
                          {"type", "units", "output_dim", "input_dim", "synapses", "adjacency_matrix",
                           "sensory_synapses", "sensory_adjacency_matrix", "types", "layers"});
  Wiring wiring(object.integer("units", extent));
  if (const auto output_dim = optional_extent(object, "output_dim")) wiring.set_output_dim(*output_dim);
  SynapseMatrix adjacency(wiring.units(), wiring.units());
  if (!read_matrix(object, recurrent_keys, source_name, adjacency)) {
    throw object.error("synapses", "a list of [source, target, polarity]");
  }
  for (const Synapse& s : adjacency.list()) wiring.add_synapse(s.source, s.target, s.polarity);
  if (const auto inputs = optional_extent(object, "input_dim")) {
    SynapseMatrix sensory(*inputs, wiring.units());
    if (!read_matrix(object, sensory_keys, source_name, sensory)) {
      throw object.error("sensory_synapses", "a list of [input, target, polarity], for 'input_dim' is there");
    }
    wiring.build(*inputs);
    for (const Synapse& s : sensory.list()) wiring.add_sensory_synapse(s.source, s.target, s.polarity);
  } else if (is_given(object, sensory_keys.list) || is_given(object, sensory_keys.dense)) {
    throw object.error("input_dim", "the number of inputs, for there are sensory synapses");
  }
  if (object.has("types")) read_types(object, wiring);
  if (object.has("layers")) read_layers(object, source_name, wiring);
  return wiring;
}

json synapse_list(const SynapseMatrix& matrix) {
  json list = json::array();
  for (const Synapse& synapse : matrix.list()) list.push_back({synapse.source, synapse.target, synapse.polarity});
  return list;
}

json hand_made_config(const Wiring& wiring) {
  json config = {
      {"units", wiring.units()}, {"output_dim", wiring.output_dim()}, {"synapses", synapse_list(wiring.adjacency())}};
  if (wiring.is_built()) {
    config["input_dim"] = wiring.input_dim();
    config["sensory_synapses"] = synapse_list(wiring.sensory());
  }
  Wiring fresh(wiring.units());
  fresh.set_output_dim(wiring.output_dim());
  if (!std::equal(wiring.types().begin(), wiring.types().end(), fresh.types().begin())) {
    json& types = config["types"] = json::array();
    for (const NeuronType type : wiring.types()) types.push_back(name(type));
  }
  if (wiring.layers() != fresh.layers()) config["layers"] = wiring.layers();
  return config;
}

struct Writer {
  const Wiring& wiring;

  json operator()(const HandMade&) const { return hand_made_config(wiring); }
  json operator()(const FullyConnectedOptions& options) const {
    return {{"units", options.units},
            {"output_dim", wiring.output_dim()},
            {"erev_init_seed", options.erev_init_seed},
            {"self_connections", options.self_connections}};
  }
  json operator()(const RandomOptions& options) const {
    return {{"units", options.units},
            {"output_dim", wiring.output_dim()},
            {"sparsity_level", options.sparsity_level},
            {"random_seed", options.random_seed}};
  }
  json operator()(const NCPOptions& options) const {
    return {
        {"inter_neurons", options.inter_neurons}, {"command_neurons", options.command_neurons},
        {"motor_neurons", options.motor_neurons}, {"sensory_fanout", options.sensory_fanout},
        {"inter_fanout", options.inter_fanout},   {"recurrent_command_synapses", options.recurrent_command_synapses},
        {"motor_fanin", options.motor_fanin},     {"seed", options.seed}};
  }
  json operator()(const AutoNCPOptions& options) const {
    return {{"units", options.units},
            {"output_size", options.output_size},
            {"sparsity_level", options.sparsity_level},
            {"seed", options.seed}};
  }
};

}  // namespace

json to_config(const Wiring& wiring) {
  json config = std::visit(Writer{wiring}, wiring.recipe());
  config["type"] = wiring.type();
  return config;
}

Wiring from_config(const json& config, std::string_view source_name) {
  using Reader = Wiring (*)(const json&, const std::string&);
  static constexpr std::pair<const char*, Reader> readers[] = {{"Wiring", read_hand_made},
                                                               {"FullyConnected", read_fully_connected},
                                                               {"Random", read_random},
                                                               {"NCP", read_ncp},
                                                               {"AutoNCP", read_auto_ncp}};
  const std::string source(source_name);
  std::vector<std::string> keys;  // the reader of the type is the judge of all keys but this
  if (config.is_object()) {
    for (const auto& [key, value] : config.items()) keys.push_back(key);
  }
  std::vector<std::string> types;
  for (const auto& [type, reader] : readers) types.emplace_back(type);
  const std::string wanted = JsonObject(config, source, keys).choice("type", types);
  try {
    for (const auto& [type, reader] : readers) {
      if (wanted == type) return reader(config, source);
    }
  } catch (const ConfigError& error) {
    throw FormatError(fmt::format("{}: {}", source, error.what()));
  }
  throw InternalError("a type of wiring without a reader");
}

}  // namespace elegans::wiring
