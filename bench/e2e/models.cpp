#include "e2e/models.hpp"

#include <memory>

#include "e2e/cfc_by_user.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"

namespace elegans::bench {
namespace {

wiring::Wiring cfc_wiring() { return wiring::AutoNCP({.units = 64, .output_size = 8}).built(model_inputs); }
wiring::Wiring ltc_wiring() { return wiring::AutoNCP({.units = 32, .output_size = 4}).built(model_inputs); }
constexpr std::int64_t unfolds = 6, head_units = 8;

}  // namespace

Sequential Model::build() const {
  Sequential model({.name = name, .seed = 22222});
  add_layers(model);
  model.build(model_inputs);
  return model;
}

Model cfc_ncp() {
  return {"cfc-ncp", "CfC over AutoNCP(64, 8)", [](Sequential& model) { model.add(nn::CfC(cfc_wiring())); },
          count_wired_cfc(cfc_wiring()), count_wired_cfc_of_fixed_dt(cfc_wiring())};
}

Model cfc_ncp_by_user() {
  return {"cfc-ncp-by-user", "CfC over AutoNCP(64, 8), written by a user",
          [](Sequential& model) { model.add(nn::RNN(std::make_shared<CfCByUser>(cfc_wiring()))); },
          count_wired_cfc(cfc_wiring())};
}

Model ltc_ncp() {
  return {"ltc-ncp", "LTC over AutoNCP(32, 4), 6 unfolds",
          [](Sequential& model) { model.add(nn::LTC(ltc_wiring(), {.ode_unfolds = unfolds})); },
          count_ltc(ltc_wiring(), unfolds)};
}

Model cfc() {
  return {"cfc", "CfC(64), backbone of 128", [](Sequential& model) { model.add(nn::CfC(64)); },
          count_cfc(model_inputs, 64, 128)};
}

Model lstm(std::int64_t units) {
  return {"lstm-" + std::to_string(units), "LSTM(" + std::to_string(units) + ")",
          [units](Sequential& model) { model.add(nn::LSTM(units)); }, count_lstm(model_inputs, units)};
}

Model gru(std::int64_t units) {
  return {"gru-" + std::to_string(units), "GRU(" + std::to_string(units) + ")",
          [units](Sequential& model) { model.add(nn::GRU(units)); }, count_gru(model_inputs, units)};
}

Model with_dense(Model model, std::int64_t units) {
  model.text += " and Dense(" + std::to_string(head_units) + ")";
  model.add_layers = [inner = model.add_layers](Sequential& stack) {
    inner(stack);
    stack.add(nn::Dense(head_units));
  };
  model.counts += count_dense(units, head_units);
  return model;
}

}  // namespace elegans::bench
