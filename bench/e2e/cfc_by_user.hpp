#pragma once
// A gated CfC over the layers of a wiring, as somebody would write it who has only graph functions: the arithmetic of
// nn::WiredCfCCell (the equations stand in elegans/nn/cfc_cell.hpp). What it costs more than that one is what a cell of
// one's own costs more than a built-in one.

#include "elegans/nn/cell.hpp"
#include "elegans/ops/connections.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::bench {

class CfCByUser : public nn::Cell {
 public:
  explicit CfCByUser(wiring::Wiring wiring) : wiring_(std::move(wiring)) {}

  std::vector<nn::StateOptions> states() const override;
  std::int64_t output_size() const override { return wiring_.output_dim(); }
  nn::CellOutput step(nn::Context& context, nn::Value x, const std::vector<nn::Value>& state, nn::Value dt) override;
  std::string type() const override { return "CfCByUser"; }
  nn::Json config() const override;

 protected:
  void on_build(const Shape& input) override;

 private:
  struct Head {
    nn::WeightPtr kernel, recurrent_kernel, bias;
  };
  struct Layer {
    ops::ConnectionsPtr synapses;
    Head f1, f2, a, b;
  };

  wiring::Wiring wiring_;
  std::vector<Layer> layers_;
};

}  // namespace elegans::bench
