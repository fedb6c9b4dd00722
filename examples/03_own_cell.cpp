// A cell of one's own: written in thirty lines, it trains, fuses, is saved and loaded, and streams like the built-in
// ones.
//
// The task: keep in mind the last value that was marked, over uneven gaps of time, while noise goes on.

#include <cmath>
#include <cstdio>
#include <sstream>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/connections_of.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/rnn.hpp"
#include "elegans/train/trainer.hpp"
#include "elegans/wiring/config.hpp"

using namespace elegans;

namespace {

// A gated leaky integrator over a circuit: neurons talk over the synapses that exist, a gate lets inputs in, and what
// is kept fades with Δt.
//
//     g = σ(x Wg + bg)     c = tanh(x Wc + synapses · h)     h ← (1 − g) e^{−Δt rate} h + g c
class GatedLeak : public nn::Cell {
 public:
  explicit GatedLeak(wiring::Wiring wiring) : wiring_(std::move(wiring)) {}

  std::vector<nn::StateOptions> states() const override {
    return {{.name = "h", .shape = {wiring_.units()}, .first = nn::FirstState::learned}};
  }
  std::int64_t output_size() const override { return wiring_.output_dim(); }
  std::string type() const override { return "GatedLeak"; }
  nn::Json config() const override { return wiring::to_config(wiring_); }

  nn::CellOutput step(nn::Context& context, nn::Value x, const std::vector<nn::Value>& state, nn::Value dt) override {
    const nn::Value gate = sigmoid(matmul(x, context.weight(gate_)) + context.weight(bias_));
    const nn::Value talk = sparse_matmul(state[0], context.weight(synapses_), connections_);
    const nn::Value candidate = tanh(matmul(x, context.weight(kernel_)) + talk);
    const nn::Value kept = exp(-(dt * softplus(context.weight(rate_)))) * state[0];
    const nn::Value h = (1.0 - gate) * kept + gate * candidate;
    return {.output = slice(h, -1, 0, output_size()), .state = {h}};
  }

 protected:
  void on_build(const Shape& input) override {
    wiring_.build(input.back().factor());
    connections_ = nn::connections_of(wiring_.recurrent_pattern());
    kernel_ = add_weight({.name = "kernel", .shape = {input.back(), wiring_.units()}});
    gate_ = add_weight({.name = "gate", .shape = {input.back(), wiring_.units()}});
    bias_ = add_weight({.name = "bias", .shape = {wiring_.units()}, .initialiser = nn::Zeros{}});
    rate_ = add_weight({.name = "rate", .shape = {wiring_.units()}, .initialiser = nn::Uniform{-3, -1}});
    synapses_ = add_weight({.name = "synapses", .shape = {}, .pattern = wiring_.recurrent_pattern()});
  }

 private:
  wiring::Wiring wiring_;
  ops::ConnectionsPtr connections_;
  nn::WeightPtr kernel_, gate_, bias_, rate_, synapses_;
};

train::Dataset recordings(int count, int first) {
  std::vector<train::Recording> all;
  for (int r = first; r < first + count; ++r) {
    train::Recording& recording = all.emplace_back();
    recording.name = "recording " + std::to_string(r);
    double marked = 0;
    for (int step = 0; step < 12 + r % 5; ++step) {
      const double value = std::sin(2.1 * step + 1.3 * r), mark = (3 * step + r) % 7 == 0;
      if (mark > 0) marked = value;
      recording.dt.push_back(0.5 + 0.4 * std::sin(step + r));
      recording.features.insert(recording.features.end(), {value, mark});
      recording.targets.push_back(marked);
    }
  }
  return train::make_dataset({.features = {"value", "mark"}, .targets = {"last marked"}}, std::move(all));
}

// What the passes made of the layer: the beginning of explain().
void print_passes(nn::Layer& layer) {
  graph::Graph graph;
  nn::Context context(graph);
  graph.output("y", layer(context, graph.input("x", {Dtype::f32, Shape{8, 12, 2}})));
  std::istringstream text(graph::compile(std::move(graph), {}).explain());
  for (std::string line; std::getline(text, line) && line.front() != '%';) std::printf("%s\n", line.c_str());
}

}  // namespace

int main() {
  // A program that loads such a model makes the cell known first.
  nn::register_cell("GatedLeak",
                    [](const nn::Json& config) { return std::make_shared<GatedLeak>(wiring::from_config(config)); });

  const train::Dataset data = recordings(64, 0), held_back = recordings(16, 100);
  Sequential model({.name = "last marked", .seed = 7});
  model.add(nn::RNN(std::make_shared<GatedLeak>(wiring::AutoNCP({.units = 12, .output_size = 1}))));
  Trainer trainer(model, {.optimizer = train::Adam{.learning_rate = 0.03}, .batch_size = 16, .epochs = 60});
  trainer.reserve(data);
  const double before = trainer.evaluate(held_back).loss;
  trainer.fit(data);
  const double after = trainer.evaluate(held_back).loss;
  std::printf("held back: loss %.4f before, %.4f after training\n", before, after);
  print_passes(*model.layers()[0]);

  save_model("own_cell.safetensors", model, {.features = {"value", "mark"}, .targets = {"last marked"}});
  Policy policy("own_cell.safetensors");

  // Step by step the loaded network answers what the trained one says of the whole sequence, bit for bit.
  const Tensor x = Tensor::from({1, 4, 2}, {0.5, 1, 0.9, 0, -0.3, 0, 0.1, 0}),
               dt = Tensor::from({1, 4}, {1, 0.5, 2, 1});
  const std::vector<double> whole = model.predict(x, {.timespans = dt}).values();
  bool equal = true;
  for (std::size_t t = 0; t < 4; ++t) {
    float answer = 0;
    if (!policy.step(x.as<float>().subspan(2 * t, 2), dt.as<float>()[t], std::span(&answer, 1))) return 1;
    std::printf("step %zu: %.4f\n", t, static_cast<double>(answer));
    equal = equal && static_cast<double>(answer) == whole[t];
  }
  std::printf("%s\n", equal ? "equal to the whole sequence" : "not equal to the whole sequence");
  return equal && after < 0.3 * before ? 0 : 1;
}
