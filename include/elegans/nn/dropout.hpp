#pragma once
// Dropout: while training, each number is 0 with probability `rate`, else divided by 1 − rate; otherwise x as it is.
//
//     Dropout a(0.2);
//     Dropout b(0.2, {.shared_axes = {1}});     of a sequence: the same features at every step
//
// Along the axes that are shared one draw counts for all numbers (Keras: 1 in noise_shape, SpatialDropout1D). Numbers
// follow from the model's seed, the layer's path and the step of training alone.
//
// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

#include "elegans/nn/layer.hpp"

namespace elegans::nn {

struct DropoutOptions {
  std::vector<std::int64_t> shared_axes = {};  // negative ones count from the end
};

class Dropout : public Layer {
 public:
  // ConfigError where the rate is not in [0, 1).
  explicit Dropout(double rate, DropoutOptions options = {});
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  double rate() const { return rate_; }
  const DropoutOptions& options() const { return options_; }

  std::string type() const override { return "Dropout"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override { return input; }

 protected:
  // ShapeError where a shared axis is none of the input's.
  void on_build(const Shape& input) override { noise_shape(input); }
  Value call(Context& context, Value x) override;

 private:
  Shape noise_shape(Shape input) const;

  double rate_;
  DropoutOptions options_;
};

}  // namespace elegans::nn
