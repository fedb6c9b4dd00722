#pragma once
// The base of cells: one step of a recurrent network. nn/rnn.hpp runs a cell over a sequence.
//
// A user's cell overrides
//
//     states()                          its states: names, shapes (without the batch), first values
//     output_size()                     features of its output
//     on_build(input)                   adds weights; input is [batch, features]
//     step(context, x, state, dt)       writes one step: output and next states, in the order of states()
//     type(), config()                  for saving (nn/registry.hpp)
//     output_state()                    where the output is one of the states
//
// dt is [batch, 1], or a scalar [] where no Δt was given: write arithmetic that broadcasts. What the step computes from
// weights alone is computed once, not at every step.
//
// A step that is skipped (past the end of a sequence) is computed for x = 0 and Δt = 1 and thrown away; it must be
// finite there, gradients too, as any sum, product, gate or quotient with a positive denominator is.
//
// Direct calls on tensors compute inference:
//
//     auto [y, next] = cell(x, state, dt);     builds and keeps an executable (the 16 last used shapes are kept)
//     cell(x, state, dt, y, next);             the same into y and next; from the second call on, nothing is allocated
//
// A cell is called by one thread at a time.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "elegans/nn/module.hpp"

namespace elegans::nn {

// The first value of a state: zeros, `value` everywhere, or a weight of the sequence layer that starts at `value`.
enum class FirstState { zeros, constant, learned };

struct StateOptions {
  std::string name = "state";
  Shape shape;  // without the batch
  FirstState first = FirstState::zeros;
  double value = 0;
};

struct CellOutput {
  Value output;              // [batch, output_size]
  std::vector<Value> state;  // [batch, …] each
};

class Cell : public Module {
 public:
  Cell();
  ~Cell() override;

  virtual std::vector<StateOptions> states() const = 0;
  virtual std::int64_t output_size() const = 0;
  // The number of the state that the output is, where it is one: then a sequence without a step, of which the last
  // output is asked, answers its first state (nn/rnn.hpp).
  virtual std::optional<std::size_t> output_state() const { return std::nullopt; }
  // Writes one step for x [batch, features] and states [batch, …]. To be called through operator().
  virtual CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) = 0;

  // Writes one step: builds the cell if need be, then calls `step` in a scope of its name. ShapeError where states do
  // not have the promised shapes, before or after the step.
  CellOutput operator()(Context& context, Value x, const std::vector<Value>& state, Value dt);

  // Direct calls: x [batch, features], state [batch, …] in the order of states(), dt [batch] or [batch, 1]. Outputs are
  // never resized and may overlap no input. ConfigError naming the sample where a Δt
  // is negative or not finite.
  std::pair<Tensor, std::vector<Tensor>> operator()(const View& x, std::span<const View> state, const View& dt);
  std::pair<Tensor, std::vector<Tensor>> operator()(const View& x, std::span<const Tensor> state, const View& dt);
  void operator()(const View& x, std::span<const View> state, const View& dt, const View& output,
                  std::span<const View> next);
  // States to start with, for direct calls: zeros or constants. (Learned ones belong to the sequence layer.)
  std::vector<Tensor> first_state(std::int64_t batch) const;

 private:
  struct Calls;
  // The executable for these views, which it keeps.
  Calls& prepare(const View& x, std::span<const View> state, const View& dt);
  void check_states(const std::vector<Value>& state, const Value& x, const char* when) const;

  std::unique_ptr<Calls> calls_;
};

using CellPtr = std::shared_ptr<Cell>;

}  // namespace elegans::nn
