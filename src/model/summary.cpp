#include "elegans/model/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "elegans/graph/gradient.hpp"
#include "elegans/model/forward.hpp"

namespace elegans::model {
namespace {

void count_weights(LayerSummary& row, const std::vector<nn::WeightPtr>& weights) {
  for (const nn::WeightPtr& weight : weights) {
    const nn::PatternPtr& pattern = weight->options.pattern;
    const auto count = pattern ? pattern->count() : static_cast<std::int64_t>(weight->value.elements());
    row.parameters += count;
    if (weight->options.trainable) row.trainable += count;
    row.weight_bytes += static_cast<std::int64_t>(weight->value.bytes());
  }
}

void count_synapses(LayerSummary& row, const std::vector<nn::PatternPtr>& patterns) {
  for (const nn::PatternPtr& pattern : patterns) {
    row.synapses += pattern->count();
    row.possible_synapses += pattern->rows() * pattern->columns();
  }
}

// The gradients of Σ ⟨y, cotangent⟩ with respect to every weight that is trained.
std::size_t training_arena(Sequential& network, const SummaryOptions& options) {
  graph::Graph graph;
  nn::Context context(graph, {.mode = nn::Mode::training, .seed = network.seed()});
  const nn::Value x = graph.input("x", {network.dtype(), network.input_shape()});
  if (network.has_time()) {
    context.timespans = graph.input("timespans", {network.dtype(), {Dim::batch(), Dim::time()}});
    context.lengths = graph.input("lengths", {Dtype::i32, {Dim::batch()}});
  }
  const nn::Value y = network(context, x);
  const nn::Value cotangent = graph.input("cotangent", y.type());
  std::vector<nn::Value> wrt;
  std::vector<std::string> names;
  for (const auto& [weight, value] : context.weights()) {
    if (!weight->options.trainable) continue;
    wrt.push_back(value);
    names.push_back(weight->path);
  }
  const auto found = graph::gradients(std::span(&y, 1), std::span(&cotangent, 1), wrt);
  graph.output("y", y);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) graph.output("gradient/" + names[i], *found[i]);
  }
  const Extents reserve{.batch = options.training_batch, .time = options.training_time};
  return graph::planned_arena_bytes(std::move(graph), {.reserve = reserve});
}

std::string grouped(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), " ");
  return text;
}

using Cells = std::array<std::string, 5>;

Cells cells_of(const LayerSummary& row) {
  return {
      row.type.empty() ? row.name : fmt::format("{} ({})", row.name, row.type),
      row.type.empty() ? "" : to_string(row.output_shape), grouped(row.parameters),
      row.possible_synapses == 0 ? "" : fmt::format("{} ({})", grouped(row.synapses), grouped(row.possible_synapses)),
      grouped(row.weight_bytes)};
}

std::string table(const std::vector<Cells>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Cells& row : rows) {
    std::string line = fmt::format("{:<{}}   {:<{}}   {:>{}}   {:>{}}   {:>{}}", row[0], widths[0], row[1], widths[1],
                                   row[2], widths[2], row[3], widths[3], row[4], widths[4]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

nlohmann::json to_json(const LayerSummary& row) {
  return {{"name", row.name},
          {"type", row.type},
          {"output_shape", to_string(row.output_shape)},
          {"parameters", row.parameters},
          {"trainable", row.trainable},
          {"synapses", row.synapses},
          {"possible_synapses", row.possible_synapses},
          {"weight_bytes", row.weight_bytes}};
}

}  // namespace

Summary summarise(Sequential& network, const SummaryOptions& options) {
  Summary summary{.name = network.name(),
                  .dtype = network.dtype(),
                  .input_shape = network.input_shape(),
                  .total = {.name = "total", .output_shape = network.output_shape()},
                  .training = options};
  Shape shape = network.input_shape();
  for (const nn::LayerPtr& layer : network.layers()) {
    shape = layer->compute_output_shape(shape);
    summary.layers.push_back({.name = layer->name(), .type = layer->type(), .output_shape = shape});
    count_weights(summary.layers.back(), layer->weights());
    count_synapses(summary.layers.back(), layer->patterns());
    summary.total.synapses += summary.layers.back().synapses;
    summary.total.possible_synapses += summary.layers.back().possible_synapses;
  }
  LayerSummary all;
  count_weights(all, network.weights());
  summary.total.parameters = all.parameters;
  summary.total.trainable = all.trainable;
  summary.total.weight_bytes = all.weight_bytes;

  ForwardGraph step = write_forward(network, {.timespans = network.has_time(), .expose_states = true});
  for (const auto& [path, type] : step.states) summary.state_numbers += type.shape.elements(Extents{});
  summary.state_bytes = summary.state_numbers * static_cast<std::int64_t>(size_of(network.dtype()));
  const graph::Executable executable = graph::compile(std::move(step.graph), {});
  summary.flop_per_step = executable.cost({}).flop;
  summary.step_arena_bytes = static_cast<std::int64_t>(executable.arena_bytes());
  summary.training_arena_bytes = static_cast<std::int64_t>(training_arena(network, options));
  return summary;
}

std::string to_text(const Summary& summary) {
  std::vector<Cells> rows{{"Layer (type)", "Output shape", "Parameters", "Synapses (possible)", "Bytes"}};
  for (const LayerSummary& layer : summary.layers) rows.push_back(cells_of(layer));
  rows.push_back(cells_of(summary.total));
  std::string text = fmt::format("{}: {} {}\n\n{}\n", summary.name, to_string(summary.dtype),
                                 to_string(summary.input_shape), table(rows));
  if (summary.total.trainable != summary.total.parameters) {
    text += fmt::format("Trainable   {} parameters\n", grouped(summary.total.trainable));
  }
  text +=
      fmt::format("State       {} numbers, {} bytes\n", grouped(summary.state_numbers), grouped(summary.state_bytes));
  text += fmt::format("Step        {} FLOP, arena {} bytes\n",
                      grouped(static_cast<std::int64_t>(summary.flop_per_step)), grouped(summary.step_arena_bytes));
  text +=
      fmt::format("Training    arena {} bytes for {} sequences of {} steps\n", grouped(summary.training_arena_bytes),
                  summary.training.training_batch, summary.training.training_time);
  return text;
}

nlohmann::json to_json(const Summary& summary) {
  nlohmann::json layers = nlohmann::json::array();
  for (const LayerSummary& layer : summary.layers) layers.push_back(to_json(layer));
  return {{"name", summary.name},
          {"dtype", to_string(summary.dtype)},
          {"input_shape", to_string(summary.input_shape)},
          {"layers", std::move(layers)},
          {"total", to_json(summary.total)},
          {"state_numbers", summary.state_numbers},
          {"state_bytes", summary.state_bytes},
          {"flop_per_step", summary.flop_per_step},
          {"step_arena_bytes", summary.step_arena_bytes},
          {"training_batch", summary.training.training_batch},
          {"training_time", summary.training.training_time},
          {"training_arena_bytes", summary.training_arena_bytes}};
}

}  // namespace elegans::model
