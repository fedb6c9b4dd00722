#include "elegans/nn/residual.hpp"

#include <fmt/format.h>

#include "elegans/base/json.hpp"
#include "elegans/nn/registry.hpp"

namespace elegans::nn {

Residual::Residual(LayerPtr layer) : layer_(std::move(layer)) {
  if (!layer_) throw ConfigError({"Residual", "layer", "null", "a layer", ""});
  add_part(layer_->name(), layer_);
}

Shape Residual::compute_output_shape(const Shape& input) const {
  if (const Shape inner = layer_->compute_output_shape(input); inner != input)
    throw ShapeError({path(), fmt::format("the output of '{}'", layer_->name()), to_string(inner),
                      to_string(input) + ", as its input is, for the two are added",
                      "Give it as many units as it has inputs, and return_sequences = true."});
  return input;
}

void Residual::on_build(const Shape& input) {
  compute_output_shape(input);
  layer_->build(input);
}

Value Residual::call(Context& context, Value x) { return x + (*layer_)(context, x); }

Json Residual::config() const { return {{"layer", to_config(*layer_)}}; }

LayerPtr Residual::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"layer"});
  return std::make_shared<Residual>(make_layer(object.at("layer"), source_name + ": key 'layer'"));
}

}  // namespace elegans::nn
