#include "elegans/nn/neural_ode.hpp"

#include <fmt/format.h>

#include "elegans/base/json.hpp"
#include "nn/check_pattern.hpp"
#include "nn/kernel_options.hpp"
#include "nn/pattern_config.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

constexpr std::int64_t most_hidden_layers = 64;

void require(bool holds, const char* argument, const std::string& actual, const std::string& required,
             const char* remedy = "") {
  if (!holds)
    throw ConfigError(
        {.operation = "NeuralODECell", .argument = argument, .actual = actual, .required = required, .remedy = remedy});
}

const std::vector<std::string> keys =
    with_kernel_keys({"units", "activation", "hidden_layers", "hidden_units", "hidden_activation", "solver",
                      "ode_unfolds", "use_bias", "input_pattern"});

NeuralODECellOptions read_options(const JsonObject& object, const std::string& source_name) {
  const NeuralODECellOptions defaults;
  NeuralODECellOptions options{
      .activation = Activation(object.text("activation", "tanh")),
      .hidden_layers = object.integer("hidden_layers", {0, most_hidden_layers}, defaults.hidden_layers),
      .hidden_units = object.integer("hidden_units", {1, wiring::SynapseMatrix::max_extent}, defaults.hidden_units),
      .hidden_activation = Activation(object.text("hidden_activation", "tanh")),
      .solver = solver_named(object.text("solver", "rk4")),
      .ode_unfolds = object.integer("ode_unfolds", {.at_least = 1}, defaults.ode_unfolds),
      .use_bias = object.boolean("use_bias", true)};
  if (object.has("input_pattern"))
    options.input_pattern = pattern_from(object.at("input_pattern"), source_name + ": key 'input_pattern'");
  read_kernel_options(object, source_name, options);
  return options;
}

std::int64_t read_units(const JsonObject& object) {
  return object.integer("units", {1, wiring::SynapseMatrix::max_extent});
}

}  // namespace

NeuralODECell::NeuralODECell(std::int64_t units, NeuralODECellOptions options)
    : units_(units), options_(std::move(options)) {
  require(units >= 1 && units <= wiring::SynapseMatrix::max_extent, "units", std::to_string(units), "1 … 2^20");
  require(options_.hidden_layers >= 0 && options_.hidden_layers <= most_hidden_layers, "hidden_layers",
          std::to_string(options_.hidden_layers), fmt::format("0 to {}", most_hidden_layers));
  const bool hidden_fits = options_.hidden_units >= 1 && options_.hidden_units <= wiring::SynapseMatrix::max_extent;
  require(options_.hidden_layers == 0 || hidden_fits, "hidden_units", std::to_string(options_.hidden_units), "1 … 2^20",
          "Without hidden layers, set hidden_layers to 0.");
  check_explicit_solver({options_.solver, options_.ode_unfolds}, "NeuralODECell");
  check_columns(options_.input_pattern, options_.hidden_layers > 0 ? options_.hidden_units : units, "NeuralODECell");
}

void NeuralODECell::on_build(const Shape& input) {
  check_rows(options_.input_pattern, input, path());
  const auto bias = [&](const std::string& name, std::int64_t size) {
    return options_.use_bias ? add_weight(weight_options(options_, Role::bias, name, Shape{size})) : nullptr;
  };
  const std::int64_t hidden = options_.hidden_units;
  const std::int64_t width = options_.hidden_layers > 0 ? hidden : units_;
  const PatternPtr& pattern = options_.input_pattern;
  if (!pattern || pattern->is_dense())
    first_.kernel = add_weight(weight_options(options_, Role::kernel, "kernel", Shape{input.back().factor(), width}));
  else if (pattern->count() > 0)
    first_.kernel = add_weight(weight_options(options_, Role::kernel, "kernel", {}, pattern));
  first_.recurrent_kernel =
      add_weight(weight_options(options_, Role::recurrent, "recurrent_kernel", Shape{units_, width}));
  first_.bias = bias("bias", width);
  for (std::int64_t l = 1; l <= options_.hidden_layers; ++l) {
    const bool last = l == options_.hidden_layers;
    const std::string name = last ? "rate" : fmt::format("hidden_{}", l);
    const std::int64_t outputs = last ? units_ : hidden;
    const WeightPtr kernel =
        add_weight(weight_options(options_, Role::kernel, name + "_kernel", Shape{hidden, outputs}));
    others_.push_back({.kernel = kernel, .bias = bias(name + "_bias", outputs)});
  }
}

CellOutput NeuralODECell::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Value from_input = affine(context, {.kernel = first_.kernel, .bias = first_.bias}, x, {});
  const auto rate = [&](Value h) {
    Value z = affine(context, {.recurrent_kernel = first_.recurrent_kernel}, {}, h);
    if (first_.kernel || first_.bias) z = z + from_input;
    for (const AffineMap& map : others_) z = affine(context, map, options_.hidden_activation(z), {});
    return options_.activation(z);
  };
  const Value h = integrate(state[0], dt, rate, {options_.solver, options_.ode_unfolds});
  return {.output = h, .state = {h}};
}

std::vector<PatternPtr> NeuralODECell::own_patterns() const {
  if (!options_.input_pattern) return {};
  return {options_.input_pattern};
}

Json NeuralODECell::config() const {
  Json config{{"units", units_},
              {"activation", to_config(options_.activation, path())},
              {"hidden_layers", options_.hidden_layers},
              {"hidden_units", options_.hidden_units},
              {"hidden_activation", to_config(options_.hidden_activation, path())},
              {"solver", nn::name(options_.solver)},
              {"ode_unfolds", options_.ode_unfolds},
              {"use_bias", options_.use_bias}};
  if (options_.input_pattern) config["input_pattern"] = to_config(*options_.input_pattern);
  write_kernel_options(options_, path(), config);
  return config;
}

CellPtr NeuralODECell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, keys);
  return std::make_shared<NeuralODECell>(read_units(object), read_options(object, source_name));
}

NeuralODE::NeuralODE(std::int64_t units, NeuralODECellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<NeuralODECell>(units, std::move(options)), std::move(sequence)) {}

Json NeuralODE::config() const {
  Json config = cell()->config();
  write_sequence(sequence(), config);
  return config;
}

LayerPtr NeuralODE::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys(keys));
  return std::make_shared<NeuralODE>(read_units(object), read_options(object, source_name),
                                     read_sequence(object, source_name));
}

}  // namespace elegans::nn
