#pragma once
// The sequence layer: a cell run over time by one loop of the graph.
//
//     x [batch, time, features], context.timespans [batch, time], context.lengths [batch]
//     y [batch, time, output] with return_sequences, else [batch, output]: the output at each sequence's last step
//
// A step past a sequence's end changes neither its state nor any gradient, its output is 0, and what stands in the padding does
// not matter, NaN included. Final states are context.final_state("<name>/<state>").

#include "elegans/nn/cell.hpp"

namespace elegans::nn {

struct RnnOptions {
  bool return_sequences = true;
  // Dense projection of every output to this many features (with bias); 0 for none.
  std::int64_t projection = 0;
  // Backwards in time.
  bool go_backwards = false;
  // Keep only every k-th state for the gradient (graph/functions.hpp); 0 keeps what is dear.
  std::int64_t checkpoint_every = 0;
};

// Sequences for a direct call, and what comes back.
struct SequenceOutput {
  Tensor output;
  std::vector<Tensor> state;
};
struct SequenceInput {
  View x;                         // [batch, time, features]
  std::optional<View> timespans;  // [batch, time]
  std::optional<View> lengths;    // i32 [batch]
  std::vector<View> state;        // [batch, …], in the order of the cell's states; empty to start afresh
};

class RNN : public Layer {
 public:
  explicit RNN(CellPtr cell, RnnOptions options = {});

  const CellPtr& cell() const { return cell_; }
  const RnnOptions& sequence() const { return options_; }

  void set_numbers(Dtype dtype, std::uint64_t seed) override;
  std::vector<WeightPtr> weights() const override;
  std::string type() const override { return "RNN"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override;

  using Layer::operator();
  SequenceOutput operator()(const SequenceInput& input);

 protected:
  void on_build(const Shape& input) override;
  Value call(Context& context, Value x) override;

 private:
  CellPtr cell_;
  RnnOptions options_;
  LayerPtr projection_;
};

}  // namespace elegans::nn
