#pragma once
// The wired CfC cell: one CfC cell without backbone (nn/cfc_cell.hpp) for each layer of a wiring, in the order in which
// data flows (of an NCP: inter, command, motor).
//
// Layer l reads [output of layer l − 1 (of the inputs for the first), its own state]. Of the first part the kernels of
// f1 and f2 have only the weights for which the wiring has a synapse; the second part, and the kernels of the gate, are
// full. The output is the state of the last layer. (Synapses within a layer, and those that skip one, play no part: the
// blocks that stand for them are full or absent. A wiring of one layer, as FullyConnected and Random are, thus gives
// all units as output.)
//
// States: one a layer, "inter" [N], "command" [C], "motor" [M] (the types of the layers' neurons, or "layer_0", …,
// where two are alike). ncps keeps the same numbers one after the other in one state, in this order.

#include "elegans/nn/cfc_cell.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::nn {

struct WiredCfCCellOptions {
  CfCMode mode = CfCMode::gated;
  friend bool operator==(const WiredCfCCellOptions&, const WiredCfCCellOptions&) = default;
};

class WiredCfCCell : public Cell {
 public:
  // The wiring is copied; the copy is built for the inputs that the cell sees.
  explicit WiredCfCCell(wiring::Wiring wiring, WiredCfCCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const wiring::Wiring& wiring() const { return wiring_; }
  const WiredCfCCellOptions& options() const { return options_; }

  std::vector<StateOptions> states() const override;
  std::int64_t output_size() const override;
  std::optional<std::size_t> output_state() const override { return wiring_.layers().size() - 1; }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "WiredCfCCell"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;

 private:
  std::string layer_name(std::size_t layer) const;

  wiring::Wiring wiring_;
  WiredCfCCellOptions options_;
  std::vector<std::shared_ptr<CfCCell>> layers_;
};

}  // namespace elegans::nn
