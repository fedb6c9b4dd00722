#include "elegans/nn/mixed_memory.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/nn/registry.hpp"
#include "nn/orthogonal.hpp"

namespace elegans::nn {

MixedMemory::MixedMemory(CellPtr cell) : cell_(std::move(cell)) {
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
  kernel_ = add_weight({.name = "kernel", .shape = Shape{inputs, 4 * units_}, .initialiser = Uniform{-glorot, glorot}});
  recurrent_kernel_ =
      add_weight({.name = "recurrent_kernel",
                  .shape = Shape{units_, 4 * units_},
                  .initialiser = Given{orthonormal_rows(units_, 4 * units_, seed(), path() + "/recurrent_kernel")}});
  bias_ = add_weight({.name = "bias", .shape = Shape{4 * units_}, .initialiser = Uniform{-0.1, 0.1}});
  cell_->build(input);
}

CellOutput MixedMemory::step(Context& context, Value x, const std::vector<Value>& state, Value dt) {
  const Value h = concat(std::span(state).first(state.size() - 1), -1);
  const Value z =
      matmul(x, context.weight(kernel_)) + context.weight(bias_) + matmul(h, context.weight(recurrent_kernel_));
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

Json MixedMemory::config() const { return {{"cell", to_config(*cell_)}}; }

CellPtr MixedMemory::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"cell"});
  return std::make_shared<MixedMemory>(make_cell(object.at("cell"), source_name + ": key 'cell'"));
}

}  // namespace elegans::nn
