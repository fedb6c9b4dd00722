#pragma once
// The base of cells: one step of a recurrent network. nn/rnn.hpp runs a cell over a sequence.
//
// A user's cell overrides
//
//     states()                          its states: names, shapes (without the batch), first values
//     output_size()                     features of its output
//     on_build(input)                   adds weights; input is [batch, features]
//     step(context, x, state, dt)       writes one step: output and next states, in the order of states()
//     type(), config()                  for saving
//
// dt is [batch, 1], or a scalar where no Δt was given. What the step computes from weights alone is computed once, not at every
// step.

#include "elegans/nn/layer.hpp"

namespace elegans::nn {

struct StateOptions {
  enum class Initial { zeros, constant, learned };
  std::string name = "state";
  Shape shape;
  Initial initial = Initial::zeros;
  double value = 0;  // of a constant, or where a learned one starts
};

struct CellOutput {
  Value output;
  std::vector<Value> state;
};

class Cell : public Module {
 public:
  virtual std::vector<StateOptions> states() const = 0;
  virtual std::int64_t output_size() const = 0;
  // Writes one step for x [batch, features] and states [batch, …].
  virtual CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) = 0;

  // A direct call (inference): [output, state] = cell(x, state, dt), dt [batch] or [batch, 1]. The first call for a shape
  // builds an executable and keeps it; the form with outputs then allocates nothing.
  std::pair<Tensor, std::vector<Tensor>> operator()(const View& x, std::span<const View> state, const View& dt);
  void operator()(const View& x, std::span<const View> state, const View& dt, const View& output, std::span<const View> next);

 private:
  struct Calls;
  std::shared_ptr<Calls> calls_;
};

using CellPtr = std::shared_ptr<Cell>;

}  // namespace elegans::nn
