#include "elegans/nn/activation_layer.hpp"

#include <fmt/format.h>
#include <cmath>
#include <limits>

#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/activation_functions.hpp"

namespace elegans::nn {
namespace {

bool over_an_axis(const Activation& activation) {
  return activation.is(Activation::softmax) || activation.is(Activation::log_softmax);
}

void check(const Activation& activation, const ActivationLayerOptions& options) {
  const auto check_option = [&](const char* name, bool given, bool known, const char* of) {
    if (given && !known)
      throw ConfigError({"Activation", name, "given for " + quote(activation.name()), of, "Leave it out."});
  };
  check_option("negative_slope", options.negative_slope.has_value(), activation.is(Activation::leaky_relu),
               "'leaky_relu'");
  check_option("alpha", options.alpha.has_value(), activation.is(Activation::elu), "'elu'");
  check_option("axis", options.axis.has_value(), over_an_axis(activation), "'softmax' or 'log_softmax'");
  for (const auto& [name, number] : {std::pair{"negative_slope", options.negative_slope}, {"alpha", options.alpha}})
    if (number && !std::isfinite(*number))
      throw ConfigError({"Activation", name, fmt::format("{}", *number), "a finite number", ""});
}

}  // namespace

ActivationLayer::ActivationLayer(Activation activation, ActivationLayerOptions options)
    : activation_(std::move(activation)), options_(options) {
  check(activation_, options_);
}

void ActivationLayer::on_build(const Shape& input) { streams_ = !is_over_time(input); }

bool ActivationLayer::is_over_time(const Shape& x) const {
  if (!options_.axis) return false;
  const std::size_t axis = axis_of(*options_.axis, x, "Activation");
  if (axis == 0)
    throw ShapeError({path(), "axis", fmt::format("{}, the batch", *options_.axis), "another axis of the input",
                      "Samples of a batch have nothing to do with each other."});
  return axis == 1 && is_sequence(x);
}

bool ActivationLayer::streams() const { return streams_; }

// A step that does not count has a score so low that it has no share, and the answer 0.
Value ActivationLayer::over_time(Context& context, Value x) {
  const auto function = [&](Value scores) {
    return activation_.is(Activation::softmax) ? softmax(scores, 1) : log_softmax(scores, 1);
  };
  const std::optional<Value> valid = context.valid_steps(x.shape()[0], x.shape()[1], x.dtype());
  if (!valid) return function(x);
  constexpr double lowest = std::numeric_limits<float>::lowest() / 4;
  const Value counts = broadcast_to(along_steps(*valid, x.shape()), x.shape());
  const Value y = function(select(counts, x, constant(x, lowest)));
  return select(counts, y, constant(y, 0));
}

Value ActivationLayer::call(Context& context, Value x) {
  if (options_.negative_slope) return leaky_relu(x, *options_.negative_slope);
  if (options_.alpha) return elu(x, *options_.alpha);
  if (is_over_time(x.shape())) return over_time(context, x);
  if (options_.axis)
    return activation_.is(Activation::softmax) ? softmax(x, *options_.axis) : log_softmax(x, *options_.axis);
  return activation_(x);
}

Json ActivationLayer::config() const {
  Json config{{"activation", to_config(activation_, path())}};
  if (options_.negative_slope) config["negative_slope"] = *options_.negative_slope;
  if (options_.alpha) config["alpha"] = *options_.alpha;
  if (options_.axis) config["axis"] = *options_.axis;
  return config;
}

LayerPtr ActivationLayer::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"activation", "negative_slope", "alpha", "axis"});
  ActivationLayerOptions options;
  if (object.has("negative_slope")) options.negative_slope = object.number("negative_slope");
  if (object.has("alpha")) options.alpha = object.number("alpha");
  if (object.has("axis")) options.axis = object.integer("axis", {.at_least = -8, .at_most = 7});
  return std::make_shared<ActivationLayer>(Activation(object.text("activation")), options);
}

}  // namespace elegans::nn
