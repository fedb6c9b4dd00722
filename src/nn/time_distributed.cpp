#include "elegans/nn/time_distributed.hpp"

#include <fmt/format.h>
#include <utility>

#include "elegans/base/json.hpp"
#include "elegans/nn/registry.hpp"

namespace elegans::nn {

TimeDistributed::TimeDistributed(LayerPtr layer) : layer_(std::move(layer)) {
  if (!layer_) throw ConfigError({"TimeDistributed", "layer", "null", "a layer", ""});
  add_part(layer_->name(), layer_);
}

Shape TimeDistributed::steps_of(const Shape& input) const {
  if (input.rank() < 3)
    throw ShapeError({path(), "input", to_string(input), "[batch, time, ...] of rank 3 or more",
                      "Without time, take the inner layer alone."});
  Shape steps = input.removed(0);
  steps[0] = input[0] * input[1];
  return steps;
}

Shape TimeDistributed::compute_output_shape(const Shape& input) const {
  const Shape steps = layer_->compute_output_shape(steps_of(input));
  return steps.removed(0).inserted(0, input[1]).inserted(0, input[0]);
}

void TimeDistributed::on_build(const Shape& input) { layer_->build(steps_of(input)); }

Value TimeDistributed::call(Context& context, Value x) {
  const bool uneven = context.lengths || context.mask;
  // What belongs to sequences is not for the steps.
  auto timespans = std::exchange(context.timespans, {});
  auto lengths = std::exchange(context.lengths, {});
  auto mask = std::exchange(context.mask, {});
  const std::size_t states = context.states().size(), penalties = context.activity_losses().size();
  const Value y = (*layer_)(context, reshape(x, steps_of(x.shape())));
  if (context.states().size() != states)
    throw ConfigError({path(), "the inner layer", fmt::format("'{}', which has a state", layer_->name()),
                       "a layer without time", "Take it alone: it runs over the steps itself."});
  if (uneven && context.activity_losses().size() != penalties)
    throw ConfigError({path(), "an activity regulariser of the inner layer", "there", "none where sequences end early",
                       "Put an ActivityRegularisation layer behind this one."});
  context.timespans = std::move(timespans);
  context.lengths = std::move(lengths);
  context.mask = std::move(mask);
  return reshape(y, compute_output_shape(x.shape()));
}

Json TimeDistributed::config() const { return {{"layer", to_config(*layer_)}}; }

LayerPtr TimeDistributed::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"layer"});
  return std::make_shared<TimeDistributed>(make_layer(object.at("layer"), source_name + ": key 'layer'"));
}

}  // namespace elegans::nn
