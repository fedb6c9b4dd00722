#pragma once
// A layer with a way around it: y = x + f(x).
//
//     Residual layer(LSTM(32));      x [batch, time, 32] → [batch, time, 32]
//
// The inner layer must give back the shape that it reads. Source: He et al., "Deep residual learning for image
// recognition", 2016.

#include <concepts>

#include "elegans/nn/layer.hpp"

namespace elegans::nn {

class Residual : public Layer {
 public:
  // ConfigError where the layer is null.
  explicit Residual(LayerPtr layer);
  template <std::derived_from<Layer> L>
  requires(!std::same_as<L, Residual>) explicit Residual(L layer)
      : Residual(LayerPtr(std::make_shared<L>(std::move(layer)))) {}
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const LayerPtr& layer() const { return layer_; }

  std::string type() const override { return "Residual"; }
  Json config() const override;
  // ShapeError where the inner layer's output has another shape.
  Shape compute_output_shape(const Shape& input) const override;

 protected:
  void on_build(const Shape& input) override;
  Value call(Context& context, Value x) override;

 private:
  LayerPtr layer_;
};

}  // namespace elegans::nn
