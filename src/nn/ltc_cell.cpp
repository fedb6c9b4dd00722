#include "elegans/nn/ltc_cell.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/nn/connections_of.hpp"
#include "elegans/wiring/config.hpp"
#include "nn/direct_calls.hpp"

namespace elegans::nn {
namespace {

// Added to capacitances that clipping may have made 0, so that 0 / 0 cannot happen where Δt is 0 too; too small to
// change any other.
constexpr double least_capacitance = 1e-30;

constexpr std::array<std::string_view, 3> mapping_names{"affine", "linear", "none"};

void check(const LTCCellOptions& options) {
  check_solver({options.solver, options.ode_unfolds}, "LTCCell");
  if (!(options.epsilon >= 0) || !std::isfinite(options.epsilon))
    throw ConfigError({.operation = "LTCCell",
                       .argument = "epsilon",
                       .actual = fmt::format("{}", options.epsilon),
                       .required = "a number ≥ 0",
                       .remedy = "1e-8 is usual."});
}

Initialiser uniform(double low, double high) { return Uniform{low, high}; }

}  // namespace

std::string_view name(Mapping mapping) { return mapping_names[static_cast<std::size_t>(mapping)]; }

Mapping mapping_named(std::string_view name) {
  for (std::size_t i = 0; i < mapping_names.size(); ++i)
    if (mapping_names[i] == name) return static_cast<Mapping>(i);
  throw ConfigError({.operation = "LTC",
                     .argument = "a mapping",
                     .actual = fmt::format("'{}'", name),
                     .required = "'affine', 'linear' or 'none'",
                     .remedy = suggest(name, std::vector<std::string>(mapping_names.begin(), mapping_names.end()))});
}

LTCCell::LTCCell(wiring::Wiring wiring, LTCCellOptions options) : wiring_(std::move(wiring)), options_(options) {
  check(options_);
}

LTCCell::LTCCell(std::int64_t units, LTCCellOptions options)
    : LTCCell(wiring::FullyConnected({.units = units}), options) {}

std::vector<StateOptions> LTCCell::states() const { return {{.name = "v", .shape = Shape{wiring_.units()}}}; }

LTCCell::Family LTCCell::add_family(const std::string& prefix, const wiring::PatternRef& pattern) {
  if (pattern->count() == 0) return {};
  const auto add = [&](const char* name, Initialiser initialiser, Constraint constraint, Polarity polarity) {
    return add_weight({.name = prefix + name,
                       .shape = Shape{pattern->rows(), pattern->columns()},
                       .initialiser = std::move(initialiser),
                       .constraint = std::move(constraint),
                       .pattern = pattern,
                       .polarity = polarity});
  };
  const Constraint sign = options_.implicit_param_constraints ? Constraint{} : non_negative();
  Family family;
  family.connections = connections_of(pattern);
  family.w = add("w", uniform(0.001, 1), sign, Polarity::ignored);
  family.mu = add("mu", uniform(0.3, 0.8), {}, Polarity::ignored);
  family.sigma = add("sigma", uniform(3, 8), {}, Polarity::ignored);
  family.erev = add("erev", Ones{}, {}, Polarity::initial_sign);
  return family;
}

void LTCCell::on_build(const Shape& input) {
  const std::int64_t inputs = input.back().factor();
  wiring_.build(inputs);
  const auto add = [&](const char* name, std::int64_t size, Initialiser initialiser, Constraint constraint = {}) {
    return add_weight({.name = name,
                       .shape = Shape{size},
                       .initialiser = std::move(initialiser),
                       .constraint = std::move(constraint)});
  };
  const Constraint sign = options_.implicit_param_constraints ? Constraint{} : non_negative();
  gleak_ = add("gleak", wiring_.units(), uniform(0.001, 1), sign);
  vleak_ = add("vleak", wiring_.units(), uniform(-0.2, 0.2));
  cm_ = add("cm", wiring_.units(), uniform(0.4, 0.6), sign);
  recurrent_ = add_family("", wiring_.recurrent_pattern());
  sensory_ = add_family("sensory_", wiring_.sensory_pattern(inputs));
  if (options_.input_mapping != Mapping::none) input_w_ = add("input_w", inputs, Ones{});
  if (options_.input_mapping == Mapping::affine) input_b_ = add("input_b", inputs, Zeros{});
  if (options_.output_mapping != Mapping::none) output_w_ = add("output_w", wiring_.output_dim(), Ones{});
  if (options_.output_mapping == Mapping::affine) output_b_ = add("output_b", wiring_.output_dim(), Zeros{});
}

Value LTCCell::positive(Context& context, const WeightPtr& weight) const {
  const Value value = context.weight(weight);
  return options_.implicit_param_constraints ? softplus(value) : value;
}

Value LTCCell::mapped(Context& context, Value x, const WeightPtr& w, const WeightPtr& b) const {
  if (w) x = x * context.weight(w);
  if (b) x = x + context.weight(b);
  return x;
}

LTCCell::Currents LTCCell::currents(Context& context, const Family& family, Value potential,
                                    const Currents& others) const {
  if (!family.connections) return others;
  const Value source = gather(potential, family.connections);
  const Value open = sigmoid(context.weight(family.sigma) * (source - context.weight(family.mu)));
  const Value a = positive(context, family.w) * open;
  return {.conductance = others.conductance + scatter_sum(a, family.connections),
          .current = others.current + scatter_sum(a * context.weight(family.erev), family.connections)};
}

LTCCell::Currents LTCCell::leak_and_sensory(Context& context, Value x) const {
  const Value gleak = positive(context, gleak_);
  return currents(context, sensory_, mapped(context, x, input_w_, input_b_),
                  {.conductance = gleak, .current = gleak * context.weight(vleak_)});
}

CellOutput LTCCell::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  Currents fixed = leak_and_sensory(context, x);
  fixed.conductance = fixed.conductance + options_.epsilon;
  Value cm = positive(context, cm_);
  if (!options_.implicit_param_constraints) cm = cm + least_capacitance;
  const auto rate = [&](Value v) {
    const Currents all = currents(context, recurrent_, v, fixed);
    return LinearRate{.drive = all.current, .decay = all.conductance, .inertia = cm};
  };
  const Value v = integrate_linear(state[0], dt, rate, {options_.solver, options_.ode_unfolds});
  return {.output = mapped(context, slice(v, -1, 0, wiring_.output_dim()), output_w_, output_b_), .state = {v}};
}

Value LTCCell::time_constants(Context& context, Value v, Value x) {
  build(x.shape());
  return positive(context, cm_) / currents(context, recurrent_, v, leak_and_sensory(context, x)).conductance;
}

Tensor LTCCell::time_constants(const View& v, const View& x) {
  DirectCalls calls;
  const std::array<View, 2> inputs{v, x};
  auto& call = calls.build(path() + ".time_constants", inputs, [&](Context& context, std::span<const Value> values) {
    return std::vector<Value>{time_constants(context, values[0], values[1])};
  });
  return std::move(call(inputs)[0]);
}

SynapseValues LTCCell::synapses() const {
  if (!built())
    throw ConfigError({.operation = path() + ".synapses",
                       .argument = "the cell",
                       .actual = "not built",
                       .required = "a built cell",
                       .remedy = "Call build(shape), or the layer once."});
  SynapseValues values;
  const wiring::SynapseTable table = wiring_.synapses();
  for (const Family* family : {&sensory_, &recurrent_}) {
    if (!family->connections) continue;
    const auto w = family->w->value.values(), mu = family->mu->value.values(), sigma = family->sigma->value.values(),
               erev = family->erev->value.values();
    for (std::size_t s = 0; s < w.size(); ++s) {
      const double conductance = !options_.implicit_param_constraints ? w[s]
                                 : w[s] > 0                           ? w[s] + std::log1p(std::exp(-w[s]))
                                                                      : std::log1p(std::exp(w[s]));
      values.rows.push_back({table.rows[values.rows.size()], conductance, mu[s], sigma[s], erev[s]});
    }
  }
  return values;
}

Json LTCCell::config() const {
  return {{"wiring", wiring::to_config(wiring_)},
          {"input_mapping", nn::name(options_.input_mapping)},
          {"output_mapping", nn::name(options_.output_mapping)},
          {"ode_unfolds", options_.ode_unfolds},
          {"solver", nn::name(options_.solver)},
          {"epsilon", options_.epsilon},
          {"implicit_param_constraints", options_.implicit_param_constraints}};
}

CellPtr LTCCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(
      config, source_name,
      {"wiring", "input_mapping", "output_mapping", "ode_unfolds", "solver", "epsilon", "implicit_param_constraints"});
  return std::make_shared<LTCCell>(
      wiring::from_config(object.at("wiring"), source_name + ": key 'wiring'"),
      LTCCellOptions{.input_mapping = mapping_named(object.text("input_mapping", "affine")),
                     .output_mapping = mapping_named(object.text("output_mapping", "affine")),
                     .ode_unfolds = object.integer("ode_unfolds", {.at_least = 1}, 6),
                     .solver = solver_named(object.text("solver", "semi_implicit")),
                     .epsilon = object.number("epsilon", {.at_least = 0}, 1e-8),
                     .implicit_param_constraints = object.boolean("implicit_param_constraints", false)});
}

}  // namespace elegans::nn
