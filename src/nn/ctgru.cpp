#include "elegans/nn/ctgru.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/activation_functions.hpp"
#include "nn/check_pattern.hpp"
#include "nn/kernel_options.hpp"
#include "nn/pattern_config.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

constexpr std::array<std::string_view, 2> decay_names{"before_event", "after_event"};
constexpr std::int64_t most_scales = 64;
constexpr double farthest = 1e15;

void require(bool holds, const char* argument, const std::string& actual, const std::string& required,
             const char* remedy = "") {
  if (!holds)
    throw ConfigError(
        {.operation = "CTGRUCell", .argument = argument, .actual = actual, .required = required, .remedy = remedy});
}

// Every column of the pattern `times` times, side by side.
PatternPtr with_columns_repeated(const wiring::Pattern& pattern, std::int64_t times) {
  std::vector<wiring::Synapse> synapses;
  for (std::size_t k = 0; k < pattern.targets().size(); ++k)
    for (std::int64_t i = 0; i < times; ++i)
      synapses.push_back(
          {pattern.sources()[k], static_cast<std::int32_t>(pattern.targets()[k] * times + i), pattern.polarity()[k]});
  return wiring::Pattern::from_synapses(synapses, pattern.rows(), pattern.columns() * times);
}

const std::vector<std::string> keys =
    with_kernel_keys({"units", "scales", "tau", "ratio", "decay", "activation", "use_bias", "input_pattern"});

CTGRUCellOptions read_options(const JsonObject& object, const std::string& source_name) {
  const CTGRUCellOptions defaults;
  CTGRUCellOptions options{.scales = object.integer("scales", {1, most_scales}, defaults.scales),
                           .tau = object.number("tau", {.above = 0}, defaults.tau),
                           .ratio = object.number("ratio", {.above = 1}, defaults.ratio),
                           .decay = decay_named(object.text("decay", "before_event")),
                           .activation = Activation(object.text("activation", "tanh")),
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

std::string_view name(Decay decay) { return decay_names[static_cast<std::size_t>(decay)]; }

Decay decay_named(std::string_view name) {
  for (std::size_t i = 0; i < decay_names.size(); ++i)
    if (decay_names[i] == name) return static_cast<Decay>(i);
  throw ConfigError({.operation = "CTGRUCell",
                     .argument = "decay",
                     .actual = quote(name),
                     .required = "'before_event' or 'after_event'",
                     .remedy = suggest(name, std::vector<std::string>(decay_names.begin(), decay_names.end()))});
}

CTGRUCell::CTGRUCell(std::int64_t units, CTGRUCellOptions options) : units_(units), options_(std::move(options)) {
  require(units >= 1 && units <= wiring::SynapseMatrix::max_extent, "units", std::to_string(units), "1 … 2^20");
  require(options_.scales >= 1 && options_.scales <= most_scales, "scales", std::to_string(options_.scales),
          fmt::format("1 to {}", most_scales), "8 are usual.");
  require(options_.tau > 0 && std::isfinite(options_.tau), "tau", fmt::format("{}", options_.tau), "a number above 0",
          "It is the shortest time constant, in units of Δt.");
  require(options_.ratio > 1 && std::isfinite(options_.ratio), "ratio", fmt::format("{}", options_.ratio),
          "a number above 1", "Each time constant is so many times the one before; √10 is usual.");
  const double longest = time_constants().back();
  require(std::isfinite(longest), "ratio", fmt::format("{}", options_.ratio),
          fmt::format("such that the longest of {} time constants is finite", options_.scales));
  check_columns(options_.input_pattern, units, "CTGRUCell");
}

std::vector<double> CTGRUCell::time_constants() const {
  std::vector<double> tau;
  for (std::int64_t i = 0; i < options_.scales; ++i)
    tau.push_back(options_.tau * std::pow(options_.ratio, static_cast<double>(i)));
  return tau;
}

std::vector<StateOptions> CTGRUCell::states() const {
  return {{.name = "h_hat", .shape = Shape{units_ * options_.scales}}};
}

AffineMap CTGRUCell::add_map(const std::string& name, std::int64_t inputs, std::int64_t columns_of_a_unit) {
  const std::int64_t columns = units_ * columns_of_a_unit;
  AffineMap map;
  const PatternPtr& pattern = options_.input_pattern;
  if (!pattern || pattern->is_dense())
    map.kernel = add_weight(weight_options(options_, Role::kernel, name + "_kernel", Shape{inputs, columns}));
  else if (pattern->count() > 0)
    map.kernel = add_weight(weight_options(options_, Role::kernel, name + "_kernel", {},
                                           with_columns_repeated(*pattern, columns_of_a_unit)));
  map.recurrent_kernel =
      add_weight(weight_options(options_, Role::recurrent, name + "_recurrent_kernel", Shape{units_, columns}));
  if (options_.use_bias) map.bias = add_weight(weight_options(options_, Role::bias, name + "_bias", Shape{columns}));
  return map;
}

void CTGRUCell::on_build(const Shape& input) {
  check_rows(options_.input_pattern, input, path());
  const std::int64_t inputs = input.back().factor();
  retrieval_ = add_map("retrieval", inputs, options_.scales);
  detect_ = add_map("detect", inputs, 1);
  storage_ = add_map("storage", inputs, options_.scales);
}

Value CTGRUCell::weights_of_scales(Context& context, const AffineMap& map, Value x, Value h) const {
  std::vector<double> ln_tau = time_constants();
  for (double& one : ln_tau) one = std::log(one);
  const Value table = constant(*x.graph, Tensor::from(Shape{options_.scales}, ln_tau, x.dtype()));
  const Value wanted = reshape(affine(context, map, x, h), Shape{x.shape()[0], units_, options_.scales});
  // Beyond, squares are infinite and their differences NaN. (A NaN itself passes: minimum keeps its second argument.)
  const Value distance = minimum(constant(wanted, farthest), abs(wanted - table));
  return softmax(-square(distance), -1);
}

CellOutput CTGRUCell::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Dim batch = x.shape()[0];
  std::vector<double> rates = time_constants();
  for (double& one : rates) one = -1 / one;
  const Value rate = constant(*x.graph, Tensor::from(Shape{options_.scales}, rates, x.dtype()));
  const Value faded = exp((dt.shape().rank() == 0 ? dt : reshape(dt, Shape{batch, 1, 1})) * rate);
  const auto combined = [](Value memory) { return reduce_sum(memory, -1); };

  Value memory = reshape(state[0], Shape{batch, units_, options_.scales});
  if (options_.decay == Decay::before_event) memory = memory * faded;
  const Value h = combined(memory);
  const Value r = weights_of_scales(context, retrieval_, x, h);
  const Value q = options_.activation(affine(context, detect_, x, combined(r * memory)));
  const Value s = weights_of_scales(context, storage_, x, h);
  memory = (1.0 - s) * memory + s * reshape(q, Shape{batch, units_, 1});
  if (options_.decay == Decay::after_event) memory = memory * faded;
  return {.output = combined(memory), .state = {reshape(memory, state[0].shape())}};
}

std::vector<PatternPtr> CTGRUCell::own_patterns() const {
  if (!options_.input_pattern) return {};
  return {options_.input_pattern};
}

Json CTGRUCell::config() const {
  Json config{{"units", units_},
              {"scales", options_.scales},
              {"tau", options_.tau},
              {"ratio", options_.ratio},
              {"decay", nn::name(options_.decay)},
              {"activation", to_config(options_.activation, path())},
              {"use_bias", options_.use_bias}};
  if (options_.input_pattern) config["input_pattern"] = to_config(*options_.input_pattern);
  write_kernel_options(options_, path(), config);
  return config;
}

CellPtr CTGRUCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, keys);
  return std::make_shared<CTGRUCell>(read_units(object), read_options(object, source_name));
}

CTGRU::CTGRU(std::int64_t units, CTGRUCellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<CTGRUCell>(units, std::move(options)), std::move(sequence)) {}

Json CTGRU::config() const {
  Json config = cell()->config();
  write_sequence(sequence(), config);
  return config;
}

LayerPtr CTGRU::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys(keys));
  return std::make_shared<CTGRU>(read_units(object), read_options(object, source_name),
                                 read_sequence(object, source_name));
}

}  // namespace elegans::nn
