#pragma once
// The dense layer, and the wired one: activation(x · kernel + bias) on the last axis.
//
//     x [..., inputs], rank 2 or more     kernel [inputs, units]     bias [units]     y [..., units]
//
// With a wiring or a pattern only the synapses that exist have a weight, are computed, trained and saved:
//
//     y[…, u] = activation(bias[u] + Σ_{j : synapse j → u} x[…, j] kernel[j, u])
//
// A wiring gives the pattern of its inputs (Wiring::pattern, [inputs, units]); a neuron without synapses gets its bias
// alone. An absent synapse never makes a NaN, whatever x holds. Sparse and dense storage (nn/weight.hpp) give the same
// bits.
//
//     Dense a(16, "relu");
//     Dense b({.units = 16, .activation = Activation::relu, .kernel_regulariser = l2(1e-4)});
//     WiredDense c({.wiring = wiring::AutoNCP({.units = 28, .output_size = 4}), .polarity = Polarity::fixed_sign});

#include <optional>

#include "elegans/nn/activation.hpp"
#include "elegans/nn/layer.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::nn {

struct DenseOptions {
  std::int64_t units = 0;  // of a wiring or pattern: its own, or 0
  Activation activation = Activation::linear;
  bool use_bias = true;
  std::optional<wiring::Wiring> wiring = {};
  PatternPtr pattern = nullptr;  // instead of a wiring
  Polarity polarity = Polarity::ignored;
  Storage storage = Storage::sparse;
  Initialiser kernel_initialiser = GlorotUniform{};
  Initialiser bias_initialiser = Zeros{};
  Regulariser kernel_regulariser = {};
  Regulariser bias_regulariser = {};
  Regulariser activity_regulariser = {};  // of y (nn/regulariser.hpp)
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
};

class Dense : public Layer {
 public:
  // ConfigError where units is not 1 or more or not that of the circuit, where both a wiring and a pattern are given,
  // and where polarity or storage is set without a circuit.
  explicit Dense(DenseOptions options);
  explicit Dense(std::int64_t units, Activation activation = Activation::linear);
  // FormatError, beginning with `source_name`, where `config` is not what config() writes.
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const DenseOptions& options() const { return options_; }
  // Once built; the pattern is null where every weight exists, the bias where there is none.
  const WeightPtr& kernel() const { return kernel_; }
  const WeightPtr& bias() const { return bias_; }
  const PatternPtr& pattern() const { return pattern_; }

  std::string type() const override { return "Dense"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override;

 protected:
  void on_build(const Shape& input) override;
  Value call(Context& context, Value x) override;

 private:
  DenseOptions options_;
  PatternPtr pattern_;
  WeightPtr kernel_;
  WeightPtr bias_;
};

// A dense layer with a wiring.
using WiredDense = Dense;

}  // namespace elegans::nn
