#include "golden_cells.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <span>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/wiring/config.hpp"
#include "golden_weights.hpp"

namespace elegans::golden {
namespace {

using graph::Value;
using nlohmann::json;

// Arrays of the file

bool is_given(const json& golden, const char* key) { return golden.contains(key) && !golden[key].is_null(); }

// What a case must have: lists of these, and objects of those.
void require_fields(const json& golden) {
  if (!golden.is_object()) throw FormatError("the case is no object.");
  for (const char* key : {"x", "y", "state", "seed_grad"})
    if (!golden.contains(key) || !golden[key].is_array() || golden[key].empty())
      throw FormatError(fmt::format("'{}' is missing or no list of numbers.", key));
  for (const char* key : {"parameters", "grads"})
    if (!golden.contains(key) || !golden[key].is_object() || golden[key].empty())
      throw FormatError(fmt::format("'{}' is missing, empty or no object.", key));
}

// The sizes of one case.
struct Sizes {
  std::int64_t batch = 0;
  std::int64_t time = 0;
  std::int64_t inputs = 0;
  bool time_first = false;       // batch_first is false: sequences stand as [time, batch, …]
  bool return_sequences = true;  // else y is no sequence
};

// What an array of the file is: [batch, time, …] or [time, batch, …], as batch_first says (Δt too), or neither.
enum class Kind { sequence, plain };

Kind kind_of_output(const Sizes& sizes) { return sizes.return_sequences ? Kind::sequence : Kind::plain; }

// The numbers of an array, a sequence as [batch, time, …]. Where batch and time differ, its shape says which comes
// first.
Numbers batch_first(const json& value, Kind kind, const Sizes& sizes) {
  Numbers numbers = numbers_of(value);
  if (kind == Kind::plain) return numbers;
  const auto size = [](const json& array) { return array.is_array() ? static_cast<std::int64_t>(array.size()) : 0; };
  const std::int64_t rows = size(value), columns = rows > 0 ? size(value[0]) : 0;
  const bool turned = sizes.batch == sizes.time ? sizes.time_first : rows == sizes.time && columns == sizes.batch;
  if (!turned) return numbers;
  const auto width = static_cast<std::int64_t>(numbers.size()) / (sizes.batch * sizes.time);
  Numbers out(numbers.size());
  for (std::int64_t t = 0; t < sizes.time; ++t)
    for (std::int64_t b = 0; b < sizes.batch; ++b)
      std::copy_n(numbers.begin() + (t * sizes.batch + b) * width, width, out.begin() + (b * sizes.time + t) * width);
  return out;
}

// The layer of a case

const std::vector<std::string> ltc_options{
    "return_sequences", "batch_first", "mixed_memory", "input_mapping",
    "output_mapping",   "ode_unfolds", "epsilon",      "implicit_param_constraints"};
const std::vector<std::string> cfc_options{
    "proj_size",  "return_sequences", "batch_first",     "mixed_memory",    "mode",
    "activation", "backbone_units",   "backbone_layers", "backbone_dropout"};

// Options that are not null, of which every key is known.
json options_of(const json& golden, const std::vector<std::string>& known) {
  json options = json::object();
  const json given = golden.value("options", json::object());
  for (const auto& [key, value] : given.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw ConfigError({.operation = "options",
                         .argument = fmt::format("'{}'", key),
                         .actual = "unknown",
                         .required = "an option of the cell",
                         .remedy = suggest(key, known)});
    if (!value.is_null() || key.ends_with("_mapping")) options[key] = value;
  }
  return options;
}

wiring::Wiring wiring_of(const json& golden) {
  if (is_given(golden, "wiring")) return wiring::from_config(golden["wiring"], "wiring");
  return wiring::FullyConnected({.units = golden.at("units").get<std::int64_t>()});
}

// What is neither affine nor linear maps nothing in the reference.
nn::Mapping mapping_of(const json& options, const char* key) {
  if (!options.contains(key)) return nn::Mapping::affine;
  return options[key].is_null() ? nn::Mapping::none : nn::mapping_named(options[key].get<std::string>());
}

std::shared_ptr<nn::RNN> ltc_of(const json& golden) {
  const json options = options_of(golden, ltc_options);
  const nn::LTCOptions defaults;
  return std::make_shared<nn::LTC>(
      wiring_of(golden),
      nn::LTCOptions{.return_sequences = options.value("return_sequences", defaults.return_sequences),
                     .mixed_memory = options.value("mixed_memory", defaults.mixed_memory),
                     .input_mapping = mapping_of(options, "input_mapping"),
                     .output_mapping = mapping_of(options, "output_mapping"),
                     .ode_unfolds = options.value("ode_unfolds", defaults.ode_unfolds),
                     .epsilon = options.value("epsilon", defaults.epsilon),
                     .implicit_param_constraints =
                         options.value("implicit_param_constraints", defaults.implicit_param_constraints)});
}

std::shared_ptr<nn::RNN> cfc_of(const json& golden) {
  const json given = options_of(golden, cfc_options);
  nn::CfCOptions options{.proj_size = given.value("proj_size", std::int64_t{0}),
                         .return_sequences = given.value("return_sequences", true),
                         .mixed_memory = given.value("mixed_memory", false),
                         .mode = nn::cfc_mode(given.value("mode", "default"))};
  if (given.contains("backbone_units")) options.backbone_units = given["backbone_units"].get<std::int64_t>();
  if (given.contains("backbone_layers")) options.backbone_layers = given["backbone_layers"].get<std::int64_t>();
  if (given.contains("backbone_dropout")) options.backbone_dropout = given["backbone_dropout"].get<double>();
  // The reference takes an activation with a wiring, and has no use for it.
  if (is_given(golden, "wiring")) return std::make_shared<nn::CfC>(wiring_of(golden), std::move(options));
  if (given.contains("activation")) options.activation = nn::Activation(given["activation"].get<std::string>());
  return std::make_shared<nn::CfC>(golden.at("units").get<std::int64_t>(), std::move(options));
}

std::shared_ptr<nn::RNN> layer_of(const json& golden) {
  const std::string cell = golden.at("cell").get<std::string>();
  if (cell == "ltc") return ltc_of(golden);
  if (cell == "cfc") return cfc_of(golden);
  throw ConfigError({.operation = "cell",
                     .argument = fmt::format("'{}'", cell),
                     .actual = "unknown",
                     .required = "'ltc' or 'cfc'",
                     .remedy = ""});
}

// Running

// The graph of a case: outputs y, state, cell_state, and the gradients of Σ y · seed_grad under the names of their
// inputs.
struct CaseGraph {
  graph::Graph graph;
  std::map<std::string, Tensor> inputs;
  std::vector<std::pair<std::string, Value>> wrt;
};

void add_input(CaseGraph& run, const std::string& name, const ops::Type& type, Tensor value) {
  run.wrt.emplace_back(name, run.graph.input(name, type));
  run.inputs[name] = std::move(value);
}

// Provides the first states of the layer from one array of all states but the mixed memory's, and from that one.
void provide_states(CaseGraph& run, nn::Context& context, const nn::RNN& layer, const json& golden, bool mixed,
                    Dtype dtype, std::int64_t batch) {
  const std::vector<nn::StateOptions> states = layer.cell()->states();
  const std::size_t joined = states.size() - (mixed ? 1 : 0);
  std::int64_t units = 0;
  for (std::size_t i = 0; i < joined; ++i) units += states[i].shape[0].factor();
  const auto add = [&](const char* key) {
    add_input(run, key, {dtype, Shape{Dim::batch(), units}},
              Tensor::from(Shape{batch, units}, numbers_of(golden[key]), dtype));
    return run.wrt.back().second;
  };
  if (is_given(golden, "h0")) {
    const Value h0 = add("h0");
    std::int64_t start = 0;
    for (std::size_t i = 0; i < joined; ++i) {
      const std::int64_t size = states[i].shape[0].factor();
      context.provide_state(layer.path() + "/" + states[i].name, slice(h0, -1, start, start + size));
      start += size;
    }
  }
  if (is_given(golden, "c0")) context.provide_state(layer.path() + "/" + states.back().name, add("c0"));
}

void write_case(CaseGraph& run, nn::RNN& layer, const json& golden, const Sizes& sizes, bool mixed, Dtype dtype) {
  nn::Context context(run.graph);
  const auto array = [&](const char* key, Kind kind, const Shape& shape) {
    return Tensor::from(shape, batch_first(golden[key], kind, sizes), dtype);
  };
  add_input(run, "x", {dtype, Shape{Dim::batch(), Dim::time(), sizes.inputs}},
            array("x", Kind::sequence, Shape{sizes.batch, sizes.time, sizes.inputs}));
  const Value x = run.wrt.back().second;
  if (is_given(golden, "dt")) {
    add_input(run, "dt", {dtype, Shape{Dim::batch(), Dim::time()}},
              array("dt", Kind::sequence, Shape{sizes.batch, sizes.time}));
    context.timespans = run.wrt.back().second;
  }
  if (is_given(golden, "lengths")) {
    context.lengths = run.graph.input("lengths", {Dtype::i32, Shape{Dim::batch()}});
    const Numbers lengths = numbers_of(golden["lengths"]);
    for (const double length : lengths)
      if (!(length >= 0 && length <= static_cast<double>(sizes.time) && length == std::floor(length)))
        throw FormatError(
            fmt::format("'lengths' has {}; expected whole numbers from 0 to {}, the steps.", length, sizes.time));
    run.inputs["lengths"] = Tensor::from(Shape{sizes.batch}, lengths, Dtype::i32);
  }
  provide_states(run, context, layer, golden, mixed, dtype, sizes.batch);

  const Value y = layer(context, x);
  std::vector<Value> finals;
  for (const nn::StateSlot& slot : context.states()) finals.push_back(slot.final);
  run.graph.output("y", y);
  run.graph.output("state", concat(std::span(finals).first(finals.size() - (mixed ? 1 : 0)), -1));
  if (mixed) run.graph.output("cell_state", finals.back());

  const Value seed = run.graph.input("seed_grad", y.type());
  run.inputs["seed_grad"] =
      array("seed_grad", kind_of_output(sizes), y.shape().at({.batch = sizes.batch, .time = sizes.time}));
  for (const auto& [weight, value] : context.weights()) {
    run.wrt.emplace_back(weight->path, value);
    run.inputs["weight/" + weight->path] = weight->value;
  }
  std::vector<Value> wrt;
  for (const auto& [name, value] : run.wrt) wrt.push_back(value);
  const auto gradients = graph::gradients(std::array{y}, std::array{seed}, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    run.graph.output("gradient/" + run.wrt[i].first, gradients[i].value_or(zeros_like(wrt[i])));
}

std::map<std::string, Numbers> results_of(CaseGraph run, const Sizes& sizes, kernels::Target target) {
  graph::CompileOptions options;
  options.target = target;
  options.reserve = {.batch = sizes.batch, .time = sizes.time};
  graph::Executable executable = graph::compile(std::move(run.graph), options);
  std::vector<View> views;
  for (const graph::Port& port : executable.inputs()) views.push_back(run.inputs.at(port.name));
  const std::vector<Tensor> outputs = executable(views);
  std::map<std::string, Numbers> results;
  for (std::size_t i = 0; i < outputs.size(); ++i) results[executable.outputs()[i].name] = outputs[i].values();
  return results;
}

CaseResult compare(const std::map<std::string, Numbers>& results, const json& golden, const Sizes& sizes,
                   const std::vector<Link>& links) {
  CaseResult result;
  std::vector<Comparison>& comparisons = result.comparisons;
  const auto add = [&](const std::string& name, bool is_gradient, const Numbers& actual, const Numbers& expected) {
    comparisons.push_back({name, is_gradient, largest_error(actual, expected, name)});
  };
  const Numbers& y = results.at("y");
  const Numbers seed = batch_first(golden.at("seed_grad"), kind_of_output(sizes), sizes);
  add("output", false, y, batch_first(golden.at("y"), kind_of_output(sizes), sizes));
  add("state", false, results.at("state"), numbers_of(golden.at("state")));
  if (is_given(golden, "cell_state"))
    add("cell_state", false, results.at("cell_state"), numbers_of(golden["cell_state"]));
  // Every y is rounded, by a part of its own size: the error of their sum is one of the sizes summed, which may be far
  // more than what is left of them.
  double loss = 0, sizes_summed = 0;
  for (std::size_t i = 0; i < std::min(y.size(), seed.size()); ++i) {
    loss += y[i] * seed[i];
    sizes_summed += std::abs(y[i] * seed[i]);
  }
  const double loss_error = std::abs(loss - golden.at("loss").get<double>()) / std::max(1.0, sizes_summed);
  comparisons.push_back(
      {"loss", false, std::isfinite(loss_error) ? loss_error : std::numeric_limits<double>::infinity()});

  // A parameter of the file may be several of our weights: one figure for all.
  std::map<std::string, double> gradients;
  std::set<std::string> missing;
  for (const Link& link : links) {
    const json& of = golden.at("grads");
    if (!of.contains(link.reference)) {
      missing.insert(link.reference);
      continue;
    }
    double& error = gradients[link.reference];
    error = std::max(error, largest_error(results.at("gradient/" + link.weight->path),
                                          take(link, numbers_of(of[link.reference])), link.reference));
  }
  result.not_compared.assign(missing.begin(), missing.end());
  for (const auto& [name, error] : gradients) comparisons.push_back({name, true, error});
  for (const auto& [input, kind] :
       {std::pair{"x", Kind::sequence}, {"dt", Kind::sequence}, {"h0", Kind::plain}, {"c0", Kind::plain}})
    if (const std::string key = std::string("grad_") + input; is_given(golden, key.c_str())) {
      if (!results.contains("gradient/" + std::string(input)))
        throw FormatError(fmt::format("'{}' is there, but no '{}'.", key, input));
      add(input, true, results.at("gradient/" + std::string(input)), batch_first(golden[key], kind, sizes));
    } else if (is_given(golden, input)) {
      result.not_compared.emplace_back(input);
    }
  return result;
}

}  // namespace

CaseResult run_case(const json& golden, Dtype dtype, kernels::Target target) {
  require_fields(golden);
  const auto layer = layer_of(golden);
  const json options = golden.value("options", json::object());
  const bool mixed = options.value("mixed_memory", false);
  const Sizes sizes{.batch = golden.at("batch").get<std::int64_t>(),
                    .time = golden.at("time").get<std::int64_t>(),
                    .inputs = golden.at("inputs").get<std::int64_t>(),
                    .time_first = !options.value("batch_first", true),
                    .return_sequences = options.value("return_sequences", true)};
  layer->set_numbers(dtype, 0);
  layer->build(Shape{Dim::batch(), Dim::time(), sizes.inputs});

  const json& parameters = golden.at("parameters");
  const std::vector<Link> links = links_of(*layer, parameters);
  for (const Link& link : links)
    link.weight->value =
        Tensor::from(link.weight->stored_shape(), take(link, numbers_of(parameters[link.reference])), dtype);
  check_coverage(links, golden);
  CaseGraph run;
  write_case(run, *layer, golden, sizes, mixed, dtype);
  return compare(results_of(std::move(run), sizes, target), golden, sizes, links);
}

}  // namespace elegans::golden
