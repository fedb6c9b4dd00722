#include "elegans/nn/cfc.hpp"

#include "elegans/nn/mixed_memory.hpp"
#include "elegans/wiring/config.hpp"
#include "nn/pattern_config.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

RnnOptions sequence_options(const CfCOptions& options) {
  return {.return_sequences = options.return_sequences,
          .projection = options.proj_size,
          .go_backwards = options.go_backwards,
          .checkpoint_every = options.checkpoint_every};
}

CellPtr full_cell(std::int64_t units, const CfCOptions& options) {
  const CfCCellOptions defaults;
  return std::make_shared<CfCCell>(
      units, CfCCellOptions{.mode = options.mode,
                            .activation = options.activation.value_or(defaults.activation),
                            .backbone_units = options.backbone_units.value_or(defaults.backbone_units),
                            .backbone_layers = options.backbone_layers.value_or(defaults.backbone_layers),
                            .backbone_dropout = options.backbone_dropout.value_or(defaults.backbone_dropout),
                            .input_pattern = options.input_pattern});
}

CellPtr wired_cell(wiring::Wiring wiring, const CfCOptions& options) {
  const auto refuse = [](bool given, const char* argument) {
    if (given)
      throw ConfigError({.operation = "CfC",
                         .argument = argument,
                         .actual = "set",
                         .required = "to be left out where there is a wiring",
                         .remedy = "A wired CfC has no backbone."});
  };
  refuse(options.activation.has_value(), "activation");
  refuse(options.backbone_units.has_value(), "backbone_units");
  refuse(options.backbone_layers.has_value(), "backbone_layers");
  refuse(options.backbone_dropout.has_value(), "backbone_dropout");
  refuse(options.input_pattern != nullptr, "input_pattern");
  return std::make_shared<WiredCfCCell>(std::move(wiring), WiredCfCCellOptions{.mode = options.mode});
}

}  // namespace

CfC::CfC(std::int64_t units, CfCOptions options) : CfC(full_cell(units, options), options) {}
CfC::CfC(wiring::Wiring wiring, CfCOptions options) : CfC(wired_cell(std::move(wiring), options), options) {}

CfC::CfC(CellPtr cell, CfCOptions options)
    : RNN(options.mixed_memory ? std::make_shared<MixedMemory>(cell) : cell, sequence_options(options)),
      options_(std::move(options)),
      cfc_cell_(std::move(cell)) {}

Json CfC::config() const {
  Json config = cfc_cell_->config();
  config["mixed_memory"] = options_.mixed_memory;
  write_sequence(sequence_options(options_), config);
  return config;
}

LayerPtr CfC::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name,
                          with_sequence_keys({"units", "wiring", "mode", "activation", "backbone_units",
                                              "backbone_layers", "backbone_dropout", "input_pattern", "mixed_memory"}));
  const RnnOptions sequence = read_sequence_with_time(object, source_name);
  CfCOptions options{.proj_size = sequence.projection,
                     .return_sequences = sequence.return_sequences,
                     .mixed_memory = object.boolean("mixed_memory", false),
                     .mode = cfc_mode(object.text("mode", "default")),
                     .go_backwards = sequence.go_backwards,
                     .checkpoint_every = sequence.checkpoint_every};
  if (object.has("activation")) options.activation = Activation(object.text("activation"));
  if (object.has("backbone_units")) options.backbone_units = object.integer("backbone_units", {.at_least = 1});
  if (object.has("backbone_layers")) options.backbone_layers = object.integer("backbone_layers", {.at_least = 0});
  if (object.has("backbone_dropout"))
    options.backbone_dropout = object.number("backbone_dropout", {.at_least = 0, .below = 1});
  if (object.has("input_pattern"))
    options.input_pattern = pattern_from(object.at("input_pattern"), source_name + ": key 'input_pattern'");
  if (object.has("units") == object.has("wiring"))
    throw object.error("units", "either 'units' or 'wiring'", "One of them says how many neurons there are.");
  if (object.has("units")) return std::make_shared<CfC>(object.integer("units", {.at_least = 1}), std::move(options));
  return std::make_shared<CfC>(wiring::from_config(object.at("wiring"), source_name + ": key 'wiring'"),
                               std::move(options));
}

}  // namespace elegans::nn
