#pragma once
// A penalty on what flows through, while training; the numbers stay as they are.
//
//     ActivityRegularisation layer(l1(1e-3));     behind a layer whose answers are to be few
//
// What the loss gets stands in nn/regulariser.hpp.

#include "elegans/nn/layer.hpp"

namespace elegans::nn {

class ActivityRegularisation : public Layer {
 public:
  // ConfigError where there is no penalty.
  explicit ActivityRegularisation(Regulariser regulariser);
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const Regulariser& regulariser() const { return regulariser_; }

  std::string type() const override { return "ActivityRegularisation"; }
  Json config() const override;
  Shape compute_output_shape(const Shape& input) const override { return input; }

 protected:
  void on_build(const Shape&) override {}
  Value call(Context& context, Value x) override;

 private:
  Regulariser regulariser_;
};

}  // namespace elegans::nn
