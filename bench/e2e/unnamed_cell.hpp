#pragma once
// Cells that nobody has named: gated bodies with Δt over random wirings, drawn from a seed. Whatever the library does
// for its own cells it must do for these.
//
// With inputs x, state h, the synapses P of a random wiring, and all choices in braces drawn:
//
//     c_i = {tanh | sigmoid}(x K_i + {P_i(h) | h R_i} + b_i)          i = 1 … {1 | 2 | 3}
//     m   = c_1 {+ | ·} c_2 {+ | ·} c_3
//     g   = σ(({P_g(h) | h R_g} + x K_g) {Δt | 1} + b_g)
//     k   = {exp(−Δt softplus(r)) | 1 / (1 + Δt softplus(r)) | σ(a − Δt r)}
//     h   ← k (1 − g) h + g m

#include "e2e/counts.hpp"
#include "elegans/nn/cell.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::bench {

class UnnamedCell : public nn::Cell {
 public:
  explicit UnnamedCell(std::uint32_t seed);

  std::int64_t units() const { return wiring_.units(); }
  // Of the step, for `inputs` inputs.
  StepCounts counts(std::int64_t inputs) const;

  std::vector<nn::StateOptions> states() const override { return {{.name = "h", .shape = {units()}}}; }
  std::int64_t output_size() const override { return units(); }
  nn::CellOutput step(nn::Context& context, nn::Value x, const std::vector<nn::Value>& state, nn::Value dt) override;
  std::string type() const override { return "UnnamedCell"; }
  nn::Json config() const override;

 protected:
  void on_build(const Shape& input) override;

 private:
  enum class Talk { synapses, full };
  enum class Decay { exponential, hyperbolic, gate };
  struct Term {
    Talk talk;
    graph::Value (*activation)(graph::Value);
    graph::Value (*join)(graph::Value, graph::Value);  // with the terms before it
    nn::WeightPtr kernel, recurrent_kernel, bias;
  };
  nn::Value sum(nn::Context& context, const Term& term, nn::Value x, nn::Value h) const;
  nn::Value kept(nn::Context& context, nn::Value dt) const;

  std::uint32_t seed_;
  wiring::Wiring wiring_;
  std::vector<Term> terms_;
  Term gate_;
  bool gate_knows_time_;
  Decay decay_;
  ops::ConnectionsPtr synapses_;
  nn::WeightPtr rate_, offset_;
};

}  // namespace elegans::bench
