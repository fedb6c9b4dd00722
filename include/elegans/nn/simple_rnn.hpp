#pragma once
// SimpleRNN, the recurrent layer without gates, as a cell and over a sequence, under the names and with the defaults of
// Keras.
//
//     SimpleRNN layer(32);                                              x [batch, time, inputs] → [batch, time, 32]
//
//     h ← φ(x kernel + h recurrent_kernel + bias)
//
//     kernel [inputs, units]     recurrent_kernel [units, units]     bias [units]     φ the activation
//
// The output is the state h. Δt, lengths, states and directions: nn/rnn.hpp; dropout and patterns: nn/gated_cell.hpp.
// Source: Elman, "Finding structure in time", 1990.

#include "elegans/nn/gated_cell.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

struct SimpleRNNCellOptions {
  Activation activation = Activation::tanh;
  bool use_bias = true;
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
class SimpleRNNCell : public GatedCell {
 public:
  explicit SimpleRNNCell(std::int64_t units, SimpleRNNCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const SimpleRNNCellOptions& options() const { return options_; }

  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "SimpleRNNCell"; }
  Json config() const override;

 private:
  SimpleRNNCellOptions options_;
};

class SimpleRNN : public RNN {
 public:
  explicit SimpleRNN(std::int64_t units, SimpleRNNCellOptions options = {}, RnnOptions sequence = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  std::string type() const override { return "SimpleRNN"; }
  // That of the cell and of the sequence in one.
  Json config() const override;
};

}  // namespace elegans::nn
