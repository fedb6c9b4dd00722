#pragma once
// CfC: a closed-form continuous-time network over a sequence, under the names and with the defaults of ncps.
//
//     CfC layer(32);                                                    x [batch, time, inputs] → [batch, time, 32]
//     CfC layer(wiring::AutoNCP({.units = 28, .output_size = 4}));      → [batch, time, 4]
//     CfC layer(20, {.return_sequences = false, .mode = CfCMode::pure, .backbone_units = 64});
//
// The equations stand in nn/cfc_cell.hpp and, with a wiring, nn/wired_cfc_cell.hpp, those of the mixed memory in
// nn/mixed_memory.hpp; Δt, lengths and states in nn/rnn.hpp.

#include <optional>

#include "elegans/nn/rnn.hpp"
#include "elegans/nn/wired_cfc_cell.hpp"

namespace elegans::nn {

struct CfCOptions {
  std::int64_t proj_size = 0;  // RnnOptions::projection
  bool return_sequences = true;
  bool mixed_memory = false;
  CfCMode mode = CfCMode::gated;
  // Of the backbone, and which inputs feed it: a wired CfC has its wiring for that.
  std::optional<Activation> activation = {};         // lecun_tanh
  std::optional<std::int64_t> backbone_units = {};   // 128
  std::optional<std::int64_t> backbone_layers = {};  // 1
  std::optional<double> backbone_dropout = {};       // 0
  PatternPtr input_pattern = nullptr;                // CfCCellOptions::input_pattern
  bool go_backwards = false;
  std::int64_t checkpoint_every = 0;
};

class CfC : public RNN {
 public:
  // ConfigError where an option is out of its range.
  explicit CfC(std::int64_t units, CfCOptions options = {});
  // Wired; ConfigError where an option of the backbone is set.
  explicit CfC(wiring::Wiring wiring, CfCOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const CfCOptions& options() const { return options_; }
  // The cell inside the mixed memory where there is one, else the cell.
  const CellPtr& cfc_cell() const { return cfc_cell_; }

  std::string type() const override { return "CfC"; }
  Json config() const override;

 private:
  CfC(CellPtr cell, CfCOptions options);

  CfCOptions options_;
  CellPtr cfc_cell_;
};

}  // namespace elegans::nn
