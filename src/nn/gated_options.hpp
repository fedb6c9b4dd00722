#pragma once
// What the options of LSTM, GRU and SimpleRNN share, field by field: as GatedCellOptions and as configuration.

#include <string>
#include <vector>

#include "elegans/nn/gated_cell.hpp"
#include "nn/pattern_config.hpp"
#include "nn/weight_config.hpp"

namespace elegans::nn {

template <class Options>
GatedCellOptions gated(const Options& from) {
  return {.use_bias = from.use_bias,
          .kernel_initialiser = from.kernel_initialiser,
          .recurrent_initialiser = from.recurrent_initialiser,
          .bias_initialiser = from.bias_initialiser,
          .kernel_regulariser = from.kernel_regulariser,
          .recurrent_regulariser = from.recurrent_regulariser,
          .bias_regulariser = from.bias_regulariser,
          .kernel_constraint = from.kernel_constraint,
          .recurrent_constraint = from.recurrent_constraint,
          .bias_constraint = from.bias_constraint,
          .dropout = from.dropout,
          .recurrent_dropout = from.recurrent_dropout,
          .input_pattern = from.input_pattern};
}

inline std::vector<std::string> with_gated_keys(std::vector<std::string> others) {
  others.insert(others.end(),
                {"units", "activation", "use_bias", "kernel_initialiser", "recurrent_initialiser", "bias_initialiser",
                 "kernel_regulariser", "recurrent_regulariser", "bias_regulariser", "kernel_constraint",
                 "recurrent_constraint", "bias_constraint", "dropout", "recurrent_dropout", "input_pattern"});
  return others;
}

template <class Options>
Json gated_config(std::int64_t units, const Options& from, const std::string& owner) {
  Json config{{"units", units},
              {"activation", to_config(from.activation, owner)},
              {"use_bias", from.use_bias},
              {"kernel_initialiser", to_config(from.kernel_initialiser)},
              {"recurrent_initialiser", to_config(from.recurrent_initialiser)},
              {"bias_initialiser", to_config(from.bias_initialiser)},
              {"kernel_regulariser", to_config(from.kernel_regulariser, owner)},
              {"recurrent_regulariser", to_config(from.recurrent_regulariser, owner)},
              {"bias_regulariser", to_config(from.bias_regulariser, owner)},
              {"kernel_constraint", to_config(from.kernel_constraint, owner)},
              {"recurrent_constraint", to_config(from.recurrent_constraint, owner)},
              {"bias_constraint", to_config(from.bias_constraint, owner)},
              {"dropout", from.dropout},
              {"recurrent_dropout", from.recurrent_dropout}};
  if (from.input_pattern) config["input_pattern"] = to_config(*from.input_pattern);
  return config;
}

// Missing keys have the default.
template <class Options>
Options read_gated(const JsonObject& object, const std::string& source_name) {
  Options options;
  options.activation = Activation(object.text("activation", options.activation.name()));
  options.use_bias = object.boolean("use_bias", options.use_bias);
  const WeightConfig weights{object, source_name};
  weights.read("kernel_initialiser", options.kernel_initialiser);
  weights.read("recurrent_initialiser", options.recurrent_initialiser);
  weights.read("bias_initialiser", options.bias_initialiser);
  weights.read("kernel_regulariser", options.kernel_regulariser);
  weights.read("recurrent_regulariser", options.recurrent_regulariser);
  weights.read("bias_regulariser", options.bias_regulariser);
  weights.read("kernel_constraint", options.kernel_constraint);
  weights.read("recurrent_constraint", options.recurrent_constraint);
  weights.read("bias_constraint", options.bias_constraint);
  options.dropout = object.number("dropout", {.at_least = 0, .below = 1}, 0.0);
  options.recurrent_dropout = object.number("recurrent_dropout", {.at_least = 0, .below = 1}, 0.0);
  if (object.has("input_pattern"))
    options.input_pattern = pattern_from(object.at("input_pattern"), source_name + ": key 'input_pattern'");
  return options;
}

}  // namespace elegans::nn
