#include "cli/network.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/wired_cfc_cell.hpp"
#include "elegans/wiring/config.hpp"

namespace elegans::cli {
namespace {

constexpr std::int64_t default_units = 32;

std::shared_ptr<nn::RNN> make_ltc(const TrainSettings& s, const std::optional<wiring::Wiring>& wiring,
                                  std::int64_t units) {
  const nn::LTCOptions options{.mixed_memory = s.mixed_memory,
                               .input_mapping = nn::mapping_named(s.input_mapping),
                               .output_mapping = nn::mapping_named(s.output_mapping),
                               .ode_unfolds = s.ode_unfolds,
                               .epsilon = s.ode_epsilon,
                               .implicit_param_constraints = s.implicit,
                               .proj_size = s.proj_size,
                               .checkpoint_every = s.checkpoint_every};
  if (wiring) return std::make_shared<nn::LTC>(*wiring, options);
  return std::make_shared<nn::LTC>(units, options);
}

std::shared_ptr<nn::RNN> make_cfc(const TrainSettings& s, const std::optional<wiring::Wiring>& wiring,
                                  std::int64_t units) {
  nn::CfCOptions options{.proj_size = s.proj_size,
                         .mixed_memory = s.mixed_memory,
                         .mode = nn::cfc_mode(s.mode),
                         .checkpoint_every = s.checkpoint_every};
  if (wiring) return std::make_shared<nn::CfC>(*wiring, options);
  options.activation = nn::Activation(s.activation);
  options.backbone_units = s.backbone_units;
  options.backbone_layers = s.backbone_layers;
  options.backbone_dropout = s.backbone_dropout;
  return std::make_shared<nn::CfC>(units, options);
}

}  // namespace

Sequential make_network(const TrainSettings& s, std::int64_t answers) {
  std::optional<wiring::Wiring> wiring;
  if (!s.wiring.empty()) wiring = wiring::parse_wiring(s.wiring);
  const std::int64_t units = s.units > 0 ? s.units : default_units;
  Sequential network({.dtype = dtype_named(s.dtype), .seed = static_cast<std::uint64_t>(s.seed)});
  const bool is_ltc = s.cell == "ltc";
  const std::shared_ptr<nn::RNN> layer = is_ltc ? make_ltc(s, wiring, units) : make_cfc(s, wiring, units);
  network.add(layer);

  const std::int64_t outputs = s.proj_size > 0 ? s.proj_size : layer->cell()->output_size();
  if (s.readout == "none" && outputs != answers)
    throw ConfigError(Complaint{"train", "the outputs of the cell", fmt::format("{}", outputs),
                                fmt::format("{}, one a target or class, as there is no readout", answers),
                                "Give the circuit as many motor neurons, or leave --readout out."});
  // Outputs of a CfC lie within ±1; those of an LTC or a projection have a scale of their own.
  const bool fits = (is_ltc || s.proj_size > 0) && outputs == answers;
  if (s.readout == "dense" || (s.readout == "auto" && !fits)) network.add(nn::Dense(answers));
  return network;
}

std::optional<wiring::Wiring> wiring_of(const nn::Layer& layer) {
  if (const auto* ltc = dynamic_cast<const nn::LTC*>(&layer)) return ltc->ltc_cell().wiring();
  if (const auto* cfc = dynamic_cast<const nn::CfC*>(&layer))
    if (const auto* wired = dynamic_cast<const nn::WiredCfCCell*>(cfc->cfc_cell().get())) return wired->wiring();
  if (const auto* dense = dynamic_cast<const nn::Dense*>(&layer); dense != nullptr && dense->options().wiring) {
    wiring::Wiring circuit = *dense->options().wiring;
    circuit.build(dense->kernel()->options.shape[0].factor());
    return circuit;
  }
  return {};
}

}  // namespace elegans::cli
