// check_wirings FILE: draws every wiring of a golden file and compares it, exactly.
//
// The file is an object with "cases", each with "type", "args" (the reference's own argument names), "inputs" and what
// the reference drew: "units", "outputs", "layers", "types", "recurrent" and "sensory" (lists of [source, target,
// polarity]), "synapses", "sensory_synapses". Other keys are not looked at. Prints one line a case and a last line with
// the total.
//
// Exit status: 0 all equal, 1 at least one differs, 2 the file cannot be read or the program was called wrongly.
#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/wiring/config.hpp"

namespace {

using elegans::wiring::SynapseMatrix;
using elegans::wiring::Wiring;
using nlohmann::json;

json synapse_list(const SynapseMatrix& matrix) {
  json list = json::array();
  for (const auto& synapse : matrix.list()) list.push_back({synapse.source, synapse.target, synapse.polarity});
  return list;
}

json type_list(const Wiring& wiring) {
  json list = json::array();
  for (const auto type : wiring.types()) list.push_back(elegans::wiring::name(type));
  return list;
}

// Where two values differ first: "layers[1][0] is 4, expected 5"; empty where they are equal.
std::string difference(const std::string& name, const json& actual, const json& expected) {
  if (actual == expected) return "";
  if (actual.is_array() && expected.is_array()) {
    for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
      const std::string inner = difference(fmt::format("{}[{}]", name, i), actual[i], expected[i]);
      if (!inner.empty()) return inner;
    }
    return fmt::format("{} has {} entries, expected {}", name, actual.size(), expected.size());
  }
  return fmt::format("{} is {}, expected {}", name, actual.dump(), expected.dump());
}

// Synapses in any order, by what they say: "recurrent: synapse [4, 0] is -1, expected none".
std::string synapse_difference(const std::string& name, json actual, json expected) {
  std::sort(actual.begin(), actual.end());
  std::sort(expected.begin(), expected.end());
  if (actual == expected) return "";
  std::size_t at = 0;
  while (at < actual.size() && at < expected.size() && actual[at] == expected[at]) ++at;
  const auto shown = [&](const json& list) { return at < list.size() ? list[at].dump() : std::string("no synapse"); };
  return fmt::format("{}[{}], sorted, is {}, expected {} ({} synapses, expected {})", name, at, shown(actual),
                     shown(expected), actual.size(), expected.size());
}

std::string first_difference(const Wiring& wiring, const elegans::JsonObject& golden) {
  const std::pair<const char*, json> parts[] = {{"units", wiring.units()},
                                                {"outputs", wiring.output_dim()},
                                                {"layers", wiring.layers()},
                                                {"types", type_list(wiring)},
                                                {"synapses", wiring.synapse_count()},
                                                {"sensory_synapses", wiring.sensory_synapse_count()}};
  for (const auto& [key, actual] : parts) {
    const std::string text = difference(key, actual, golden.at(key));
    if (!text.empty()) return text;
  }
  const std::string text = synapse_difference("recurrent", synapse_list(wiring.adjacency()), golden.at("recurrent"));
  return text.empty() ? synapse_difference("sensory", synapse_list(wiring.sensory()), golden.at("sensory")) : text;
}

// Prints the line of a case; true where it is equal.
bool check(const elegans::JsonObject& golden, std::size_t number) {
  json config = golden.at("args");
  if (!config.is_object()) throw golden.error("args", "an object");
  config["type"] = golden.text("type");
  const std::string title = fmt::format("{} {} {} for {} inputs", number, golden.text("type"), golden.at("args").dump(),
                                        golden.integer("inputs"));
  std::string trouble;
  std::string found;
  try {
    const Wiring wiring = elegans::wiring::from_config(config, "args").built(golden.integer("inputs"));
    trouble = first_difference(wiring, golden);
    found = fmt::format("{} synapses, {} sensory", wiring.synapse_count(), wiring.sensory_synapse_count());
  } catch (const elegans::Error& error) {
    trouble = error.what();
  }
  fmt::print("{} {}: {}\n", trouble.empty() ? "OK  " : "FAIL", title, trouble.empty() ? found : trouble);
  return trouble.empty();
}

// Golden files may say more than is compared.
std::vector<std::string> keys_of(const json& object) {
  std::vector<std::string> keys;
  if (!object.is_object()) return keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

std::vector<std::string> keys_of_all(const json& file) {
  std::vector<std::string> keys;
  if (!file.is_object() || !file.contains("cases")) return keys;
  for (const json& golden : file["cases"]) {
    for (auto& key : keys_of(golden)) keys.push_back(std::move(key));
  }
  return keys;
}

int run(const std::string& path) {
  const json file = elegans::parse_json(elegans::read_file(path, std::uint64_t{1} << 30), path);
  const auto cases = elegans::JsonObject(file, path, keys_of(file)).objects("cases", keys_of_all(file));
  if (cases.empty()) throw elegans::FormatError({path, "key 'cases'", "an empty list", "at least one case", ""});
  for (const auto& golden : cases) {
    for (const char* key : {"type", "args", "inputs", "units", "outputs", "layers", "types", "recurrent", "sensory",
                            "synapses", "sensory_synapses"}) {
      golden.at(key);
    }
  }
  std::size_t equal = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) equal += check(cases[i], i) ? 1 : 0;
  fmt::print("{} of {} wirings are equal to the reference's\n", equal, cases.size());
  return equal == cases.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    fmt::print(
        stderr,
        "usage: check_wirings FILE\n\nDraws every wiring of a golden file and compares it with what is written there.\n"
        "Exit status: 0 all equal, 1 one differs, 2 FILE cannot be read.\n");
    return 2;
  }
  try {
    return run(argv[1]);
  } catch (const elegans::Error& error) {
    fmt::print(stderr, "check_wirings: {}\n", error.what());
    return 2;
  }
}
