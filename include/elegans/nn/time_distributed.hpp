#pragma once
// A layer without time, applied to every step of a sequence:
//
//     TimeDistributed layer(Flatten());     x [batch, time, 4, 8] → [batch, time, 32]
//
// The inner layer sees batch · time samples [batch · time, ...]. (Dense and Activation work on the last axis and need
// no wrapper.) Steps past the end of a sequence are computed like all others.

#include <concepts>

#include "elegans/nn/layer.hpp"

namespace elegans::nn {

class TimeDistributed : public Layer {
 public:
  // ConfigError where the layer is null.
  explicit TimeDistributed(LayerPtr layer);
  template <std::derived_from<Layer> L>
  requires(!std::same_as<L, TimeDistributed>) explicit TimeDistributed(L layer)
      : TimeDistributed(LayerPtr(std::make_shared<L>(std::move(layer)))) {}
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const LayerPtr& layer() const { return layer_; }

  std::string type() const override { return "TimeDistributed"; }
  Json config() const override;
  // ShapeError where the input is not [batch, time, ...].
  Shape compute_output_shape(const Shape& input) const override;

 protected:
  void on_build(const Shape& input) override;
  // ConfigError where the inner layer has a state, which a step of its own cannot carry on, or a penalty of its answers
  // where sequences end early, for it cannot know which steps count.
  Value call(Context& context, Value x) override;

 private:
  // [batch · time, ...]
  Shape steps_of(const Shape& input) const;

  LayerPtr layer_;
};

}  // namespace elegans::nn
