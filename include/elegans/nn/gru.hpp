#pragma once
// GRU, the gated recurrent unit, as a cell and over a sequence, under the names and with the defaults of Keras.
//
//     GRU layer(32);                                                    x [batch, time, inputs] → [batch, time, 32]
//     GRU last(32, {.reset_after = false}, {.return_sequences = false});
//
// With three blocks z, r, h of the columns of kernel K, recurrent kernel U and bias b, φ the activation, ρ the recurrent
// one and ⊙ the elementwise product:
//
//     z, r = ρ(x K + h U + b)     h ← z ⊙ h + (1 − z) ⊙ ĥ
//
//     reset_after        ĥ = φ(x K + b₀ + r ⊙ (h U + b₁))     bias [2, 3 units]: row 0 goes with K, row 1 with U
//     not reset_after    ĥ = φ(x K + b + (r ⊙ h) U)           bias [3 units]
//
//     kernel [inputs, 3 units]     recurrent_kernel [units, 3 units]
//
// PyTorch's GRU resets after and has the blocks in the order r, z, n. The output is the state h. Δt, lengths, states and
// directions: nn/rnn.hpp; dropout and patterns: nn/gated_cell.hpp.
// Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.

#include "elegans/nn/gated_cell.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

struct GRUCellOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  bool reset_after = true;
  Initialiser kernel_initialiser = GlorotUniform{};
  Initialiser recurrent_initialiser = Orthogonal{};
  Initialiser bias_initialiser = Zeros{};
  Regulariser kernel_regulariser = {};
  Regulariser recurrent_regulariser = {};
  Regulariser bias_regulariser = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  PatternPtr input_pattern = nullptr;  // [inputs, units]
};

// State "h".
class GRUCell : public GatedCell {
 public:
  explicit GRUCell(std::int64_t units, GRUCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const GRUCellOptions& options() const { return options_; }

  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "GRUCell"; }
  Json config() const override;

 protected:
  WeightOptions bias_options() const override;

 private:
  GRUCellOptions options_;
};

class GRU : public RNN {
 public:
  explicit GRU(std::int64_t units, GRUCellOptions options = {}, RnnOptions sequence = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  std::string type() const override { return "GRU"; }
  // That of the cell and of the sequence in one.
  Json config() const override;
};

}  // namespace elegans::nn
