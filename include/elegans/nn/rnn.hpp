#pragma once
// The sequence layer: a cell run over time by one loop of the graph.
//
//     x [batch, time, features]   Δt: context.timespans [batch, time], context.timespan where absent
//     y [batch, time, output]     with return_sequences, else [batch, output]: the output at each sequence's last step
//
// Sequences that end early have context.lengths i32 [batch]; any other steps to be skipped have context.mask [batch,
// time] of 1 and 0. A skipped step changes neither the state nor any gradient, its output is 0, and what x and Δt hold
// there does not matter, NaN included. Without return_sequences a sequence of skipped steps alone gives its first state
// where the cell's output is a state (Cell::output_state), else 0, and 0 behind a projection.
//
// go_backwards reads a sequence from its last step, L − 1, to its first, and y is in the order of processing, as in
// Keras: y[b, s] is the output after s + 1 steps, 0 for s ≥ L. (Bidirectional, nn/bidirectional.hpp, puts it back in the
// order of time.) Δt of a step is then the gap to the following sample (of the last step, Δt of the first), so that both
// directions see the same gaps.
//
// timespan_as_feature gives the cell Δt as one more feature, the last: for cells that know no time, such as LSTM.
//
// Final states are Context::states(), called "<path>/<state>".

#include <optional>

#include "elegans/nn/cell.hpp"
#include "elegans/nn/layer.hpp"

namespace elegans::nn {

struct RnnOptions {
  bool return_sequences = true;
  // Dense projection of every output to this many features (with bias); 0 for none.
  std::int64_t projection = 0;
  PatternPtr projection_pattern = nullptr;  // [output of the cell, projection]: the weights of its kernel that exist
  bool go_backwards = false;
  bool timespan_as_feature = false;
  // Keep the states of every k-th step only for the gradient, and compute the others again (graph/functions.hpp); 0
  // keeps all that is dear to compute. Gradients are then sums of the same numbers in another order.
  std::int64_t checkpoint_every = 0;

  friend bool operator==(const RnnOptions&, const RnnOptions&) = default;
};

// Sequences for a direct call, and what comes back.
struct SequenceInput {
  View x;                              // [batch, time, features]
  std::optional<View> timespans = {};  // [batch, time]
  std::optional<View> lengths = {};    // i32 [batch]
  std::optional<View> mask = {};       // [batch, time], 1 or 0
  std::vector<View> state = {};        // [batch, …], in the order of the cell's states; empty to start afresh
};
struct SequenceOutput {
  Tensor output;
  std::vector<Tensor> state;
};

class RNN : public Layer {
 public:
  // ConfigError where an option is out of its range.
  explicit RNN(CellPtr cell, RnnOptions options = {});
  ~RNN() override;
  RNN(RNN&&) noexcept;
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const CellPtr& cell() const { return cell_; }
  const RnnOptions& sequence() const { return options_; }
  std::string type() const override { return "RNN"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override;
  bool streams() const override { return !options_.go_backwards; }

  using Layer::operator();
  // A direct call with all that belongs to a sequence. The first call of a shape builds and keeps an executable.
  // ConfigError naming sample and step where a Δt that counts is negative or not finite, or a length is not 0 … time.
  SequenceOutput operator()(const SequenceInput& input);
  // The same into output and state (one for each state of the cell): allocates nothing once the shape is known.
  void operator()(const SequenceInput& input, const View& output, std::span<const View> state);

 protected:
  void on_build(const Shape& input) override;
  Value call(Context& context, Value x) override;

 private:
  struct Steps;
  struct Calls;
  Steps steps_of(Context& context, Value x) const;
  // Whether the gap of a step is handed on to the step that is read after it.
  bool hands_on_gap(const Steps& steps) const;
  std::vector<Value> first_states(Context& context, Value x);
  Value all_outputs(Context& context, Value outputs, const Steps& steps);
  Value last_output(Context& context, Value output, const Steps& steps);
  // Finds or builds the executable for these views, and checks lengths and Δt.
  Calls& prepare(const SequenceInput& input);
  void find_or_build(const SequenceInput& input);
  Value projected(Context& context, Value y, const std::optional<Value>& valid);

  CellPtr cell_;
  RnnOptions options_;
  LayerPtr projection_;
  std::vector<WeightPtr> learned_;  // first states by number; null where not learned
  std::unique_ptr<Calls> calls_;
};

}  // namespace elegans::nn
