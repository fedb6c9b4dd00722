#pragma once
// LSTM, as a cell and over a sequence, under the names and with the defaults of Keras.
//
//     LSTM layer(32);                                                   x [batch, time, inputs] → [batch, time, 32]
//     LSTM last(32, {.recurrent_dropout = 0.2}, {.return_sequences = false});
//
// With four blocks i, f, c, o of the columns of kernel K, recurrent kernel U and bias b, φ the activation, ρ the
// recurrent one and ⊙ the elementwise product:
//
//     i, f, o = ρ(x K + h U + b)     ĉ = φ(x K + h U + b)     c ← f ⊙ c + i ⊙ ĉ     h ← o ⊙ φ(c)
//
//     kernel [inputs, 4 units]     recurrent_kernel [units, 4 units]     bias [4 units]
//
// The output is the state h. Δt, lengths, states and directions: nn/rnn.hpp; dropout and patterns: nn/gated_cell.hpp.
// Source: Hochreiter & Schmidhuber, "Long short-term memory", 1997, with the forget gate of Gers et al., 2000.

#include "elegans/nn/gated_cell.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

struct LSTMCellOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  bool unit_forget_bias = true;  // the bias of f begins at 1 (Jozefowicz et al. 2015)
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

// States "h" and "c".
class LSTMCell : public GatedCell {
 public:
  explicit LSTMCell(std::int64_t units, LSTMCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const LSTMCellOptions& options() const { return options_; }

  std::vector<StateOptions> states() const override;
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "LSTMCell"; }
  Json config() const override;

 protected:
  WeightOptions bias_options() const override;

 private:
  LSTMCellOptions options_;
};

class LSTM : public RNN {
 public:
  explicit LSTM(std::int64_t units, LSTMCellOptions options = {}, RnnOptions sequence = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  std::string type() const override { return "LSTM"; }
  // That of the cell and of the sequence in one.
  Json config() const override;
};

}  // namespace elegans::nn
