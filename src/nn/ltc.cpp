#include "elegans/nn/ltc.hpp"

#include "elegans/nn/mixed_memory.hpp"
#include "elegans/wiring/config.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

LTCCellOptions cell_options(const LTCOptions& options) {
  return {.input_mapping = options.input_mapping,
          .output_mapping = options.output_mapping,
          .ode_unfolds = options.ode_unfolds,
          .solver = options.solver,
          .epsilon = options.epsilon,
          .implicit_param_constraints = options.implicit_param_constraints};
}

RnnOptions sequence_options(const LTCOptions& options) {
  return {.return_sequences = options.return_sequences,
          .projection = options.proj_size,
          .go_backwards = options.go_backwards,
          .checkpoint_every = options.checkpoint_every};
}

}  // namespace

LTC::LTC(wiring::Wiring wiring, LTCOptions options)
    : LTC(std::make_shared<LTCCell>(std::move(wiring), cell_options(options)), options) {}

LTC::LTC(std::int64_t units, LTCOptions options) : LTC(wiring::FullyConnected({.units = units}), options) {}

LTC::LTC(std::shared_ptr<LTCCell> cell, LTCOptions options)
    : RNN(options.mixed_memory ? CellPtr(std::make_shared<MixedMemory>(cell)) : CellPtr(cell),
          sequence_options(options)),
      options_(options),
      ltc_cell_(std::move(cell)) {}

Json LTC::config() const {
  Json config = ltc_cell_->config();
  config["mixed_memory"] = options_.mixed_memory;
  write_sequence(sequence_options(options_), config);
  return config;
}

LayerPtr LTC::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name,
                          with_sequence_keys({"wiring", "input_mapping", "output_mapping", "ode_unfolds", "solver",
                                              "epsilon", "implicit_param_constraints", "mixed_memory"}));
  const RnnOptions sequence = read_sequence_with_time(object, source_name);
  return std::make_shared<LTC>(
      wiring::from_config(object.at("wiring"), source_name + ": key 'wiring'"),
      LTCOptions{.return_sequences = sequence.return_sequences,
                 .mixed_memory = object.boolean("mixed_memory", false),
                 .input_mapping = mapping_named(object.text("input_mapping", "affine")),
                 .output_mapping = mapping_named(object.text("output_mapping", "affine")),
                 .ode_unfolds = object.integer("ode_unfolds", {.at_least = 1}, 6),
                 .solver = solver_named(object.text("solver", "semi_implicit")),
                 .epsilon = object.number("epsilon", {.at_least = 0}, 1e-8),
                 .implicit_param_constraints = object.boolean("implicit_param_constraints", true),
                 .proj_size = sequence.projection,
                 .go_backwards = sequence.go_backwards,
                 .checkpoint_every = sequence.checkpoint_every});
}

}  // namespace elegans::nn
