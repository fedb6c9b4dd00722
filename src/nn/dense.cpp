#include "elegans/nn/dense.hpp"

#include <fmt/format.h>

#include "elegans/base/json.hpp"
#include "elegans/nn/connections_of.hpp"
#include "elegans/wiring/config.hpp"
#include "nn/pattern_config.hpp"
#include "nn/polarity_names.hpp"
#include "nn/weight_config.hpp"

namespace elegans::nn {
namespace {

const std::vector<std::string> storage_names{"sparse", "dense"};

DenseOptions checked(DenseOptions options) {
  const char* who = "Dense";
  if (options.wiring && options.pattern)
    throw ConfigError({who, "circuit", "given twice, as wiring and as pattern", "one of them", ""});
  const bool circuit = options.wiring || options.pattern;
  const std::int64_t own = options.wiring ? options.wiring->units() : options.pattern ? options.pattern->columns() : 0;
  if (circuit && options.units == 0) options.units = own;
  if (circuit && options.units != own)
    throw ConfigError({who, "units", fmt::format("{}", options.units),
                       fmt::format("{}, those of the {}", own, options.wiring ? "wiring" : "pattern"),
                       "Leave units out."});
  if (options.units < 1) throw ConfigError({who, "units", fmt::format("{}", options.units), "1 or more", ""});
  if (!circuit && options.polarity != Polarity::ignored)
    throw ConfigError(
        {who, "polarity", name(options.polarity), "ignored", "Signs come from a circuit: pass a wiring or a pattern."});
  if (!circuit && options.storage != Storage::sparse)
    throw ConfigError(
        {who, "storage", "dense", "a wiring or a pattern beside it", "Without one every weight is stored anyway."});
  return options;
}

}  // namespace

Dense::Dense(DenseOptions options) : options_(checked(std::move(options))) {}
Dense::Dense(std::int64_t units, Activation activation)
    : Dense(DenseOptions{.units = units, .activation = std::move(activation)}) {}

Shape Dense::compute_output_shape(const Shape& input) const {
  if (input.rank() < 2)
    throw ShapeError({path(), "input", to_string(input), "[..., features] of rank 2 or more",
                      "Put the batch in front: [1, features] for one sample."});
  Shape output = input;
  output[output.rank() - 1] = options_.units;
  return output;
}

void Dense::on_build(const Shape& input) {
  compute_output_shape(input);
  const std::int64_t features = input.back().factor();
  const auto require_features = [&](std::int64_t wanted, const char* of) {
    if (features != wanted)
      throw ShapeError(
          {path(), "input", to_string(input), fmt::format("[..., {}], the inputs of the {}", wanted, of), ""});
  };
  pattern_ = options_.pattern;
  if (pattern_) require_features(pattern_->rows(), "pattern");
  if (options_.wiring) {
    if (options_.wiring->is_built()) require_features(options_.wiring->input_dim(), "wiring");
    pattern_ = options_.wiring->pattern(features);
  }
  kernel_ = add_weight({.name = "kernel",
                        .shape = {features, options_.units},
                        .initialiser = options_.kernel_initialiser,
                        .regulariser = options_.kernel_regulariser,
                        .constraint = options_.kernel_constraint,
                        .pattern = pattern_,
                        .storage = options_.storage,
                        .polarity = options_.polarity});
  if (options_.use_bias)
    bias_ = add_weight({.name = "bias",
                        .shape = {options_.units},
                        .initialiser = options_.bias_initialiser,
                        .regulariser = options_.bias_regulariser,
                        .constraint = options_.bias_constraint});
}

Value Dense::call(Context& context, Value x) {
  const Value kernel = context.weight(kernel_);
  Value y = pattern_ ? sparse_matmul(x, kernel, connections_of(pattern_)) : matmul(x, kernel);
  if (bias_) y = y + context.weight(bias_);
  y = options_.activation(y);
  context.add_activity_loss(options_.activity_regulariser, y);
  return y;
}

Json Dense::config() const {
  const std::string who = path();
  Json config = {{"units", options_.units},
                 {"activation", to_config(options_.activation, who)},
                 {"use_bias", options_.use_bias},
                 {"kernel_initialiser", to_config(options_.kernel_initialiser)},
                 {"bias_initialiser", to_config(options_.bias_initialiser)},
                 {"kernel_regulariser", to_config(options_.kernel_regulariser, who)},
                 {"bias_regulariser", to_config(options_.bias_regulariser, who)},
                 {"kernel_constraint", to_config(options_.kernel_constraint, who)},
                 {"bias_constraint", to_config(options_.bias_constraint, who)}};
  if (options_.activity_regulariser) config["activity_regulariser"] = to_config(options_.activity_regulariser, who);
  if (options_.wiring) config["wiring"] = wiring::to_config(*options_.wiring);
  if (options_.pattern) config["pattern"] = to_config(*options_.pattern);
  if (options_.wiring || options_.pattern) {
    config["polarity"] = nn::name(options_.polarity);
    config["storage"] = storage_names[static_cast<std::size_t>(options_.storage)];
  }
  return config;
}

LayerPtr Dense::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name,
                          {"units", "activation", "use_bias", "wiring", "pattern", "polarity", "storage",
                           "kernel_initialiser", "bias_initialiser", "kernel_regulariser", "bias_regulariser",
                           "activity_regulariser", "kernel_constraint", "bias_constraint"});
  DenseOptions options;
  const auto within = [&](const char* key) { return fmt::format("{}: key '{}'", source_name, key); };
  options.units = object.integer("units", {1, wiring::SynapseMatrix::max_extent});
  options.activation = Activation(object.text("activation", "linear"));
  options.use_bias = object.boolean("use_bias", true);
  if (object.has("wiring")) options.wiring = wiring::from_config(object.at("wiring"), within("wiring"));
  if (object.has("pattern")) options.pattern = pattern_from(object.at("pattern"), within("pattern"));
  options.polarity = polarity_from(object, "polarity");
  options.storage =
      object.choice("storage", storage_names, storage_names[0]) == "dense" ? Storage::dense : Storage::sparse;
  const WeightConfig weights{object, source_name};
  weights.read("kernel_initialiser", options.kernel_initialiser);
  weights.read("bias_initialiser", options.bias_initialiser);
  weights.read("kernel_regulariser", options.kernel_regulariser);
  weights.read("bias_regulariser", options.bias_regulariser);
  weights.read("activity_regulariser", options.activity_regulariser);
  weights.read("kernel_constraint", options.kernel_constraint);
  weights.read("bias_constraint", options.bias_constraint);
  return std::make_shared<Dense>(std::move(options));
}

}  // namespace elegans::nn
