#include "elegans/nn/dropout.hpp"

#include <fmt/format.h>

#include "elegans/base/json.hpp"

namespace elegans::nn {

Dropout::Dropout(double rate, DropoutOptions options) : rate_(rate), options_(std::move(options)) {
  if (!(rate >= 0 && rate < 1)) throw ConfigError({"Dropout", "rate", fmt::format("{}", rate), "in [0, 1)", ""});
}

Shape Dropout::noise_shape(Shape input) const {
  const Shape of = input;
  for (const std::int64_t axis : options_.shared_axes) input[axis_of(axis, of, "Dropout")] = 1;
  return input;
}

Value Dropout::call(Context& context, Value x) {
  if (!context.training() || rate_ == 0) return x;
  return x * context.dropout_mask(path(), noise_shape(x.shape()), rate_, x.dtype());
}

Json Dropout::config() const { return {{"rate", rate_}, {"shared_axes", options_.shared_axes}}; }

LayerPtr Dropout::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"rate", "shared_axes"});
  DropoutOptions options;
  if (object.has("shared_axes")) options.shared_axes = object.integers("shared_axes", {.at_least = -8, .at_most = 7});
  return std::make_shared<Dropout>(object.number("rate", {.at_least = 0, .below = 1}), std::move(options));
}

}  // namespace elegans::nn
