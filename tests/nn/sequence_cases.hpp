#pragma once
// Sequences of the tests of sequence layers: a cell of one's own, and all that a layer computes for a sequence.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/ctgru.hpp"
#include "elegans/nn/ctrnn.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/neural_ode.hpp"
#include "elegans/nn/rnn.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "elegans/nn/stacked_cells.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::nn {

inline wiring::Wiring small_ncp() {
  return wiring::AutoNCP({.units = 7, .output_size = 2, .sparsity_level = 0.3, .seed = 4});
}

// A user's cell: a leaky memory that starts at a learned value, an outer-product memory of rank 2 that starts at a
// constant, and a clock. Output: what the memories say, and the clock.
class TwoMemories : public Cell {
 public:
  std::vector<StateOptions> states() const override {
    return {{.name = "fast", .shape = {units}, .first = FirstState::learned, .value = 0.1},
            {.name = "pairs", .shape = {units, 2}, .first = FirstState::constant, .value = -0.5},
            {.name = "clock", .shape = {1}}};
  }
  std::int64_t output_size() const override { return units + 1; }
  void on_build(const Shape& input) override {
    kernel_ = add_weight({.name = "kernel", .shape = {input.back(), units}});
    mix_ = add_weight({.name = "mix", .shape = {2}});
    rate_ = add_weight({.name = "rate", .shape = {units}, .initialiser = Uniform{0.2, 1}});
  }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override {
    const Value drive = tanh(matmul(x, context.weight(kernel_)) + state[0]);
    const Value keep = exp(-(dt * context.weight(rate_)));
    const Value fast = keep * state[0] + (1.0 - keep) * drive;
    const Dim batch = x.shape()[0];
    const Value pairs = 0.5 * state[1] + broadcast_to(reshape(fast, Shape{batch, units, 1}), state[1].shape()) *
                                             broadcast_to(context.weight(mix_), state[1].shape());
    const Value clock = state[2] + dt;
    return {.output = graph::concat({reduce_sum(pairs, -1), clock}, -1), .state = {fast, pairs, clock}};
  }
  std::string type() const override { return "TwoMemories"; }
  Json config() const override { return Json::object(); }

 private:
  static constexpr std::int64_t units = 3;
  WeightPtr kernel_, mix_, rate_;
};

// A sequence with everything that may belong to it.
struct Sequence {
  Tensor x;
  Tensor timespans;
  std::optional<Tensor> lengths = {};
  std::optional<Tensor> mask = {};
};

struct Evaluation {
  std::vector<Tensor> outputs;                     // y and final states
  std::map<std::string, Tensor> weight_gradients;  // of Σ y · seed
  Tensor x_gradient, timespans_gradient;
};

inline Evaluation evaluate(RNN& layer, const Sequence& sequence, const Tensor& seed) {
  graph::Graph graph;
  Context context(graph, {.mode = Mode::training});  // checkpoints are for the backward pass
  std::map<std::string, Tensor> inputs;
  const auto input = [&](const char* name, const Tensor& tensor) {
    inputs[name] = tensor;
    return graph.input(name, {tensor.dtype(), tensor.shape()});
  };
  const Value x = input("x", sequence.x), timespans = input("timespans", sequence.timespans);
  context.timespans = timespans;
  if (sequence.lengths) context.lengths = input("lengths", *sequence.lengths);
  if (sequence.mask) context.mask = input("mask", *sequence.mask);
  const Value y = layer(context, x);
  std::vector<Value> wrt{x, timespans};
  for (const auto& [weight, value] : context.weights()) {
    inputs["weight/" + weight->path] = weight->value;
    wrt.push_back(value);
  }
  const auto gradients = graph::gradients(std::array{y}, std::array{input("seed", seed)}, wrt);
  graph.output("y", y);
  for (const StateSlot& slot : context.states()) graph.output(slot.path, slot.final);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    graph.output("gradient " + std::to_string(i), gradients[i].value_or(zeros_like(wrt[i])));
  const std::size_t states = context.states().size();

  graph::Executable run = graph::compile(std::move(graph), {});
  std::vector<View> views;
  for (const graph::Port& port : run.inputs()) views.push_back(inputs.at(port.name));
  std::vector<Tensor> all = run(views);
  Evaluation result;
  result.outputs.assign(all.begin(), all.begin() + 1 + static_cast<std::ptrdiff_t>(states));
  result.x_gradient = all[1 + states];
  result.timespans_gradient = all[2 + states];
  for (std::size_t i = 0; i < context.weights().size(); ++i)
    result.weight_gradients[context.weights()[i].first->path] = all[3 + states + i];
  return result;
}

// Rows [b, b + 1) of axis 0, and steps [0, steps) of axis 1 where steps > 0.
inline Tensor cut(const Tensor& tensor, std::int64_t b, std::int64_t steps = 0) {
  const std::int64_t time = steps ? tensor.shape()[1].factor() : 1;
  const auto width = static_cast<std::int64_t>(tensor.elements()) / tensor.shape()[0].factor() / time;
  const std::vector<double> values = tensor.values();
  const auto first = values.begin() + b * time * width;
  Shape shape = tensor.shape();
  shape[0] = 1;
  if (steps) shape[1] = steps;
  return Tensor::from(shape, std::vector<double>(first, first + (steps ? steps : 1) * width), tensor.dtype());
}

// Writes `value` into every step of b from `from` on.
inline void fill_padding(Tensor& tensor, std::int64_t b, std::int64_t from, double value) {
  const std::int64_t time = tensor.shape()[1].factor();
  const auto width = static_cast<std::int64_t>(tensor.elements()) / tensor.shape()[0].factor() / time;
  for (std::int64_t i = (b * time + from) * width; i < (b + 1) * time * width; ++i)
    tensor.as<double>()[static_cast<std::size_t>(i)] = value;
}

struct LayerCase {
  std::string name;
  std::function<std::shared_ptr<RNN>(RnnOptions)> make;
};

inline std::vector<LayerCase> layer_cases() {
  return {
      {"LTC",
       [](RnnOptions options) {
         return std::make_shared<RNN>(std::make_shared<LTCCell>(small_ncp(), LTCCellOptions{.ode_unfolds = 2}),
                                      options);
       }},
      {"CfC",
       [](RnnOptions options) {
         return std::make_shared<RNN>(std::make_shared<CfCCell>(4, CfCCellOptions{.backbone_units = 5}), options);
       }},
      {"WiredCfC",
       [](RnnOptions options) { return std::make_shared<RNN>(std::make_shared<WiredCfCCell>(small_ncp()), options); }},
      {"CTRNN",
       [](RnnOptions options) {
         return std::make_shared<RNN>(
             std::make_shared<CTRNNCell>(4,
                                         CTRNNCellOptions{.solver = Solver::heun, .ode_unfolds = 2, .fix_tau = false}),
             options);
       }},
      {"WiredCTRNN",
       [](RnnOptions options) {
         return std::make_shared<RNN>(std::make_shared<CTRNNCell>(small_ncp(), CTRNNCellOptions{.ode_unfolds = 3}),
                                      options);
       }},
      {"CTGRU",
       [](RnnOptions options) {
         return std::make_shared<RNN>(std::make_shared<CTGRUCell>(3, CTGRUCellOptions{.scales = 4}), options);
       }},
      {"NeuralODE",
       [](RnnOptions options) {
         return std::make_shared<RNN>(
             std::make_shared<NeuralODECell>(4, NeuralODECellOptions{.hidden_layers = 1, .hidden_units = 3}), options);
       }},
      {"Own", [](RnnOptions options) { return std::make_shared<RNN>(std::make_shared<TwoMemories>(), options); }},
      {"LSTM",
       [](RnnOptions options) {
         return std::make_shared<LSTM>(3, LSTMCellOptions{.recurrent_activation = "hard_sigmoid"}, options);
       }},
      {"GRU", [](RnnOptions options) { return std::make_shared<GRU>(3, GRUCellOptions{}, options); }},
      {"GRUBefore",
       [](RnnOptions options) { return std::make_shared<GRU>(3, GRUCellOptions{.reset_after = false}, options); }},
      {"Stacked", [](RnnOptions options) {
         return std::make_shared<RNN>(
             std::make_shared<StackedCells>(std::vector<CellPtr>{
                 std::make_shared<SimpleRNNCell>(3), std::make_shared<TwoMemories>(), std::make_shared<LSTMCell>(2)}),
             options);
       }}};
}

}  // namespace elegans::nn
