#include "e2e/counts.hpp"

namespace elegans::bench {
namespace {

double number(std::int64_t n) { return static_cast<double>(n); }

// A gated CfC cell without backbone: two heads of `synapses` weights for the inputs, full ones for the state, and the
// full maps of the gate: two, of which Δt scales one, or one.
StepCounts count_cfc_layer(std::int64_t inputs, std::int64_t units, std::int64_t synapses, double gate_maps) {
  const double i = number(inputs), u = number(units), s = number(synapses), maps = 2 + gate_maps;
  return {.products = 2 * s + gate_maps * i * u + maps * u * u,
          .pointwise = maps * u + 2 * (gate_maps - 1) * u + 4 * u,  // biases; a Δt + b; f1 (1 − g) + g f2
          .sigmoids = u,
          .tanhs = 2 * u,
          .weights = 2 * s + gate_maps * i * u + maps * u * u + maps * u,
          .states = u};
}

StepCounts count_cfc_layers(const wiring::Wiring& built, double gate_maps) {
  StepCounts sum;
  std::int64_t reads = built.input_dim();
  for (std::size_t l = 0; l < built.layers().size(); ++l) {
    const auto& neurons = built.layers()[l];
    const auto units = static_cast<std::int64_t>(neurons.size());
    const std::int64_t synapses = (l == 0 ? built.sensory_pattern_to(neurons)  //
                                          : built.pattern_between(built.layers()[l - 1], neurons))
                                      ->count();
    StepCounts layer = count_cfc_layer(reads, units, synapses, gate_maps);
    if (l == 0) {
      layer.input_products = 2 * number(synapses) + gate_maps * number(reads * units);
      layer.products -= layer.input_products;
    }
    sum += layer;
    reads = units;
  }
  return sum;
}

}  // namespace

StepCounts& StepCounts::operator+=(const StepCounts& other) {
  input_products += other.input_products;
  products += other.products;
  pointwise += other.pointwise;
  sigmoids += other.sigmoids;
  tanhs += other.tanhs;
  weights += other.weights;
  states += other.states;
  return *this;
}

StepCounts count_wired_cfc(const wiring::Wiring& built) { return count_cfc_layers(built, 2); }
StepCounts count_wired_cfc_of_fixed_dt(const wiring::Wiring& built) { return count_cfc_layers(built, 1); }

StepCounts count_cfc(std::int64_t inputs, std::int64_t units, std::int64_t backbone_units) {
  const double i = number(inputs), u = number(units), b = number(backbone_units);
  return {.input_products = i * b,
          .products = u * b + 4 * b * u,
          .pointwise = b + 2 * b + 10 * u,  // biases and scales of lecun_tanh; then as without backbone
          .sigmoids = u,
          .tanhs = b + 2 * u,
          .weights = (i + u) * b + b + 4 * b * u + 4 * u,
          .states = u};
}

StepCounts count_ltc(const wiring::Wiring& built, std::int64_t unfolds) {
  const double recurrent = number(built.synapse_count()), sensory = number(built.sensory_synapse_count()),
               u = number(built.units()), k = number(unfolds), i = number(built.input_dim()),
               o = number(built.output_dim());
  const double evaluations = sensory + k * recurrent;
  // σ(sigma (v − mu)) costs 2, its two sums 2 each; a neuron and unfolding 6 with its division; the maps 2 a number.
  return {.pointwise = 6 * evaluations + 6 * k * u + 2 * (i + o),
          .sigmoids = evaluations,
          .weights = 4 * (recurrent + sensory) + 3 * u + 2 * (i + o),
          .states = u};
}

StepCounts count_lstm(std::int64_t inputs, std::int64_t units) {
  const double i = number(inputs), u = number(units);
  return {.input_products = 4 * i * u,
          .products = 4 * u * u,
          .pointwise = 4 * u + 4 * u,
          .sigmoids = 3 * u,
          .tanhs = 2 * u,
          .weights = 4 * u * (i + u + 1),
          .states = 2 * u};
}

StepCounts count_gru(std::int64_t inputs, std::int64_t units) {
  const double i = number(inputs), u = number(units);
  return {.input_products = 3 * i * u,
          .products = 3 * u * u,
          .pointwise = 6 * u + 4 * u,
          .sigmoids = 2 * u,
          .tanhs = u,
          .weights = 3 * u * (i + u + 2),
          .states = u};
}

StepCounts count_dense(std::int64_t inputs, std::int64_t units) {
  return {.products = number(inputs * units), .pointwise = number(units), .weights = number((inputs + 1) * units)};
}

Counts counts_of_step(const StepCounts& step) {
  return {.flop = 2 * (step.input_products + step.products) + step.pointwise,
          .sigmoids = step.sigmoids,
          .tanhs = step.tanhs,
          .bytes = 4 * step.weights};
}

Counts counts_of_training(const StepCounts& step, const Sequences& sequences) {
  const double steps = number(sequences.batch * sequences.time);
  return {.flop = steps * (4 * step.input_products + 6 * step.products + 3 * step.pointwise),
          .sigmoids = steps * step.sigmoids,
          .tanhs = steps * step.tanhs,
          .bytes = 4 * steps * (number(sequences.inputs + sequences.outputs + 1) + 2 * step.states) + 28 * step.weights,
          .traffic = Traffic::copy};
}

}  // namespace elegans::bench
