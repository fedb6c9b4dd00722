#pragma once
// CTGRU: a continuous-time GRU over a sequence.
//
//     CTGRU layer(32);                                                   x [batch, time, inputs] → [batch, time, 32]
//     CTGRU layer(32, {.scales = 5, .tau = 0.5}, {.return_sequences = false});
//
// The equations stand in nn/ctgru_cell.hpp; Δt, lengths and states in nn/rnn.hpp.

#include "elegans/nn/cell_layer.hpp"
#include "elegans/nn/ctgru_cell.hpp"

namespace elegans::nn {

class CTGRU : public CellLayer {
 public:
  // ConfigError where an option is out of its range.
  explicit CTGRU(std::int64_t units, CTGRUCellOptions cell = {}, CellLayerOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const CTGRUCell& ctgru_cell() const { return static_cast<const CTGRUCell&>(*inner()); }
  std::string type() const override { return "CTGRU"; }

 private:
  CTGRU(CellPtr cell, CellLayerOptions options) : CellLayer(std::move(cell), options) {}
};

}  // namespace elegans::nn
