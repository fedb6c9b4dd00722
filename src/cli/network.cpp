#include "cli/network.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"
#include "elegans/nn/bidirectional.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/ctgru.hpp"
#include "elegans/nn/ctrnn.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/dropout.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/neural_ode.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "elegans/nn/wired_cfc_cell.hpp"
#include "elegans/wiring/config.hpp"

namespace elegans::cli {
namespace {

constexpr std::int64_t default_units = 32;

nn::Solver solver_of(const TrainSettings& s, nn::Solver usual) {
  return s.solver == "auto" ? usual : nn::solver_named(s.solver);
}

std::shared_ptr<nn::RNN> make_ltc(const TrainSettings& s, const std::optional<wiring::Wiring>& wiring,
                                  std::int64_t units) {
  const nn::LTCOptions options{.mixed_memory = s.mixed_memory,
                               .input_mapping = nn::mapping_named(s.input_mapping),
                               .output_mapping = nn::mapping_named(s.output_mapping),
                               .ode_unfolds = s.ode_unfolds,
                               .solver = solver_of(s, nn::Solver::semi_implicit),
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

// A layer of the cell, or one of the mixed memory around it.
template <class Layer, class CellOptions>
std::shared_ptr<nn::RNN> make_continuous(const TrainSettings& s, const std::optional<wiring::Wiring>& wiring,
                                         std::int64_t units, const CellOptions& options) {
  const nn::RnnOptions sequence{.projection = s.proj_size, .checkpoint_every = s.checkpoint_every};
  std::shared_ptr<nn::RNN> layer;
  if constexpr (std::is_constructible_v<Layer, wiring::Wiring, CellOptions, nn::RnnOptions>)
    if (wiring) layer = std::make_shared<Layer>(*wiring, options, sequence);
  if (!layer) layer = std::make_shared<Layer>(units, options, sequence);
  if (!s.mixed_memory) return layer;
  return std::make_shared<nn::RNN>(std::make_shared<nn::MixedMemory>(layer->cell()), sequence);
}

template <class Layer, class Options>
std::shared_ptr<nn::RNN> make_gated(const TrainSettings& s, std::int64_t units) {
  return std::make_shared<Layer>(units, Options{.recurrent_dropout = s.recurrent_dropout},
                                 nn::RnnOptions{.projection = s.proj_size,
                                                .timespan_as_feature = s.timespan_as_feature,
                                                .checkpoint_every = s.checkpoint_every});
}

std::shared_ptr<nn::RNN> make_recurrent(const TrainSettings& s) {
  std::optional<wiring::Wiring> wiring;
  if (!s.wiring.empty()) wiring = wiring::parse_wiring(s.wiring);
  const std::int64_t units = s.units > 0 ? s.units : default_units;
  if (s.cell == "ltc") return make_ltc(s, wiring, units);
  if (s.cell == "ctrnn")
    return make_continuous<nn::CTRNN>(s, wiring, units,
                                      nn::CTRNNCellOptions{.solver = solver_of(s, nn::Solver::semi_implicit),
                                                           .ode_unfolds = s.ode_unfolds,
                                                           .tau = s.tau,
                                                           .fix_tau = s.fix_tau});
  if (s.cell == "ctgru")
    return make_continuous<nn::CTGRU>(s, {}, units, nn::CTGRUCellOptions{.scales = s.scales, .tau = s.tau});
  if (s.cell == "node")
    return make_continuous<nn::NeuralODE>(s, {}, units,
                                          nn::NeuralODECellOptions{.hidden_layers = s.hidden_layers,
                                                                   .hidden_units = s.hidden_units,
                                                                   .solver = solver_of(s, nn::Solver::rk4),
                                                                   .ode_unfolds = s.ode_unfolds});
  if (s.cell == "lstm") return make_gated<nn::LSTM, nn::LSTMCellOptions>(s, units);
  if (s.cell == "gru") return make_gated<nn::GRU, nn::GRUCellOptions>(s, units);
  if (s.cell == "simple_rnn") return make_gated<nn::SimpleRNN, nn::SimpleRNNCellOptions>(s, units);
  return make_cfc(s, wiring, units);
}

}  // namespace

Sequential make_network(const TrainSettings& s, std::int64_t answers) {
  Sequential network({.dtype = dtype_named(s.dtype), .seed = static_cast<std::uint64_t>(s.seed)});
  std::int64_t outputs = 0;
  for (std::int64_t i = 0; i < s.layers; ++i) {
    const std::shared_ptr<nn::RNN> layer = make_recurrent(s);
    outputs = s.proj_size > 0 ? s.proj_size : layer->cell()->output_size();
    if (s.bidirectional) {
      network.add(nn::Bidirectional(layer));
      outputs *= 2;
    } else {
      network.add(layer);
    }
    if (s.dropout > 0) network.add(nn::Dropout(s.dropout));
  }
  if (s.readout == "none" && outputs != answers)
    throw ConfigError(Complaint{"train", "the outputs of the cell", fmt::format("{}", outputs),
                                fmt::format("{}, one a target or class, as there is no readout", answers),
                                "Give the circuit as many motor neurons, or leave --readout out."});
  // Outputs of an LTC or a projection have a scale of their own; those of other cells need one.
  const bool fits = (s.cell == "ltc" || s.proj_size > 0) && outputs == answers;
  if (s.readout == "dense" || (s.readout == "auto" && !fits)) network.add(nn::Dense(answers));
  return network;
}

std::optional<wiring::Wiring> wiring_of(const nn::Layer& layer) {
  if (const auto* ltc = dynamic_cast<const nn::LTC*>(&layer)) return ltc->ltc_cell().wiring();
  if (const auto* cfc = dynamic_cast<const nn::CfC*>(&layer))
    if (const auto* wired = dynamic_cast<const nn::WiredCfCCell*>(cfc->cfc_cell().get())) return wired->wiring();
  if (const auto* rnn = dynamic_cast<const nn::RNN*>(&layer)) {
    const nn::Cell* cell = rnn->cell().get();
    if (const auto* memory = dynamic_cast<const nn::MixedMemory*>(cell)) cell = memory->cell().get();
    if (const auto* ctrnn = dynamic_cast<const nn::CTRNNCell*>(cell)) return ctrnn->wiring();
  }
  if (const auto* dense = dynamic_cast<const nn::Dense*>(&layer); dense != nullptr && dense->options().wiring) {
    wiring::Wiring circuit = *dense->options().wiring;
    circuit.build(dense->kernel()->options.shape[0].factor());
    return circuit;
  }
  return {};
}

}  // namespace elegans::cli
