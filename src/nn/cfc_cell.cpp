#include "elegans/nn/cfc_cell.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/nn/connections_of.hpp"
#include "nn/pattern_config.hpp"

namespace elegans::nn {
namespace {

constexpr std::int64_t most_layers = 1000;  // of a backbone

constexpr std::array<std::string_view, 3> mode_names{"default", "no_gate", "pure"};

void require(bool holds, const char* argument, const std::string& actual, const char* required,
             const char* remedy = "") {
  if (!holds)
    throw ConfigError(
        {.operation = "CfCCell", .argument = argument, .actual = actual, .required = required, .remedy = remedy});
}

Uniform within(double limit) { return {-limit, limit}; }

}  // namespace

std::string_view name(CfCMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }

CfCMode cfc_mode(std::string_view name) {
  for (std::size_t i = 0; i < mode_names.size(); ++i)
    if (mode_names[i] == name) return static_cast<CfCMode>(i);
  throw ConfigError({.operation = "CfC",
                     .argument = "mode",
                     .actual = fmt::format("'{}'", name),
                     .required = "'default', 'no_gate' or 'pure'",
                     .remedy = suggest(name, std::vector<std::string>(mode_names.begin(), mode_names.end()))});
}

CfCCell::CfCCell(std::int64_t units, CfCCellOptions options) : units_(units), options_(std::move(options)) {
  constexpr std::int64_t most = wiring::SynapseMatrix::max_extent;
  require(units >= 1 && units <= most, "units", std::to_string(units), "1 … 2^20");
  require(options_.backbone_layers >= 0 && options_.backbone_layers <= most_layers, "backbone_layers",
          std::to_string(options_.backbone_layers), "0 … 1000");
  require(options_.backbone_layers == 0 || (options_.backbone_units >= 1 && options_.backbone_units <= most),
          "backbone_units", std::to_string(options_.backbone_units), "1 … 2^20",
          "Without a backbone, set backbone_layers to 0.");
  require(options_.backbone_dropout >= 0 && options_.backbone_dropout < 1, "backbone_dropout",
          fmt::format("{}", options_.backbone_dropout), "in [0, 1)");
  if (options_.input_pattern) {
    const bool backbone = options_.backbone_layers > 0;
    require(options_.input_pattern->columns() == (backbone ? options_.backbone_units : units), "input_pattern",
            fmt::format("for {} units", options_.input_pattern->columns()),
            backbone ? "for as many units as the backbone has" : "for as many units as the cell has");
  }
}

CfCCell::Affine CfCCell::add_affine(const std::string& name, std::int64_t inputs, std::int64_t recurrent,
                                    std::int64_t outputs, const PatternPtr& pattern) {
  const double fan_in = static_cast<double>(inputs + recurrent);
  const Uniform glorot = within(std::sqrt(6 / (fan_in + static_cast<double>(outputs))));
  const bool full = !pattern || pattern->is_dense();
  Affine map;
  if (full)
    map.kernel = add_weight({.name = name + "_kernel", .shape = Shape{inputs, outputs}, .initialiser = glorot});
  else if (pattern->count() > 0) {
    map.kernel = add_weight({.name = name + "_kernel", .shape = {}, .initialiser = glorot, .pattern = pattern});
    map.connections = connections_of(pattern);
  }
  if (recurrent > 0)
    map.recurrent_kernel =
        add_weight({.name = name + "_recurrent_kernel", .shape = Shape{recurrent, outputs}, .initialiser = glorot});
  map.bias =
      add_weight({.name = name + "_bias", .shape = Shape{outputs}, .initialiser = within(1 / std::sqrt(fan_in))});
  return map;
}

void CfCCell::on_build(const Shape& input) {
  std::int64_t inputs = input.back().factor();
  std::int64_t recurrent = units_;
  if (options_.input_pattern && options_.input_pattern->rows() != inputs)
    throw ShapeError({.operation = path(),
                      .argument = "input",
                      .actual = to_string(input),
                      .required = fmt::format("[batch, {}], for the input pattern has {} rows",
                                              options_.input_pattern->rows(), options_.input_pattern->rows()),
                      .remedy = ""});
  for (std::int64_t i = 0; i < options_.backbone_layers; ++i) {
    backbone_.push_back(add_affine(fmt::format("backbone_{}", i), inputs, recurrent, options_.backbone_units,
                                   i == 0 ? options_.input_pattern : nullptr));
    inputs = options_.backbone_units;
    recurrent = 0;
  }
  const PatternPtr pattern = backbone_.empty() ? options_.input_pattern : nullptr;
  ff1_ = add_affine("ff1", inputs, recurrent, units_, pattern);
  if (options_.mode == CfCMode::pure) {
    const Uniform glorot = within(std::sqrt(6 / static_cast<double>(units_ + 1)));
    w_tau_ = add_weight({.name = "w_tau", .shape = Shape{units_}, .initialiser = glorot});
    a_ = add_weight({.name = "A", .shape = Shape{units_}, .initialiser = glorot});
    return;
  }
  ff2_ = add_affine("ff2", inputs, recurrent, units_, pattern);
  time_a_ = add_affine("time_a", inputs, recurrent, units_);
  time_b_ = add_affine("time_b", inputs, recurrent, units_);
}

Value CfCCell::affine(Context& context, const Affine& map, Value x, Value h) const {
  Value sum = context.weight(map.bias);
  if (map.kernel) {
    const Value kernel = context.weight(map.kernel);
    sum = (map.connections ? sparse_matmul(x, kernel, map.connections) : matmul(x, kernel)) + sum;
  }
  if (map.recurrent_kernel) sum = sum + matmul(h, context.weight(map.recurrent_kernel));
  return sum;
}

CellOutput CfCCell::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Value h = state[0];
  for (std::size_t i = 0; i < backbone_.size(); ++i) {
    x = as_in_ncps(options_.activation)(affine(context, backbone_[i], x, h));
    if (i > 0 && options_.backbone_dropout > 0 && context.training())
      x = x * context.dropout_mask(fmt::format("{}/backbone_{}", path(), i), x.shape(), options_.backbone_dropout,
                                   x.dtype());
  }
  const Value f1 = affine(context, ff1_, x, h);
  Value next;
  if (options_.mode == CfCMode::pure) {
    const Value a = context.weight(a_);
    next = a - a * exp(-(dt * (abs(context.weight(w_tau_)) + abs(f1)))) * f1;
  } else {
    const Value f2 = tanh(affine(context, ff2_, x, h));
    const Value g = sigmoid(affine(context, time_a_, x, h) * dt + affine(context, time_b_, x, h));
    next = options_.mode == CfCMode::no_gate ? tanh(f1) + g * f2 : tanh(f1) * (1.0 - g) + g * f2;
  }
  return {.output = next, .state = {next}};
}

std::vector<PatternPtr> CfCCell::own_patterns() const {
  if (!options_.input_pattern) return {};
  return {options_.input_pattern};
}

Json CfCCell::config() const {
  Json config{{"units", units_},
              {"mode", nn::name(options_.mode)},
              {"activation", to_config(options_.activation, path())},
              {"backbone_units", options_.backbone_units},
              {"backbone_layers", options_.backbone_layers},
              {"backbone_dropout", options_.backbone_dropout}};
  if (options_.input_pattern) config["input_pattern"] = to_config(*options_.input_pattern);
  return config;
}

CellPtr CfCCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(
      config, source_name,
      {"units", "mode", "activation", "backbone_units", "backbone_layers", "backbone_dropout", "input_pattern"});
  CfCCellOptions options{.mode = cfc_mode(object.text("mode", "default")),
                         .activation = Activation(object.text("activation", "lecun_tanh")),
                         .backbone_units = object.integer("backbone_units", {.at_least = 1}, 128),
                         .backbone_layers = object.integer("backbone_layers", {.at_least = 0}, 1),
                         .backbone_dropout = object.number("backbone_dropout", {.at_least = 0, .below = 1}, 0.0)};
  if (object.has("input_pattern"))
    options.input_pattern = pattern_from(object.at("input_pattern"), source_name + ": key 'input_pattern'");
  return std::make_shared<CfCCell>(object.integer("units", {.at_least = 1}), std::move(options));
}

}  // namespace elegans::nn
