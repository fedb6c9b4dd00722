#pragma once
// The closed-form continuous-time cell (CfC).
//
// With z = [x, h], passed through `backbone_layers` dense layers of `backbone_units` with `activation` (each but the
// first followed by dropout while training), and σ the logistic function:
//
//     gated ("default")   h ← f1 (1 − g) + g f2      f1 = tanh(z W1 + b1)   f2 = tanh(z W2 + b2)
//                                                    g = σ((z Wa + ba) Δt + (z Wb + bb))
//     no_gate             h ← f1 + g f2
//     pure                h ← A − A e^{−Δt (|w_tau| + |F|)} F        F = z W1 + b1
//
// The output is the state. What reads z has two kernels, one for x and one ("recurrent") for h, so that the products
// with the inputs of all steps can be one. First values are those of ncps: kernels uniform ±√(6 / (fan_in + fan_out)),
// counted for the joined matrix [x, h] → units (w_tau and A as for a matrix [units, 1]), biases uniform ±1/√fan_in.
//
// With an input pattern the kernel of the first backbone layer for x, without a backbone those of f1 and f2 for x, have
// the weights of the pattern only; everything else is full. Without a backbone this is one layer of a wired cell
// (nn/wired_cfc_cell.hpp).
//
// Dropout draws anew at every step of a sequence, as in ncps.
//
// Source: Hasani et al., "Closed-form continuous-time neural networks", Nature Machine Intelligence 4, 2022; names and
// defaults are those of ncps, where "lecun_tanh" is 1.7159 tanh(0.666 x).

#include <optional>
#include <string_view>

#include "elegans/nn/activation.hpp"
#include "elegans/nn/cell.hpp"
#include "elegans/ops/connections.hpp"

namespace elegans::nn {

enum class CfCMode { gated, no_gate, pure };

// ncps' names: "default", "no_gate", "pure". ConfigError with the nearest names for another.
std::string_view name(CfCMode mode);
CfCMode cfc_mode(std::string_view name);

struct CfCCellOptions {
  CfCMode mode = CfCMode::gated;
  Activation activation = Activation::lecun_tanh;
  std::int64_t backbone_units = 128;
  std::int64_t backbone_layers = 1;
  double backbone_dropout = 0;
  PatternPtr input_pattern = nullptr;  // [inputs, backbone_units], without a backbone [inputs, units]
};

class CfCCell : public Cell {
 public:
  // ConfigError where an option is out of its range.
  explicit CfCCell(std::int64_t units, CfCCellOptions options = {});
  static CellPtr from_config(const Json& config, const std::string& source_name);

  std::int64_t units() const { return units_; }
  const CfCCellOptions& options() const { return options_; }

  std::vector<StateOptions> states() const override { return {{.name = "h", .shape = Shape{units_}}}; }
  std::int64_t output_size() const override { return units_; }
  std::optional<std::size_t> output_state() const override { return 0; }
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "CfCCell"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;
  // That of f1 and f2, which have no pattern of their own where it is full.
  std::vector<PatternPtr> own_patterns() const override;

 private:
  // An affine map of [x, h], or of what the backbone gives.
  struct Affine {
    ops::ConnectionsPtr connections;  // of a kernel that is not full
    WeightPtr kernel;                 // null where no weight exists
    WeightPtr recurrent_kernel;       // null after the backbone
    WeightPtr bias;
  };
  Affine add_affine(const std::string& name, std::int64_t inputs, std::int64_t recurrent, std::int64_t outputs,
                    const PatternPtr& pattern = nullptr);
  Value affine(Context& context, const Affine& map, Value x, Value h) const;

  std::int64_t units_;
  CfCCellOptions options_;
  std::vector<Affine> backbone_;
  Affine ff1_, ff2_, time_a_, time_b_;
  WeightPtr w_tau_, a_;
};

}  // namespace elegans::nn
