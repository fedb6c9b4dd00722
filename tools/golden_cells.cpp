#include "golden_cells.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/wiring/config.hpp"

namespace elegans::golden {
namespace {

using graph::Value;
using nlohmann::json;
using Numbers = std::vector<double>;

// Arrays of the file

void append_numbers(const json& value, Numbers& out) {
  if (value.is_array()) {
    for (const json& item : value) append_numbers(item, out);
    return;
  }
  if (!value.is_number()) throw FormatError(fmt::format("a number is missing: {} stands there.", value.dump()));
  out.push_back(value.get<double>());
}

Numbers numbers_of(const json& value) {
  Numbers out;
  append_numbers(value, out);
  return out;
}

bool is_given(const json& golden, const char* key) { return golden.contains(key) && !golden[key].is_null(); }

// The sizes of one case.
struct Sizes {
  std::int64_t batch = 0;
  std::int64_t time = 0;
  std::int64_t inputs = 0;
  bool time_first = false;       // batch_first is false: sequences stand as [time, batch, …]
  bool return_sequences = true;  // else y is no sequence
};

// What an array of the file is: [batch, time, …] or [time, batch, …]; timespans, which the reference takes as [batch,
// time] whatever batch_first says; or neither.
enum class Kind { sequence, timespans, plain };

Kind kind_of_output(const Sizes& sizes) { return sizes.return_sequences ? Kind::sequence : Kind::plain; }

// The numbers of an array, a sequence as [batch, time, …]. Where batch and time differ, its shape says which comes
// first.
Numbers batch_first(const json& value, Kind kind, const Sizes& sizes) {
  Numbers numbers = numbers_of(value);
  if (kind == Kind::plain) return numbers;
  const auto size = [](const json& array) { return array.is_array() ? static_cast<std::int64_t>(array.size()) : 0; };
  const std::int64_t rows = size(value), columns = rows > 0 ? size(value[0]) : 0;
  const bool turned = sizes.batch == sizes.time ? sizes.time_first && kind == Kind::sequence
                                                : rows == sizes.time && columns == sizes.batch;
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

// Where the numbers of our weights stand in the reference's parameters

struct Link {
  nn::WeightPtr weight;
  std::string reference;
  std::vector<std::size_t> place;  // of each stored number
};

// Vectors stand as they are, circuits in full matrices [source, target].
Link as_it_is(const nn::WeightPtr& weight, std::string reference) {
  Link link{weight, std::move(reference), std::vector<std::size_t>(weight->value.elements())};
  std::iota(link.place.begin(), link.place.end(), std::size_t{0});
  if (const auto& pattern = weight->options.pattern)
    for (std::size_t s = 0; s < link.place.size(); ++s)
      link.place[s] = static_cast<std::size_t>(pattern->sources()[s] * pattern->columns() + pattern->targets()[s]);
  return link;
}

// A kernel [rows, outputs] as the columns from `first` on of the reference's matrix [outputs, width].
Link turned(const nn::WeightPtr& weight, std::string reference, std::int64_t first, std::int64_t width) {
  Link link = as_it_is(weight, std::move(reference));
  const auto outputs = static_cast<std::size_t>(weight->options.shape[1].factor());
  for (std::size_t& place : link.place)
    place = place % outputs * static_cast<std::size_t>(width) + static_cast<std::size_t>(first) + place / outputs;
  return link;
}

// What the reference calls our weights.
class Names {
 public:
  Names(const nn::RNN& layer, const json& parameters)
      : parameters_(parameters), root_(layer.path() + "/"), is_ltc_(layer.type() == "LTC") {
    for (const auto& [name, value] : parameters.items())
      if (name.starts_with("rnn_cell.backbone.") && name.ends_with(".weight"))
        backbone_.push_back(std::stoi(name.substr(std::string("rnn_cell.backbone.").size())));
    std::sort(backbone_.begin(), backbone_.end());
    for (const nn::StateOptions& state : layer.cell()->states()) states_.push_back(state.name);
  }

  Link link(const nn::WeightPtr& weight) const {
    std::string rest = weight->path.substr(root_.size());
    if (rest == "projection/kernel") return matrix(weight, "fc.weight");
    if (rest == "projection/bias") return as_it_is(weight, "fc.bias");
    cut(rest, "cell/");
    if (rest == "kernel") return matrix(weight, "lstm.input_map.weight");
    if (rest == "bias") return as_it_is(weight, "lstm.input_map.bias");
    if (rest == "recurrent_kernel") return matrix(weight, "lstm.recurrent_map.weight");
    cut(rest, "cell/");  // inside the mixed memory
    return is_ltc_ ? as_it_is(weight, "rnn_cell." + rest) : head(weight, rest);
  }

 private:
  static void cut(std::string& text, const std::string& prefix) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }

  // "[layer/]map_kind" of a CfC. The reference has one matrix for inputs and state, the state last.
  Link head(const nn::WeightPtr& weight, std::string name) const {
    std::string prefix = "rnn_cell.";
    if (const auto slash = name.find('/'); slash != std::string::npos) {
      prefix +=
          fmt::format("layer_{}.", std::find(states_.begin(), states_.end(), name.substr(0, slash)) - states_.begin());
      name.erase(0, slash + 1);
    }
    if (name == "w_tau" || name == "A") return as_it_is(weight, prefix + name);
    for (const std::string kind : {"_bias", "_recurrent_kernel", "_kernel"}) {
      if (!name.ends_with(kind)) continue;
      const std::string map = prefix + reference_map(name.substr(0, name.size() - kind.size()));
      if (kind == "_bias") return as_it_is(weight, map + ".bias");
      return matrix(weight, map + ".weight", kind == "_recurrent_kernel");
    }
    throw InternalError(fmt::format("check_cells does not know the weight '{}'.", weight->path));
  }

  std::string reference_map(const std::string& map) const {
    if (!map.starts_with("backbone_")) return map;
    const auto layer = static_cast<std::size_t>(std::stoi(map.substr(std::string("backbone_").size())));
    if (layer >= backbone_.size()) throw FormatError("parameters: the backbone has fewer layers than the options say.");
    return fmt::format("backbone.{}", backbone_[layer]);
  }

  Link matrix(const nn::WeightPtr& weight, const std::string& reference, bool at_the_end = false) const {
    const json& rows = parameters_.contains(reference) ? parameters_[reference] : json::array();
    const auto width = rows.empty() ? std::int64_t{0} : static_cast<std::int64_t>(rows[0].size());
    return turned(weight, reference, at_the_end ? width - weight->options.shape[0].factor() : 0, width);
  }

  const json& parameters_;
  std::string root_;
  bool is_ltc_;
  std::vector<int> backbone_;
  std::vector<std::string> states_;
};

// The reference's numbers at the places of a weight.
Numbers take(const Link& link, const Numbers& reference) {
  Numbers numbers;
  for (const std::size_t place : link.place) {
    if (place >= reference.size())
      throw FormatError(fmt::format("parameter '{}' has {} numbers; '{}' needs more.", link.reference, reference.size(),
                                    link.weight->path));
    numbers.push_back(reference[place]);
  }
  return numbers;
}

// Every number of the file must have a place in one of our weights, or be one of a synapse that does not exist: those
// must be marked by the masks and have no gradient.
void check_coverage(const std::vector<Link>& links, const json& golden) {
  const json& parameters = golden.at("parameters");
  std::map<std::string, std::set<std::size_t>> covered;
  for (const Link& link : links) covered[link.reference].insert(link.place.begin(), link.place.end());
  for (const auto& [name, value] : parameters.items()) {
    const auto mask = name.find("sparsity_mask");
    if (mask == std::string::npos) {
      if (!covered.contains(name))
        throw ConfigError(fmt::format("parameter '{}' of the file belongs to no weight.", name));
      continue;
    }
    // "sensory_sparsity_mask" is of sensory_w, "layer_1.sparsity_mask" of layer_1.ff1.weight.
    const std::string front = name.substr(0, mask);
    const auto& places = covered[golden["cell"] == "ltc" ? front + "w" : front + "ff1.weight"];
    const Numbers exists = numbers_of(value);
    for (std::size_t i = 0; i < exists.size(); ++i)
      if ((exists[i] != 0) != places.contains(i))
        throw ConfigError(fmt::format("'{}' says that number {} {}; the circuit drawn here says the opposite.", name, i,
                                      exists[i] != 0 ? "exists" : "does not exist"));
  }
  for (const auto& [name, value] : golden.at("grads").items()) {
    const Numbers gradient = numbers_of(value);
    for (std::size_t i = 0; i < gradient.size(); ++i)
      if (gradient[i] != 0 && !covered[name].contains(i))
        throw ConfigError(fmt::format("'{}' has a gradient at number {}, for which there is no weight.", name, i));
  }
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
              array("dt", Kind::timespans, Shape{sizes.batch, sizes.time}));
    context.timespans = run.wrt.back().second;
  }
  if (is_given(golden, "lengths")) {
    context.lengths = run.graph.input("lengths", {Dtype::i32, Shape{Dim::batch()}});
    run.inputs["lengths"] = Tensor::from(Shape{sizes.batch}, numbers_of(golden["lengths"]), Dtype::i32);
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

double largest_error(const Numbers& actual, const Numbers& expected, const std::string& what) {
  if (actual.size() != expected.size())
    throw FormatError(
        fmt::format("'{}' has {} numbers in the file; {} were computed.", what, expected.size(), actual.size()));
  double largest = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(actual[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    largest = std::max(largest, std::isfinite(error) ? error : std::numeric_limits<double>::infinity());
  }
  return largest;
}

std::vector<Comparison> compare(const std::map<std::string, Numbers>& results, const json& golden, const Sizes& sizes,
                                const std::vector<Link>& links) {
  std::vector<Comparison> comparisons;
  const auto add = [&](const std::string& name, bool is_gradient, const Numbers& actual, const Numbers& expected) {
    comparisons.push_back({name, is_gradient, largest_error(actual, expected, name)});
  };
  const Numbers& y = results.at("y");
  const Numbers seed = batch_first(golden.at("seed_grad"), kind_of_output(sizes), sizes);
  add("output", false, y, batch_first(golden.at("y"), kind_of_output(sizes), sizes));
  add("state", false, results.at("state"), numbers_of(golden.at("state")));
  if (is_given(golden, "cell_state"))
    add("cell_state", false, results.at("cell_state"), numbers_of(golden["cell_state"]));
  add("loss", false, {std::inner_product(y.begin(), y.end(), seed.begin(), 0.0)}, {golden.at("loss").get<double>()});

  // A parameter of the file may be several of our weights: one figure for all.
  std::map<std::string, double> gradients;
  for (const Link& link : links)
    if (const json& of = golden.at("grads"); of.contains(link.reference)) {
      double& error = gradients[link.reference];
      error = std::max(error, largest_error(results.at("gradient/" + link.weight->path),
                                            take(link, numbers_of(of[link.reference])), link.reference));
    }
  for (const auto& [name, error] : gradients) comparisons.push_back({name, true, error});
  for (const auto& [input, kind] :
       {std::pair{"x", Kind::sequence}, {"dt", Kind::timespans}, {"h0", Kind::plain}, {"c0", Kind::plain}})
    if (const std::string key = std::string("grad_") + input; is_given(golden, key.c_str()))
      add(input, true, results.at("gradient/" + std::string(input)), batch_first(golden[key], kind, sizes));
  return comparisons;
}

}  // namespace

std::vector<Comparison> run_case(const json& golden, Dtype dtype, kernels::Target target) {
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

  const Names names(*layer, golden.at("parameters"));
  std::vector<Link> links;
  for (const nn::WeightPtr& weight : layer->weights()) {
    links.push_back(names.link(weight));
    const json& parameters = golden.at("parameters");
    if (!parameters.contains(links.back().reference))
      throw FormatError(fmt::format("the file has no parameter '{}'.", links.back().reference));
    weight->value =
        Tensor::from(weight->stored_shape(), take(links.back(), numbers_of(parameters[links.back().reference])), dtype);
  }
  check_coverage(links, golden);
  CaseGraph run;
  write_case(run, *layer, golden, sizes, mixed, dtype);
  return compare(results_of(std::move(run), sizes, target), golden, sizes, links);
}

}  // namespace elegans::golden
