#include "elegans/nn/mixed_memory.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/nn/connections_of.hpp"
#include "elegans/nn/registry.hpp"
#include "nn/pattern_config.hpp"
#include "nn/side_by_side.hpp"

namespace elegans::nn {

MixedMemory::MixedMemory(CellPtr cell, MixedMemoryOptions options)
    : cell_(std::move(cell)), options_(std::move(options)) {
  if (cell_ == nullptr)
    throw ConfigError(
        {.operation = "MixedMemory", .argument = "cell", .actual = "null", .required = "a cell", .remedy = ""});
  for (const StateOptions& state : cell_->states()) {
    if (state.shape.rank() != 1)
      throw ConfigError({.operation = "MixedMemory",
                         .argument = fmt::format("state '{}' of the cell", state.name),
                         .actual = fmt::format("of shape {}", to_string(state.shape)),
                         .required = "one axis",
                         .remedy = "The memory's output becomes the cell's state."});
    units_ += state.shape[0].factor();
  }
  if (options_.input_pattern && options_.input_pattern->columns() != units_)
    throw ConfigError({.operation = "MixedMemory",
                       .argument = "input_pattern",
                       .actual = fmt::format("for {} units", options_.input_pattern->columns()),
                       .required = fmt::format("for {}, all states of the cell together", units_),
                       .remedy = ""});
  add_part("cell", cell_);
}

std::vector<StateOptions> MixedMemory::states() const {
  std::vector<StateOptions> states = cell_->states();
  states.push_back({.name = "c", .shape = Shape{units_}});
  return states;
}

void MixedMemory::on_build(const Shape& input) {
  const std::int64_t inputs = input.back().factor();
  const double glorot = std::sqrt(6 / static_cast<double>(inputs + 4 * units_));
  if (options_.input_pattern && options_.input_pattern->rows() != inputs)
    throw ShapeError(
        {.operation = path(),
         .argument = "input",
         .actual = to_string(input),
         .required = fmt::format("[batch, {}], as the input pattern has rows", options_.input_pattern->rows()),
         .remedy = ""});
  const PatternPtr pattern = options_.input_pattern ? side_by_side(*options_.input_pattern, 4) : nullptr;
  kernel_ = add_weight({.name = "kernel",
                        .shape = Shape{inputs, 4 * units_},
                        .initialiser = Uniform{-glorot, glorot},
                        .pattern = pattern});
  if (pattern) connections_ = connections_of(pattern);
  recurrent_kernel_ =
      add_weight({.name = "recurrent_kernel", .shape = Shape{units_, 4 * units_}, .initialiser = Orthogonal{}});
  bias_ = add_weight({.name = "bias", .shape = Shape{4 * units_}, .initialiser = Uniform{-0.1, 0.1}});
  cell_->build(input);
}

CellOutput MixedMemory::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Value h = concat(std::span(state).first(state.size() - 1), -1);
  const Value kernel = context.weight(kernel_);
  const Value from_input = connections_ ? sparse_matmul(x, kernel, connections_) : matmul(x, kernel);
  const Value z = from_input + context.weight(bias_) + matmul(h, context.weight(recurrent_kernel_));
  const auto block = [&](std::int64_t i) { return slice(z, -1, i * units_, (i + 1) * units_); };
  const Value c = state.back() * sigmoid(block(2) + 1.0) + tanh(block(0)) * sigmoid(block(1));
  const Value remembered = tanh(c) * sigmoid(block(3));

  std::vector<Value> parts;
  std::int64_t start = 0;
  for (std::size_t i = 0; i + 1 < state.size(); ++i) {
    const std::int64_t size = state[i].shape()[1].factor();
    parts.push_back(slice(remembered, -1, start, start + size));
    start += size;
  }
  CellOutput result = (*cell_)(context, x, parts, dt);
  result.state.push_back(c);
  return result;
}

Json MixedMemory::config() const {
  Json config{{"cell", to_config(*cell_)}};
  if (options_.input_pattern) config["input_pattern"] = to_config(*options_.input_pattern);
  return config;
}

CellPtr MixedMemory::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"cell", "input_pattern"});
  MixedMemoryOptions options;
  if (object.has("input_pattern"))
    options.input_pattern = pattern_from(object.at("input_pattern"), source_name + ": key 'input_pattern'");
  return std::make_shared<MixedMemory>(make_cell(object.at("cell"), source_name + ": key 'cell'"), std::move(options));
}

}  // namespace elegans::nn
