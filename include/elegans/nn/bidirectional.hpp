#pragma once
// A sequence read in both directions by two layers, each with weights of its own.
//
//     Bidirectional layer(LSTM(16));                        x [batch, time, inputs] → [batch, time, 32]
//     Bidirectional last(CfC(16, {.return_sequences = false}), {.merge = Merge::sum});            → [batch, 16]
//
// The backward layer is another of the same options that reads from the last step to the first, L − 1 to 0; its outputs
// are put back in the order of time and merged with those of the forward layer:
//
//     y[b, t] = merge(forward after the steps 0 … t, backward after the steps L − 1 … t), 0 for t ≥ L
//
// Without return_sequences y is the merge of both last outputs. Δt is the time between samples for both (nn/rnn.hpp).
// Final states are those of both layers, called "<path>/forward/<state>" and "<path>/backward/<state>".
//
// It cannot be run step by step: what comes first depends on the last step. Source: Schuster & Paliwal 1997.

#include <concepts>
#include <string_view>

#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

// How the two directions become one answer. Keras' names: "concat", "sum", "ave", "mul".
enum class Merge { concat, sum, average, multiply };
std::string_view name(Merge merge);
// ConfigError with the nearest names for an unknown one.
Merge merge_named(std::string_view name);

struct BidirectionalOptions {
  Merge merge = Merge::concat;
};

class Bidirectional : public Layer {
 public:
  // ConfigError where the layer runs backwards itself or its type is not registered (nn/registry.hpp).
  explicit Bidirectional(std::shared_ptr<RNN> layer, BidirectionalOptions options = {});
  template <std::derived_from<RNN> L>
  explicit Bidirectional(L layer, BidirectionalOptions options = {})
      : Bidirectional(std::shared_ptr<RNN>(std::make_shared<L>(std::move(layer))), options) {}
  // Two layers of one's own, the second with go_backwards. ConfigError where they do not go together.
  Bidirectional(std::shared_ptr<RNN> forward, std::shared_ptr<RNN> backward, BidirectionalOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const std::shared_ptr<RNN>& forward() const { return forward_; }
  const std::shared_ptr<RNN>& backward() const { return backward_; }
  const BidirectionalOptions& options() const { return options_; }

  std::string type() const override { return "Bidirectional"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override;
  bool streams() const override { return false; }

 protected:
  void on_build(const Shape& input) override;
  Value call(Context& context, Value x) override;

 private:
  std::shared_ptr<RNN> forward_;
  std::shared_ptr<RNN> backward_;
  BidirectionalOptions options_;
};

}  // namespace elegans::nn
