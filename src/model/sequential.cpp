#include "elegans/model/sequential.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>

#include "elegans/base/text.hpp"
#include "model/predictions.hpp"

namespace elegans::model {
namespace {

std::string default_name(const nn::Layer& layer) {
  std::string name = layer.type();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// The shape with its batch, and the time of a sequence, left open.
Shape open_shape(const Shape& input, const std::string& name) {
  const bool fits = (input.rank() == 2 || input.rank() == 3) && input.back().is_constant() && input.back().factor() > 0;
  if (!fits) {
    throw ShapeError({name + ", build", "input", to_string(input), "[batch, time, features] or [batch, features]",
                      "A single sequence is a batch of one."});
  }
  return input.rank() == 3 ? Shape{Dim::batch(), Dim::time(), input.back()} : Shape{Dim::batch(), input.back()};
}

}  // namespace

Sequential::Sequential(SequentialOptions options) : options_(std::move(options)) {
  if (options_.name.empty()) throw ConfigError({"Sequential", "name", "empty", "a name", ""});
  if (!is_floating(options_.dtype)) {
    throw ConfigError(
        {"Sequential", "dtype", std::string(to_string(options_.dtype)), "f32 or f64", "Integers cannot be trained."});
  }
}

Sequential::~Sequential() = default;
Sequential::Sequential(Sequential&&) noexcept = default;
Sequential& Sequential::operator=(Sequential&&) noexcept = default;

void Sequential::name_layer(nn::Layer& layer) const {
  const auto is_taken = [&](const std::string& name) {
    return std::any_of(layers_.begin(), layers_.end(),
                       [&](const nn::LayerPtr& other) { return other->name() == name; });
  };
  std::string name = layer.name();
  if (!is_taken(name)) return;
  const std::string stem = default_name(layer);
  if (name != stem) {
    throw ConfigError({options_.name + ", add", "the layer's name", quote(name) + ", which is taken", "a new name",
                       "Call set_name, or leave it to the model."});
  }
  for (int number = 1; is_taken(name); ++number) name = fmt::format("{}_{}", stem, number);
  layer.set_name(name);
}

Sequential& Sequential::add(nn::LayerPtr layer) {
  const std::string operation = options_.name + ", add";
  if (!layer) throw ConfigError({operation, "layer", "null", "a layer", ""});
  if (built_) {
    throw ConfigError({operation, "layer " + quote(layer->name()), "added to a model that is built",
                       "all layers before build()", "Make a new model."});
  }
  if (std::find(layers_.begin(), layers_.end(), layer) != layers_.end()) {
    throw ConfigError({operation, "layer " + quote(layer->name()), "in the model already", "each layer once",
                       "Make a second layer of the same options."});
  }
  name_layer(*layer);
  layer->set_numbers(options_.dtype, options_.seed);
  layers_.push_back(std::move(layer));
  return *this;
}

void Sequential::build(const Shape& input) {
  const Shape opened = open_shape(input, options_.name);
  if (built_) {
    if (opened == input_) return;
    throw ShapeError({options_.name + ", build", "input", to_string(opened),
                      to_string(input_) + ", as it was built for", "Make a new model."});
  }
  if (layers_.empty()) {
    throw ConfigError({options_.name + ", build", "the model", "without layers", "one or more", "add() layers first."});
  }
  Shape shape = opened;
  for (const nn::LayerPtr& layer : layers_) {
    layer->build(shape);
    shape = layer->compute_output_shape(shape);
  }
  const bool is_row = shape.rank() == 2 && shape[0] == Dim::batch();
  const bool is_sequence = shape.rank() == 3 && shape[0] == Dim::batch() && shape[1] == Dim::time();
  const bool is_answer = (is_row || is_sequence) && shape.back().is_constant();
  if (!is_answer) {
    throw ShapeError({options_.name + ", build", "output", to_string(shape),
                      "[batch, time, outputs] or [batch, outputs]",
                      "End with a layer that gives one row a step or a sequence."});
  }
  input_ = opened;
  output_ = shape;
  built_ = true;
}

void Sequential::build(std::int64_t features) { build(Shape{Dim::batch(), Dim::time(), features}); }

const Shape& Sequential::input_shape() const {
  if (!built_)
    throw ConfigError({options_.name, "its shape", "not known yet", "a model that is built", "Call build(input)."});
  return input_;
}

const Shape& Sequential::output_shape() const {
  input_shape();
  return output_;
}

bool Sequential::streams() const {
  return std::all_of(layers_.begin(), layers_.end(), [](const nn::LayerPtr& layer) { return layer->streams(); });
}

std::vector<nn::WeightPtr> Sequential::weights() const {
  std::vector<nn::WeightPtr> all;
  for (const nn::LayerPtr& layer : layers_) {
    for (const nn::WeightPtr& weight : layer->weights()) {
      if (std::find(all.begin(), all.end(), weight) == all.end()) all.push_back(weight);
    }
  }
  return all;
}

nn::Value Sequential::operator()(nn::Context& context, nn::Value x) {
  if (!built_) build(x.shape());
  for (const nn::LayerPtr& layer : layers_) x = (*layer)(context, x);
  return x;
}

}  // namespace elegans::model
