#pragma once
// What LSTM, GRU and SimpleRNN have in common: the affine maps of x and h for all gates at once, which can have a
// pattern, drop and be regularised.
//
//     kernel [inputs, gates · units]     recurrent_kernel [units, gates · units]     bias, as the cell says
//
// each a row of blocks of `units` columns, one a gate. With an input pattern [inputs, units] every block of the kernel
// has the weights of the pattern alone.
//
// Dropout while training: one mask for the inputs and one for the state h that the recurrent kernel reads, drawn once a
// sequence and the same for all gates (Gal & Ghahramani 2016), as the cells of Keras 3 do by default (implementation = 2);
// where they also multiply the h that a GRU carries over by that mask, here h itself is never dropped.
//
// The cells know no time: Δt does not enter them (RnnOptions::timespan_as_feature gives it as a feature).

#include "elegans/nn/activation.hpp"
#include "elegans/nn/cell.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::nn {

struct GatedCellOptions {
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
  double dropout = 0;            // in [0, 1): of the inputs
  double recurrent_dropout = 0;  // of the state
  PatternPtr input_pattern = nullptr;
};

class GatedCell : public Cell {
 public:
  std::int64_t units() const { return units_; }

  std::vector<StateOptions> states() const override { return {{.name = "h", .shape = Shape{units_}}}; }
  std::int64_t output_size() const override { return units_; }
  std::optional<std::size_t> output_state() const override { return 0; }

 protected:
  // ConfigError, beginning with `type`, where an option is out of its range.
  GatedCell(std::string type, std::int64_t units, std::int64_t gates, GatedCellOptions options);

  void on_build(const Shape& input) override;
  // Its options where there is a bias, a row of gates by default.
  virtual WeightOptions bias_options() const;

  Value from_input(Context& context, Value x) const;  // x kernel, [batch, gates · units]
  Value dropped(Context& context, Value h) const;     // h as the recurrent kernel reads it
  Value recurrent_kernel(Context& context) const { return context.weight(recurrent_kernel_); }
  std::optional<Value> bias(Context& context) const;
  // Block `gate` of [..., gates · units].
  Value block(Value blocks, std::int64_t gate) const;

 private:
  std::int64_t units_;
  std::int64_t gates_;
  GatedCellOptions options_;
  ops::ConnectionsPtr connections_;  // of a kernel that is not full
  WeightPtr kernel_, recurrent_kernel_, bias_;
};

}  // namespace elegans::nn
