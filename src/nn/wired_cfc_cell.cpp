#include "elegans/nn/wired_cfc_cell.hpp"

#include <fmt/format.h>
#include <set>

#include "elegans/base/json.hpp"
#include "elegans/wiring/config.hpp"

namespace elegans::nn {

WiredCfCCell::WiredCfCCell(wiring::Wiring wiring, WiredCfCCellOptions options)
    : wiring_(std::move(wiring)), options_(options) {}

std::string WiredCfCCell::layer_name(std::size_t layer) const {
  const auto type_of = [&](const std::vector<std::int32_t>& neurons) {
    return wiring_.type_of_neuron(neurons.front());
  };
  if (wiring_.layers().size() == 1) return "h";
  std::set<wiring::NeuronType> types;
  for (const auto& neurons : wiring_.layers()) types.insert(type_of(neurons));
  if (types.size() < wiring_.layers().size()) return fmt::format("layer_{}", layer);
  return std::string(wiring::name(type_of(wiring_.layers()[layer])));
}

std::vector<StateOptions> WiredCfCCell::states() const {
  std::vector<StateOptions> states;
  for (const auto& neurons : wiring_.layers())
    states.push_back({.name = layer_name(states.size()), .shape = Shape{static_cast<std::int64_t>(neurons.size())}});
  return states;
}

std::int64_t WiredCfCCell::output_size() const { return static_cast<std::int64_t>(wiring_.layers().back().size()); }

void WiredCfCCell::on_build(const Shape& input) {
  wiring_.build(input.back().factor());
  Shape reads = input;
  for (std::size_t l = 0; l < wiring_.layers().size(); ++l) {
    const auto& neurons = wiring_.layers()[l];
    const wiring::PatternRef pattern =
        l == 0 ? wiring_.sensory_pattern_to(neurons) : wiring_.pattern_between(wiring_.layers()[l - 1], neurons);
    const auto units = static_cast<std::int64_t>(neurons.size());
    layers_.push_back(std::make_shared<CfCCell>(
        units, CfCCellOptions{.mode = options_.mode, .backbone_layers = 0, .input_pattern = pattern}));
    add_part(layer_name(l), layers_.back());
    layers_.back()->build(reads);
    reads = Shape{input[0], units};
  }
}

CellOutput WiredCfCCell::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  CellOutput result{.output = x, .state = {}};
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    result.output = (*layers_[l])(context, result.output, {state[l]}, dt).output;
    result.state.push_back(result.output);
  }
  return result;
}

Json WiredCfCCell::config() const {
  return {{"wiring", wiring::to_config(wiring_)}, {"mode", nn::name(options_.mode)}};
}

CellPtr WiredCfCCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"wiring", "mode"});
  return std::make_shared<WiredCfCCell>(wiring::from_config(object.at("wiring"), source_name + ": key 'wiring'"),
                                        WiredCfCCellOptions{.mode = cfc_mode(object.text("mode", "default"))});
}

}  // namespace elegans::nn
