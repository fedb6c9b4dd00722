#include <fmt/format.h>
#include <limits>
#include <map>
#include <optional>

#include "elegans/base/json.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/registry.hpp"

namespace elegans::model {
namespace {

using nlohmann::json;

// [batch, time, 3] as ["batch", "time", 3].
json shape_config(const Shape& shape) {
  json sizes = json::array();
  for (const Dim& dim : shape) sizes.push_back(dim.is_constant() ? json(dim.factor()) : json(to_string(dim)));
  return sizes;
}

Shape shape_from(const JsonObject& object) {
  const json& sizes = object.at("input_shape");
  const bool is_row = sizes == json::array({"batch", sizes.is_array() && !sizes.empty() ? sizes.back() : json()});
  const bool is_sequence = sizes.is_array() && sizes.size() == 3 && sizes[0] == "batch" && sizes[1] == "time";
  const bool fits =
      (is_row || is_sequence) && is_integer_from(sizes.back(), 1, std::numeric_limits<std::int64_t>::max());
  if (!fits) throw object.error("input_shape", "[\"batch\", \"time\", features], [\"batch\", features] or null");
  const Dim features = sizes.back().get<std::int64_t>();
  return is_sequence ? Shape{Dim::batch(), Dim::time(), features} : Shape{Dim::batch(), features};
}

std::uint64_t seed_from(const JsonObject& object) {
  const json& seed = object.at("seed");
  if (!seed.is_number_unsigned()) throw object.error("seed", "an integer 0 … 2^64 − 1");
  return seed.get<std::uint64_t>();
}

// A configuration lists every layer with all of its parts; it cannot say that two of them are one.
void refuse_shared(const nn::Module& module, const std::string& layer,
                   std::map<const nn::Module*, std::string>& owners) {
  for (const auto& part : module.parts()) {
    const auto [owner, is_new] = owners.emplace(part.get(), layer);
    if (!is_new)
      throw ConfigError({"configuration", fmt::format("part '{}' of layer '{}'", part->name(), layer),
                         fmt::format("shared with layer '{}'", owner->second), "a part of one layer",
                         "A model whose layers share weights can be trained and run, but not saved."});
    refuse_shared(*part, layer, owners);
  }
}

}  // namespace

json Sequential::config() const {
  std::map<const nn::Module*, std::string> owners;
  for (const nn::LayerPtr& layer : layers_) owners.emplace(layer.get(), layer->name());
  for (const nn::LayerPtr& layer : layers_) refuse_shared(*layer, layer->name(), owners);
  json layers = json::array();
  for (const nn::LayerPtr& layer : layers_) layers.push_back(nn::to_config(*layer));
  return {{"type", "Sequential"},
          {"name", options_.name},
          {"dtype", to_string(options_.dtype)},
          {"seed", options_.seed},
          {"input_shape", built_ ? shape_config(input_) : json()},
          {"layers", std::move(layers)}};
}

Sequential Sequential::from_config(const json& config, std::string_view source_name) {
  return read(config, source_name, nullptr);
}

Sequential Sequential::read(const json& config, std::string_view source_name,
                            const std::shared_ptr<const nn::FirstValues>& first_values) {
  const JsonObject object(config, std::string(source_name), {"type", "name", "dtype", "seed", "input_shape", "layers"});
  object.choice("type", {"Sequential"});
  Sequential model({.name = object.text("name"),
                    .dtype = dtype_named(object.choice("dtype", {"f32", "f64"})),
                    .seed = seed_from(object)});
  const json& layers = object.at("layers");
  if (!layers.is_array()) throw object.error("layers", "a list");
  std::optional<Shape> input;
  if (!object.at("input_shape").is_null()) input = shape_from(object);
  std::optional<Shape> reads = input;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const nn::LayerPtr layer = nn::make_layer(layers[i], fmt::format("{}: layer {}", source_name, i));
    layer->take_first_values(first_values);
    model.add(layer);
    if (!reads) continue;
    // Now and not after all were made: a circuit is drawn when its layer is, and a file that lacks its weights ends here.
    layer->build(*reads);
    reads = layer->compute_output_shape(*reads);
  }
  if (input) model.build(*input);
  for (const nn::LayerPtr& layer : model.layers_) layer->take_first_values(nullptr);
  return model;
}

}  // namespace elegans::model
