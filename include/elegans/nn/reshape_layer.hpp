#pragma once
// Layers that only say how numbers stand: row-major order stays as it is, and so does the batch in front.
//
//     Flatten flat;                 [batch, ...] → [batch, product]
//     ReshapeLayer shape({4, 8});   [batch, 32] → [batch, 4, 8]; one size may be −1, which is what is left
//
// In a sequence [batch, time, ...] they are to be applied to every step (nn/time_distributed.hpp): the number of steps
// is not known before the network runs.

#include "elegans/nn/layer.hpp"

namespace elegans::nn {

// Its type is "Reshape".
class ReshapeLayer : public Layer {
 public:
  // ConfigError where a size is neither −1, once, nor 1 or more.
  explicit ReshapeLayer(std::vector<std::int64_t> sizes);
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  const std::vector<std::int64_t>& sizes() const { return sizes_; }  // without the batch

  std::string type() const override { return "Reshape"; }
  Json config() const override;
  // ShapeError where the numbers of a sample are not as many, or how many is not known.
  Shape compute_output_shape(const Shape& input) const override;

 protected:
  void on_build(const Shape& input) override { compute_output_shape(input); }
  Value call(Context& context, Value x) override;

 private:
  std::vector<std::int64_t> sizes_;
};

class Flatten : public ReshapeLayer {
 public:
  Flatten() : ReshapeLayer({-1}) {}
  static LayerPtr from_config(const Json& config, const std::string& source_name);

  std::string type() const override { return "Flatten"; }
  Json config() const override { return Json::object(); }
};

}  // namespace elegans::nn
