#pragma once
// Mixed memory: an LSTM that remembers for a cell (Lechner & Hasani, "Learning long-term dependencies in
// irregularly-sampled time series", 2020).
//
// With h all states of the cell joined, [u, gi, gf, go] four blocks of x kernel + h recurrent_kernel + bias, and σ the
// logistic function:
//
//     c ← c σ(gf + 1) + tanh(u) σ(gi)
//     h ← tanh(c) σ(go)
//     output, h ← the cell, one step on (x, h)
//
// With an input pattern [inputs, units] each of the four blocks of `kernel` has the weights of the pattern only.
//
// States: those of the cell, then "c" [units]. First values as in ncps: kernel uniform ±√(6 / (inputs + 4 units)), bias
// uniform ±0.1, recurrent_kernel orthonormal columns.

#include "elegans/nn/cell.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::nn {

struct MixedMemoryOptions {
  PatternPtr input_pattern = nullptr;  // [inputs, all states of the cell together]
};

class MixedMemory : public Cell {
 public:
  // ConfigError where a state of the cell has more axes than one, or the pattern another number of columns.
  explicit MixedMemory(CellPtr cell, MixedMemoryOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const CellPtr& cell() const { return cell_; }

  std::vector<StateOptions> states() const override;
  std::int64_t output_size() const override { return cell_->output_size(); }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "MixedMemory"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;

 private:
  CellPtr cell_;
  MixedMemoryOptions options_;
  std::int64_t units_ = 0;
  ops::ConnectionsPtr connections_;  // of a kernel that is not full
  WeightPtr kernel_, recurrent_kernel_, bias_;
};

}  // namespace elegans::nn
