#include "elegans/nn/cell.hpp"

#include <fmt/format.h>

#include <array>

#include "nn/check_sequence.hpp"
#include "nn/direct_calls.hpp"

namespace elegans::nn {

struct Cell::Calls {
  DirectCalls known;
  DirectCalls::Call* call = nullptr;  // of the last prepare()
  std::vector<View> inputs;           // x, dt, states
  std::vector<View> outputs;
};

Cell::Cell() = default;
Cell::~Cell() = default;

void Cell::check_states(const std::vector<Value>& state, const Value& x, const char* when) const {
  const std::vector<StateOptions> promised = states();
  if (state.size() != promised.size())
    throw ShapeError({.operation = path(),
                      .argument = fmt::format("the number of states {} the step", when),
                      .actual = std::to_string(state.size()),
                      .required = std::to_string(promised.size()),
                      .remedy = "One for each of states(), in their order."});
  for (std::size_t i = 0; i < state.size(); ++i)
    if (const Shape shape = promised[i].shape.inserted(0, x.shape()[0]); !(state[i].shape() == shape))
      throw ShapeError({.operation = path(),
                        .argument = fmt::format("state '{}' {} the step", promised[i].name, when),
                        .actual = to_string(state[i].shape()),
                        .required = fmt::format("{}, as states() says", to_string(shape)),
                        .remedy = ""});
}

CellOutput Cell::operator()(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  if (x.shape().rank() != 2)
    throw ShapeError({.operation = path(),
                      .argument = "input",
                      .actual = to_string(x.shape()),
                      .required = "[batch, features]",
                      .remedy = "A cell takes one step; RNN runs it over [batch, time, features]."});
  build(x.shape());
  if (x.dtype() != dtype())
    throw DtypeError({.operation = path(),
                      .argument = "input",
                      .actual = ops::to_string(x.type()),
                      .required = fmt::format("{}, as the cell is", to_string(dtype())),
                      .remedy = "Convert with Tensor::to, or call set_numbers(dtype, seed) before the cell is built."});
  check_states(state, x, "before");
  const std::string outer = context.path();
  context.set_path(path());
  const graph::Scope scope(*x.graph, name());
  CellOutput result = step(context, x, state, dt);
  context.set_path(outer);
  check_states(result.state, x, "after");
  if (const Shape promised{x.shape()[0], Dim(output_size())}; !(result.output.shape() == promised))
    throw ShapeError({.operation = path(),
                      .argument = "output",
                      .actual = to_string(result.output.shape()),
                      .required = fmt::format("{}, as output_size() says", to_string(promised)),
                      .remedy = ""});
  return result;
}

std::vector<Tensor> Cell::first_state(std::int64_t batch) const {
  std::vector<Tensor> first;
  for (const StateOptions& state : states()) {
    const Shape shape = state.shape.inserted(0, batch);
    const double value = state.first == FirstState::zeros ? 0 : state.value;
    first.push_back(
        Tensor::from(shape, std::vector<double>(static_cast<std::size_t>(shape.elements(Extents{})), value), dtype()));
  }
  return first;
}

// Direct calls

namespace {

void require_gap(const std::string& path, const View& x, const View& dt) {
  if (x.shape.rank() != 2)
    throw ShapeError({path, "x", to_string(x.shape), "[batch, features]", "A single sample is a batch of one."});
  const Dim batch = x.shape[0];
  if (!(dt.shape == Shape{batch}) && !(dt.shape == Shape{batch, 1}))
    throw ShapeError({path, "Δt", to_string(dt.shape),
                      fmt::format("[{}] or [{}, 1]", to_string(batch), to_string(batch)),
                      "One number a sample of the batch."});
}

}  // namespace

Cell::Calls& Cell::prepare(const View& x, std::span<const View> state, const View& dt) {
  if (!calls_) calls_ = std::make_unique<Calls>();
  calls_->inputs.assign({x, dt});
  calls_->inputs.insert(calls_->inputs.end(), state.begin(), state.end());
  calls_->call = calls_->known.find(calls_->inputs);
  if (calls_->call == nullptr) {
    require_gap(path(), x, dt);
    calls_->call = &calls_->known.build(path(), calls_->inputs, [&](Context& context, std::span<const Value> inputs) {
      // A loop of one step: the same passes see it as in a layer, so that it gives the same bits.
      const Dim batch = inputs[0].shape()[0];
      const std::array scanned{reshape(inputs[0], inputs[0].shape().inserted(0, 1)),
                               reshape(inputs[1], Shape{1, batch, 1})};
      const graph::LoopResult step = scan(1, inputs.subspan(2), scanned, [&](const graph::Loop& loop) {
        CellOutput result = (*this)(context, loop.scanned[0], loop.carried, loop.scanned[1]);
        return graph::LoopResult{.carried = std::move(result.state), .stacked = {result.output}, .summed = {}};
      });
      std::vector<Value> outputs{reshape(step.stacked[0], step.stacked[0].shape().removed(0))};
      outputs.insert(outputs.end(), step.carried.begin(), step.carried.end());
      return outputs;
    });
  }
  check_timespans(*this, dt);
  return *calls_;
}

std::pair<Tensor, std::vector<Tensor>> Cell::operator()(const View& x, std::span<const View> state, const View& dt) {
  Calls& calls = prepare(x, state, dt);
  std::vector<Tensor> results = (*calls.call)(calls.inputs);
  Tensor output = std::move(results.front());
  results.erase(results.begin());
  return {std::move(output), std::move(results)};
}

std::pair<Tensor, std::vector<Tensor>> Cell::operator()(const View& x, std::span<const Tensor> state, const View& dt) {
  return (*this)(x, std::vector<View>(state.begin(), state.end()), dt);
}

void Cell::operator()(const View& x, std::span<const View> state, const View& dt, const View& output,
                      std::span<const View> next) {
  Calls& calls = prepare(x, state, dt);
  calls.outputs.assign({output});
  calls.outputs.insert(calls.outputs.end(), next.begin(), next.end());
  (*calls.call)(calls.inputs, calls.outputs);
}

}  // namespace elegans::nn
