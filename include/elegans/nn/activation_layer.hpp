#pragma once
// An activation as a layer of its own, with the options that a name alone cannot carry. Its type is "Activation".
//
//     ActivationLayer a("gelu");
//     ActivationLayer b("leaky_relu", {.negative_slope = 0.01});
//     ActivationLayer c("softmax", {.axis = 1});
//
// x of any shape with the batch in front; y of the same shape (nn/activation_functions.hpp has the equations). A softmax
// over the steps of a sequence is over those that count: behind its end, and where a step is skipped, y is 0.

#include <optional>

#include "elegans/nn/activation.hpp"
#include "elegans/nn/layer.hpp"

namespace elegans::nn {

// Each belongs to some activations alone.
struct ActivationLayerOptions {
  std::optional<double> negative_slope = {};  // of leaky_relu: 0.2
  std::optional<double> alpha = {};           // of elu: 1
  std::optional<std::int64_t> axis = {};      // of softmax and log_softmax: −1, the last; negative from the end
  friend bool operator==(const ActivationLayerOptions&, const ActivationLayerOptions&) = default;
};

class ActivationLayer : public Layer {
 public:
  // ConfigError for an option that the activation does not have, and one that is not finite.
  explicit ActivationLayer(Activation activation, ActivationLayerOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const Activation& activation() const { return activation_; }
  const ActivationLayerOptions& options() const { return options_; }

  std::string type() const override { return "Activation"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override { return input; }
  // Not over the steps of a sequence, which no step knows.
  bool streams() const override;

 protected:
  // ShapeError where `axis` is none of the input's, or the batch.
  void on_build(const Shape& input) override;
  Value call(Context& context, Value x) override;

 private:
  // Where the softmax goes over the steps of x; ShapeError where it would go over the batch.
  bool is_over_time(const Shape& x) const;
  Value over_time(Context& context, Value x);

  Activation activation_;
  ActivationLayerOptions options_;
  bool streams_ = true;
};

}  // namespace elegans::nn
