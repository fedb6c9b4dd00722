#pragma once
// Small networks with states of every kind, for tests of states that are carried.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"
#include "model/networks.hpp"

namespace elegans::train {

using Make = std::function<nn::LayerPtr(bool return_sequences)>;

inline const wiring::AutoNCPOptions circuit{.units = 10, .output_size = 3};

inline std::vector<std::pair<std::string, Make>> recurrent_layers() {
  const auto lstm = [](bool all) {
    return std::make_shared<nn::LSTM>(4, nn::LSTMCellOptions{}, nn::RnnOptions{.return_sequences = all});
  };
  return {{"cfc", [](bool all) { return std::make_shared<nn::CfC>(5, nn::CfCOptions{.return_sequences = all}); }},
          {"ltc",
           [](bool all) {
             return std::make_shared<nn::LTC>(wiring::AutoNCP(circuit),
                                              nn::LTCOptions{.return_sequences = all, .ode_unfolds = 2});
           }},
          {"mixed memory",
           [](bool all) {
             return std::make_shared<nn::CfC>(wiring::AutoNCP(circuit),
                                              nn::CfCOptions{.return_sequences = all, .mixed_memory = true});
           }},
          {"lstm", lstm},
          {"learned first state", [](bool all) {
             return std::make_shared<nn::RNN>(std::make_shared<elegans::testing::LeakyCell>(4),
                                              nn::RnnOptions{.return_sequences = all});
           }}};
}

inline Sequential network(const Make& layer, Dtype dtype, bool return_sequences = true, std::int64_t outputs = 2) {
  Sequential model({.dtype = dtype, .seed = 5});
  model.add(nn::Dense(4, "tanh")).add(layer(return_sequences)).add(nn::Dense(outputs));
  model.build(3);
  return model;
}

inline std::vector<double> weights_of(const Sequential& model) {
  std::vector<double> all;
  for (const nn::WeightPtr& weight : model.weights())
    for (const double w : weight->value.values()) all.push_back(w);
  return all;
}

}  // namespace elegans::train
