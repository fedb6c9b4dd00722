#include "nn/pattern_config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"

namespace elegans::nn {

using Json = nlohmann::json;

Json to_config(const wiring::Pattern& pattern) {
  Json synapses = Json::array();
  for (std::size_t k = 0; k < static_cast<std::size_t>(pattern.count()); ++k)
    synapses.push_back({pattern.sources()[k], pattern.targets()[k], pattern.polarity()[k]});
  return {{"rows", pattern.rows()}, {"columns", pattern.columns()}, {"synapses", std::move(synapses)}};
}

wiring::PatternRef pattern_from(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"rows", "columns", "synapses"});
  constexpr std::int64_t most = wiring::SynapseMatrix::max_extent;
  const std::int64_t rows = object.integer("rows", {0, most});
  const std::int64_t columns = object.integer("columns", {0, most});
  const char* wanted = "a list of [source, target, polarity]";
  std::vector<wiring::Synapse> synapses;
  if (!object.at("synapses").is_array()) throw object.error("synapses", wanted);
  for (const Json& entry : object.at("synapses")) {
    const auto number = [&](std::size_t i, std::int64_t low, std::int64_t high) {
      if (!entry[i].is_number_integer()) throw object.error("synapses", wanted);
      if (!is_integer_from(entry[i], low, high))
        throw object.error("synapses", fmt::format("{}; {} is out of range", wanted, entry.dump()));
      return entry[i].get<std::int64_t>();
    };
    if (!entry.is_array() || entry.size() != 3) throw object.error("synapses", wanted);
    synapses.push_back({static_cast<std::int32_t>(number(0, 0, rows - 1)),
                        static_cast<std::int32_t>(number(1, 0, columns - 1)),
                        static_cast<std::int8_t>(number(2, -1, 1))});
  }
  try {
    return wiring::Pattern::from_synapses(synapses, rows, columns);
  } catch (const ConfigError& error) {
    throw FormatError(fmt::format("{}: {}", source_name, error.what()));
  }
}

}  // namespace elegans::nn
