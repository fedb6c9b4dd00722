// What a step costs as the circuit grows: hand-made wirings in which every neuron has 16 synapses, and one in which it
// has all. Time and memory are to follow the synapses.

#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/graphs.hpp"
#include "e2e/measure.hpp"
#include "e2e/models.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/ltc.hpp"

namespace elegans::bench {
namespace {

constexpr std::int64_t synapses_of_neuron = 16, outputs = 8;

// Sources lie at odd steps from each other around the circle, another step for every neuron.
std::int64_t source_of(std::int64_t neuron, std::int64_t k, std::int64_t sources) {
  return (neuron * 31 + k * (2 * (neuron % 29) + 1)) % sources;
}

// Each neuron has 16 synapses from neurons; every eighth one has one from an input, too.
wiring::Wiring recurrent_wiring(std::int64_t units) {
  wiring::Wiring wiring(units);
  wiring.set_output_dim(outputs);
  wiring.build(model_inputs);
  for (std::int64_t neuron = 0; neuron < units; ++neuron) {
    for (std::int64_t k = 0; k < synapses_of_neuron; ++k)
      wiring.add_synapse(source_of(neuron, k, units), neuron, k % 2 == 0 ? 1 : -1);
    if (neuron % 8 == 0) wiring.add_sensory_synapse(neuron / 8 % model_inputs, neuron, 1);
  }
  return wiring;
}

wiring::Wiring dense_wiring(std::int64_t units) {
  wiring::Wiring wiring(units);
  wiring.build(units);
  for (std::int64_t neuron = 0; neuron < units; ++neuron)
    for (std::int64_t k = 0; k < synapses_of_neuron; ++k)
      wiring.add_sensory_synapse(source_of(neuron, k, units), neuron, k % 2 == 0 ? 1 : -1);
  return wiring;
}

// Memory is all that the step holds beside the model: the compiled graph with its circuits, the arena, inputs and outputs.
Work step_work(Sequential& model, Counts counts, std::int64_t synapses) {
  const std::size_t before = allocated_bytes();
  auto step = std::make_shared<BoundExecutable>(bound_step(model));
  counts.synapses = static_cast<double>(synapses);
  counts.memory = static_cast<double>(allocated_bytes() - before);
  return {.run = repeated([step] { step->run(); }), .counts = counts};
}

wiring::Wiring full_wiring(std::int64_t units) {
  return wiring::FullyConnected({.units = units, .output_dim = outputs});
}

Sequential ltc_over(const wiring::Wiring& wiring) {
  Sequential model({.seed = 1});
  model.add(nn::LTC(wiring));
  model.build(model_inputs);
  return model;
}

Work ltc_step(const wiring::Wiring& wiring) {
  Sequential model = ltc_over(wiring);
  const wiring::Wiring built = wiring.built(model_inputs);
  return step_work(model, counts_of_step(count_ltc(built, 6)), built.synapse_count() + built.sensory_synapse_count());
}

Work dense_step(std::int64_t units) {
  Sequential model = wired_dense(units);
  const auto n = static_cast<double>(units * synapses_of_neuron), u = static_cast<double>(units);
  return step_work(model, {.flop = 2 * n + u, .bytes = 4 * (n + u)}, units * synapses_of_neuron);
}

}  // namespace

Sequential wired_ltc(std::int64_t units) { return ltc_over(recurrent_wiring(units)); }

Sequential full_ltc(std::int64_t units) { return ltc_over(full_wiring(units)); }

Sequential wired_dense(std::int64_t units) {
  Sequential model({.seed = 1});
  model.add(nn::WiredDense({.wiring = dense_wiring(units)}));
  model.build({Dim::batch(), units});
  return model;
}

std::vector<Case> size_cases() {
  Case ltc{"size/ltc", "step: LTC, 16 synapses a neuron", {}};
  Case dense{"size/dense", "wired Dense, 16 synapses a neuron", {}};
  for (const std::int64_t units : {64, 128, 256, 512, 1024, 2048, 4096}) {
    const std::string name = std::to_string(units);
    ltc.series.push_back({name, [units] { return ltc_step(recurrent_wiring(units)); }});
    dense.series.push_back({name, [units] { return dense_step(units); }});
  }
  ltc.series.push_back({"2048-full", [] { return ltc_step(full_wiring(2048)); }});
  return {ltc, dense};
}

}  // namespace elegans::bench
