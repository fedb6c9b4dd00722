#include "e2e/unnamed_cell.hpp"

#include <random>

#include "elegans/nn/connections_of.hpp"

namespace elegans::bench {
namespace {

using graph::Value;

// A number of 0 … below − 1, the same with every C++ library.
std::uint32_t draw(std::mt19937& random, std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); }

wiring::Wiring draw_wiring(std::mt19937& random) {
  const std::int64_t units = 24 + draw(random, 73);
  const double sparsity = 0.5 + 0.05 * draw(random, 9);
  return wiring::Random({.units = units, .sparsity_level = sparsity, .random_seed = random()});
}

Value plus(Value a, Value b) { return a + b; }
Value times(Value a, Value b) { return a * b; }

}  // namespace

UnnamedCell::UnnamedCell(std::uint32_t seed) : seed_(seed), wiring_(1) {
  std::mt19937 random(seed);
  wiring_ = draw_wiring(random);
  const auto term = [&random] {
    return Term{.talk = draw(random, 2) ? Talk::synapses : Talk::full,
                .activation = draw(random, 2) ? static_cast<Value (*)(Value)>(graph::tanh) : graph::sigmoid,
                .join = draw(random, 2) ? plus : times};
  };
  for (std::uint32_t count = 1 + draw(random, 3); terms_.size() < count;) terms_.push_back(term());
  gate_ = term();
  gate_knows_time_ = draw(random, 2) == 1;
  decay_ = static_cast<Decay>(draw(random, 3));
}

void UnnamedCell::on_build(const Shape& input) {
  const nn::PatternPtr pattern = wiring_.recurrent_pattern();
  synapses_ = nn::connections_of(pattern);
  const auto add = [&](const std::string& name, Term& term) {
    term.kernel = add_weight({.name = name + "_kernel", .shape = {input.back(), units()}});
    const bool wired = term.talk == Talk::synapses;
    term.recurrent_kernel = add_weight({.name = name + "_recurrent_kernel",
                                        .shape = wired ? Shape{} : Shape{units(), units()},
                                        .pattern = wired ? pattern : nullptr});
    term.bias = add_weight({.name = name + "_bias", .shape = {units()}, .initialiser = nn::Zeros{}});
  };
  for (std::size_t i = 0; i < terms_.size(); ++i) add("term" + std::to_string(i), terms_[i]);
  add("gate", gate_);
  rate_ = add_weight({.name = "rate", .shape = {units()}, .initialiser = nn::Uniform{-1, 1}});
  if (decay_ == Decay::gate)
    offset_ = add_weight({.name = "offset", .shape = {units()}, .initialiser = nn::Uniform{0, 2}});
}

Value UnnamedCell::sum(nn::Context& context, const Term& term, Value x, Value h) const {
  const Value weight = context.weight(term.recurrent_kernel);
  const Value talk = term.talk == Talk::synapses ? sparse_matmul(h, weight, synapses_) : matmul(h, weight);
  return matmul(x, context.weight(term.kernel)) + talk;
}

Value UnnamedCell::kept(nn::Context& context, Value dt) const {
  const Value rate = context.weight(rate_);
  switch (decay_) {
    case Decay::exponential:
      return exp(-(dt * softplus(rate)));
    case Decay::hyperbolic:
      return 1.0 / (1.0 + dt * softplus(rate));
    case Decay::gate:
      break;
  }
  return sigmoid(context.weight(offset_) - dt * rate);
}

nn::CellOutput UnnamedCell::step(nn::Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Value h = state[0];
  const auto candidate = [&](const Term& term) {
    return term.activation(sum(context, term, x, h) + context.weight(term.bias));
  };
  Value message = candidate(terms_[0]);
  for (std::size_t i = 1; i < terms_.size(); ++i) message = terms_[i].join(message, candidate(terms_[i]));
  const Value opens = sum(context, gate_, x, h);
  const Value gate = sigmoid((gate_knows_time_ ? opens * dt : opens) + context.weight(gate_.bias));
  const Value next = kept(context, dt) * (1.0 - gate) * h + gate * message;
  return {.output = next, .state = {next}};
}

StepCounts UnnamedCell::counts(std::int64_t inputs) const {
  const auto u = static_cast<double>(units()), i = static_cast<double>(inputs),
             synapses = static_cast<double>(wiring_.synapse_count());
  const double functions = decay_ == Decay::hyperbolic ? u : 2 * u;  // of the gate and the decay
  StepCounts sum{.pointwise = 5 * u + 2 * u, .sigmoids = functions, .weights = 2 * u, .states = u};
  const auto add = [&](const Term& term) {
    const double recurrent = term.talk == Talk::synapses ? synapses : u * u;
    sum += {.input_products = i * u, .products = recurrent, .pointwise = 2 * u, .weights = i * u + recurrent + u};
  };
  add(gate_);
  for (const Term& term : terms_) {
    add(term);
    (term.activation == static_cast<Value (*)(Value)>(graph::tanh) ? sum.tanhs : sum.sigmoids) += u;
  }
  return sum;
}

nn::Json UnnamedCell::config() const { return {{"seed", seed_}}; }

}  // namespace elegans::bench
