#include "elegans/nn/bidirectional.hpp"

#include <fmt/format.h>
#include <array>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/registry.hpp"

namespace elegans::nn {
namespace {

constexpr std::array<std::string_view, 4> merge_names{"concat", "sum", "ave", "mul"};

std::shared_ptr<RNN> as_sequence_layer(const LayerPtr& layer, const std::string& argument) {
  auto sequence = std::dynamic_pointer_cast<RNN>(layer);
  if (!sequence)
    throw ConfigError({"Bidirectional", argument, layer ? quote(layer->type()) : "null", "a sequence layer",
                       "RNN, LSTM, GRU, SimpleRNN, LTC or CfC, or what is derived from them."});
  return sequence;
}

std::shared_ptr<RNN> backwards(const std::shared_ptr<RNN>& layer) {
  as_sequence_layer(layer, "layer");
  if (layer->sequence().go_backwards)
    throw ConfigError({"Bidirectional", "layer", "one that runs backwards", "the forward layer",
                       "The backward layer is made of it; leave go_backwards out."});
  Json config = to_config(*layer);
  config["config"]["go_backwards"] = true;
  config.erase("name");
  return as_sequence_layer(make_layer(config, "Bidirectional"), "the backward layer");
}

}  // namespace

std::string_view name(Merge merge) { return merge_names[static_cast<std::size_t>(merge)]; }

Merge merge_named(std::string_view name) {
  for (std::size_t i = 0; i < merge_names.size(); ++i)
    if (merge_names[i] == name) return static_cast<Merge>(i);
  throw ConfigError({"Bidirectional", "merge", quote(name), "'concat', 'sum', 'ave' or 'mul'",
                     suggest(name, std::vector<std::string>(merge_names.begin(), merge_names.end()))});
}

Bidirectional::Bidirectional(std::shared_ptr<RNN> layer, BidirectionalOptions options)
    : Bidirectional(layer, backwards(layer), options) {}

Bidirectional::Bidirectional(std::shared_ptr<RNN> forward, std::shared_ptr<RNN> backward, BidirectionalOptions options)
    : forward_(std::move(forward)), backward_(std::move(backward)), options_(options) {
  as_sequence_layer(forward_, "the forward layer");
  as_sequence_layer(backward_, "the backward layer");
  if (forward_->sequence().go_backwards || !backward_->sequence().go_backwards)
    throw ConfigError({"Bidirectional", "go_backwards",
                       fmt::format("{} of the forward layer and {} of the backward one",
                                   forward_->sequence().go_backwards, backward_->sequence().go_backwards),
                       "false and true", ""});
  if (forward_->sequence().return_sequences != backward_->sequence().return_sequences)
    throw ConfigError({"Bidirectional", "return_sequences", "not the same in both layers", "the same", ""});
  if (forward_ == backward_) throw ConfigError({"Bidirectional", "the layers", "one and the same", "two layers", ""});
  add_part("forward", forward_);
  add_part("backward", backward_);
}

Shape Bidirectional::compute_output_shape(const Shape& input) const {
  Shape forward = forward_->compute_output_shape(input);
  const Shape backward = backward_->compute_output_shape(input);
  const std::size_t last = forward.rank() - 1;
  if (options_.merge == Merge::concat)
    forward[last] = forward[last].factor() + backward[last].factor();
  else if (forward != backward)
    throw ShapeError({path(), "the backward layer's output", to_string(backward),
                      fmt::format("{}, as the forward layer's is", to_string(forward)),
                      "Only \"concat\" merges different numbers of features."});
  return forward;
}

void Bidirectional::on_build(const Shape& input) {
  forward_->build(input);
  backward_->build(input);
  compute_output_shape(input);
}

Value Bidirectional::call(Context& context, Value x) {
  const Value forward = (*forward_)(context, x);
  Value backward = (*backward_)(context, x);
  if (backward_->sequence().return_sequences)
    backward = context.lengths ? reverse_sequence(backward, *context.lengths) : reverse_sequence(backward);
  switch (options_.merge) {
    case Merge::concat:
      return graph::concat({forward, backward}, -1);
    case Merge::sum:
      return forward + backward;
    case Merge::average:
      return (forward + backward) * 0.5;
    case Merge::multiply:
      return forward * backward;
  }
  throw InternalError("a merge is missing in its table");
}

Json Bidirectional::config() const {
  return {{"forward", to_config(*forward_)}, {"backward", to_config(*backward_)}, {"merge", nn::name(options_.merge)}};
}

LayerPtr Bidirectional::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"forward", "backward", "merge"});
  const auto part = [&](const char* key) {
    return as_sequence_layer(make_layer(object.at(key), fmt::format("{}: key '{}'", source_name, key)), key);
  };
  const auto forward = part("forward");
  return std::make_shared<Bidirectional>(forward, part("backward"),
                                         BidirectionalOptions{.merge = merge_named(object.text("merge", "concat"))});
}

}  // namespace elegans::nn
