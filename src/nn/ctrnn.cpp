#include "elegans/nn/ctrnn.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/nn/affine_map.hpp"
#include "elegans/wiring/config.hpp"
#include "nn/check_pattern.hpp"
#include "nn/kernel_options.hpp"
#include "nn/pattern_config.hpp"
#include "nn/polarity_names.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

void require(bool holds, const char* argument, const std::string& actual, const std::string& required,
             const char* remedy = "") {
  if (!holds)
    throw ConfigError(
        {.operation = "CTRNNCell", .argument = argument, .actual = actual, .required = required, .remedy = remedy});
}

// Where softplus is x.
double softplus_inverse(double x) { return x + std::log(-std::expm1(-x)); }

const std::vector<std::string> keys =
    with_kernel_keys({"units", "wiring", "activation", "solver", "ode_unfolds", "tau", "fix_tau", "use_bias",
                      "use_scale", "input_pattern", "polarity"});

// A cell, or a layer of one with the options of its sequence.
template <class Made, class... Sequence>
std::shared_ptr<Made> make(const JsonObject& object, const std::string& source_name, const Sequence&... sequence) {
  CTRNNCellOptions options{.activation = Activation(object.text("activation", "tanh")),
                           .solver = solver_named(object.text("solver", "semi_implicit")),
                           .ode_unfolds = object.integer("ode_unfolds", {.at_least = 1}, 6),
                           .tau = object.number("tau", {.above = 0}, 1),
                           .fix_tau = object.boolean("fix_tau", true),
                           .use_bias = object.boolean("use_bias", true),
                           .use_scale = object.boolean("use_scale", true),
                           .polarity = polarity_from(object, "polarity")};
  if (object.has("input_pattern"))
    options.input_pattern = pattern_from(object.at("input_pattern"), source_name + ": key 'input_pattern'");
  read_kernel_options(object, source_name, options);
  if (object.has("units") == object.has("wiring"))
    throw object.error("units", "either 'units' or 'wiring'", "One of them says how many neurons there are.");
  if (object.has("units"))
    return std::make_shared<Made>(object.integer("units", {1, wiring::SynapseMatrix::max_extent}), std::move(options),
                                  sequence...);
  return std::make_shared<Made>(wiring::from_config(object.at("wiring"), source_name + ": key 'wiring'"),
                                std::move(options), sequence...);
}

}  // namespace

CTRNNCell::CTRNNCell(std::int64_t units, CTRNNCellOptions options) : CTRNNCell(units, std::nullopt, options) {}
CTRNNCell::CTRNNCell(wiring::Wiring wiring, CTRNNCellOptions options)
    : CTRNNCell(wiring.units(), std::optional(wiring), std::move(options)) {}

CTRNNCell::CTRNNCell(std::int64_t units, std::optional<wiring::Wiring> wiring, CTRNNCellOptions options)
    : units_(units), wiring_(std::move(wiring)), options_(std::move(options)) {
  require(units >= 1 && units <= wiring::SynapseMatrix::max_extent, "units", std::to_string(units), "1 … 2^20");
  check_solver({options_.solver, options_.ode_unfolds}, "CTRNNCell");
  require(options_.tau > 0 && std::isfinite(options_.tau), "tau", fmt::format("{}", options_.tau), "a number above 0",
          "It is the time constant, in units of Δt.");
  require(wiring_ || options_.polarity == Polarity::ignored, "polarity", nn::name(options_.polarity), "ignored",
          "Signs come from a circuit: pass a wiring.");
  if (!options_.input_pattern) return;
  require(!wiring_, "input_pattern", "set", "to be left out where there is a wiring",
          "The wiring says which inputs feed which unit.");
  check_columns(options_.input_pattern, units, "CTRNNCell");
}

void CTRNNCell::on_build(const Shape& input) {
  const std::int64_t inputs = input.back().factor();
  input_pattern_ = options_.input_pattern;
  if (wiring_) {
    wiring_->build(inputs);
    input_pattern_ = wiring_->sensory_pattern(inputs);
    recurrent_pattern_ = wiring_->recurrent_pattern();
  }
  check_rows(options_.input_pattern, input, path());
  const auto kernel = [&](Role role, const char* name, std::int64_t rows, const PatternPtr& pattern) -> WeightPtr {
    if (pattern && pattern->count() == 0) return nullptr;
    const bool whole = !pattern || (pattern->is_dense() && options_.polarity == Polarity::ignored);
    WeightOptions made =
        weight_options(options_, role, name, whole ? Shape{rows, units_} : Shape{}, whole ? nullptr : pattern);
    if (wiring_) made.polarity = options_.polarity;
    return add_weight(std::move(made));
  };
  kernel_ = kernel(Role::kernel, "kernel", inputs, input_pattern_);
  recurrent_kernel_ = kernel(Role::recurrent, "recurrent_kernel", units_, recurrent_pattern_);
  if (options_.use_bias) bias_ = add_weight(weight_options(options_, Role::bias, "bias", Shape{units_}));
  if (options_.use_scale) scale_ = add_weight({.name = "scale", .shape = Shape{units_}, .initialiser = Ones{}});
  if (!options_.fix_tau)
    tau_ = add_weight(
        {.name = "tau", .shape = Shape{units_}, .initialiser = ConstantValue{softplus_inverse(options_.tau)}});
}

CellOutput CTRNNCell::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Value from_input = affine(context, {.kernel = kernel_, .bias = bias_}, x, {});
  const Value leak = tau_ ? reciprocal(softplus(context.weight(tau_))) : constant(x, 1 / options_.tau);
  const auto rate = [&](Value h) {
    Value sum = from_input;
    if (recurrent_kernel_) sum = affine(context, {.recurrent_kernel = recurrent_kernel_}, {}, h) + sum;
    Value drive = options_.activation(sum);
    if (scale_) drive = context.weight(scale_) * drive;
    return LinearRate{.drive = drive, .decay = leak};
  };
  const Value h = integrate_linear(state[0], dt, rate, {options_.solver, options_.ode_unfolds});
  return {.output = wiring_ ? slice(h, -1, 0, wiring_->output_dim()) : h, .state = {h}};
}

std::vector<double> CTRNNCell::time_constants() const {
  if (!built())
    throw ConfigError({.operation = path() + ".time_constants",
                       .argument = "the cell",
                       .actual = "not built",
                       .required = "a built cell",
                       .remedy = "Call build(shape), or the layer once."});
  std::vector<double> tau(static_cast<std::size_t>(units_), options_.tau);
  if (!tau_) return tau;
  tau = tau_->value.values();
  for (double& one : tau) one = std::max(one, 0.0) + std::log1p(std::exp(-std::abs(one)));
  return tau;
}

std::vector<PatternPtr> CTRNNCell::own_patterns() const {
  std::vector<PatternPtr> all;
  for (const PatternPtr& pattern : {input_pattern_, recurrent_pattern_})
    if (pattern) all.push_back(pattern);
  return all;
}

Json CTRNNCell::config() const {
  Json config{{"activation", to_config(options_.activation, path())},
              {"solver", nn::name(options_.solver)},
              {"ode_unfolds", options_.ode_unfolds},
              {"tau", options_.tau},
              {"fix_tau", options_.fix_tau},
              {"use_bias", options_.use_bias},
              {"use_scale", options_.use_scale}};
  if (wiring_) {
    config["wiring"] = wiring::to_config(*wiring_);
    config["polarity"] = nn::name(options_.polarity);
  } else {
    config["units"] = units_;
  }
  if (options_.input_pattern) config["input_pattern"] = to_config(*options_.input_pattern);
  write_kernel_options(options_, path(), config);
  return config;
}

CellPtr CTRNNCell::from_config(const Json& config, const std::string& source_name) {
  return make<CTRNNCell>(JsonObject(config, source_name, keys), source_name);
}

CTRNN::CTRNN(std::int64_t units, CTRNNCellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<CTRNNCell>(units, std::move(options)), std::move(sequence)) {}
CTRNN::CTRNN(wiring::Wiring wiring, CTRNNCellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<CTRNNCell>(std::move(wiring), std::move(options)), std::move(sequence)) {}

Json CTRNN::config() const {
  Json config = cell()->config();
  write_sequence(sequence(), config);
  return config;
}

LayerPtr CTRNN::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys(keys));
  return make<CTRNN>(object, source_name, read_sequence(object, source_name));
}

}  // namespace elegans::nn
