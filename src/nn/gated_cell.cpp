#include "elegans/nn/gated_cell.hpp"

#include <fmt/format.h>

#include "elegans/nn/connections_of.hpp"
#include "nn/side_by_side.hpp"

namespace elegans::nn {

GatedCell::GatedCell(std::string type, std::int64_t units, std::int64_t gates, GatedCellOptions options)
    : units_(units), gates_(gates), options_(std::move(options)) {
  const auto require = [&](bool holds, const char* argument, const std::string& actual, const char* required) {
    if (!holds) throw ConfigError({type, argument, actual, required, ""});
  };
  constexpr std::int64_t most = wiring::SynapseMatrix::max_extent;
  require(units >= 1 && units <= most, "units", fmt::format("{}", units), "1 … 2^20");
  const auto require_rate = [&](const char* argument, double rate) {
    require(rate >= 0 && rate < 1, argument, fmt::format("{}", rate), "in [0, 1)");
  };
  require_rate("dropout", options_.dropout);
  require_rate("recurrent_dropout", options_.recurrent_dropout);
  if (options_.input_pattern)
    require(options_.input_pattern->columns() == units, "input_pattern",
            fmt::format("for {} units", options_.input_pattern->columns()), "for as many units as the cell has");
}

WeightOptions GatedCell::bias_options() const {
  return {.name = "bias",
          .shape = Shape{gates_ * units_},
          .initialiser = options_.bias_initialiser,
          .regulariser = options_.bias_regulariser,
          .constraint = options_.bias_constraint};
}

void GatedCell::on_build(const Shape& input) {
  const std::int64_t inputs = input.back().factor();
  PatternPtr pattern = options_.input_pattern;
  if (pattern && pattern->rows() != inputs)
    throw ShapeError({path(), "input", to_string(input),
                      fmt::format("[batch, {}], for the input pattern has {} rows", pattern->rows(), pattern->rows()),
                      ""});
  if (pattern) {
    pattern = side_by_side(*pattern, static_cast<std::int32_t>(gates_));
    connections_ = connections_of(pattern);
  }
  kernel_ = add_weight({.name = "kernel",
                        .shape = Shape{inputs, gates_ * units_},
                        .initialiser = options_.kernel_initialiser,
                        .regulariser = options_.kernel_regulariser,
                        .constraint = options_.kernel_constraint,
                        .pattern = pattern});
  recurrent_kernel_ = add_weight({.name = "recurrent_kernel",
                                  .shape = Shape{units_, gates_ * units_},
                                  .initialiser = options_.recurrent_initialiser,
                                  .regulariser = options_.recurrent_regulariser,
                                  .constraint = options_.recurrent_constraint});
  if (options_.use_bias) bias_ = add_weight(bias_options());
}

Value GatedCell::from_input(Context& context, Value x) const {
  if (context.training() && options_.dropout > 0)
    x = x * context.dropout_mask(path() + "/inputs", x.shape(), options_.dropout, x.dtype(), Draw::once);
  const Value kernel = context.weight(kernel_);
  return connections_ ? sparse_matmul(x, kernel, connections_) : matmul(x, kernel);
}

Value GatedCell::dropped(Context& context, Value h) const {
  if (!context.training() || options_.recurrent_dropout == 0) return h;
  return h * context.dropout_mask(path() + "/state", h.shape(), options_.recurrent_dropout, h.dtype(), Draw::once);
}

std::optional<Value> GatedCell::bias(Context& context) const {
  return bias_ ? std::optional(context.weight(bias_)) : std::nullopt;
}

Value GatedCell::block(Value blocks, std::int64_t gate) const {
  return slice(blocks, -1, gate * units_, (gate + 1) * units_);
}

}  // namespace elegans::nn
