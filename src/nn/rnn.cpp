#include "elegans/nn/rnn.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "elegans/nn/dense.hpp"
#include "elegans/nn/registry.hpp"
#include "nn/check_sequence.hpp"
#include "nn/direct_calls.hpp"
#include "nn/for_rank.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

using graph::Loop;
using graph::LoopResult;

Value where(const std::optional<Value>& valid, Value yes, Value no) {
  return valid ? select(for_rank(*valid, yes.shape()), yes, no) : yes;
}

void require(const Value& value, const Shape& shape, const std::string& path, const char* argument) {
  if (value.shape() != shape)
    throw ShapeError({.operation = path,
                      .argument = argument,
                      .actual = to_string(value.shape()),
                      .required = fmt::format("{} like the input", to_string(shape)),
                      .remedy = ""});
}

}  // namespace

// A sequence as the loop reads it: time in front, skipped steps made harmless.
struct RNN::Steps {
  Value x;                     // [time, batch, features]
  std::optional<Value> dt;     // [time, batch, 1]
  std::optional<Value> valid;  // [time, batch, 1]
};

// Executables of direct calls, for each choice of what is given beside x.
struct RNN::Calls {
  std::array<DirectCalls, 16> known;
  DirectCalls::Call* call = nullptr;  // of the last prepare()
  std::vector<View> inputs;           // x, then timespans, lengths, mask and states where given
  std::vector<View> outputs;
};

RNN::RNN(CellPtr cell, RnnOptions options) : cell_(std::move(cell)), options_(options) {
  // A file may ask for anything; so many steps of memory nobody has.
  constexpr std::int64_t most = std::int64_t{1} << 20;
  const auto require_in_range = [&](const char* argument, std::int64_t value, const char* required) {
    if (value < 0 || value > most)
      throw ConfigError({.operation = "RNN",
                         .argument = argument,
                         .actual = std::to_string(value),
                         .required = required,
                         .remedy = ""});
  };
  if (cell_ == nullptr)
    throw ConfigError({.operation = "RNN", .argument = "cell", .actual = "null", .required = "a cell", .remedy = ""});
  require_in_range("projection", options.projection, "0 for none, or a number of features up to 2^20");
  require_in_range("checkpoint_every", options.checkpoint_every, "0 for none, or a number of steps up to 2^20");
  add_part("cell", cell_);
  if (options_.projection_pattern && options_.projection == 0)
    options_.projection = options_.projection_pattern->columns();
  if (options_.projection > 0) {
    projection_ =
        std::make_shared<Dense>(DenseOptions{.units = options_.projection, .pattern = options_.projection_pattern});
    add_part("projection", projection_);
  }
}

RNN::~RNN() = default;
RNN::RNN(RNN&&) noexcept = default;

Shape RNN::compute_output_shape(const Shape& input) const {
  const Dim features = options_.projection > 0 ? Dim(options_.projection) : Dim(cell_->output_size());
  return options_.return_sequences ? Shape{input[0], input[1], features} : Shape{input[0], features};
}

void RNN::on_build(const Shape& input) {
  if (input.rank() != 3)
    throw ShapeError({.operation = path(),
                      .argument = "input",
                      .actual = to_string(input),
                      .required = "[batch, time, features]",
                      .remedy = "A single sequence is a batch of one."});
  Shape step = input.removed(1);
  if (options_.timespan_as_feature) step[1] = step[1].factor() + 1;
  cell_->build(step);
  for (const StateOptions& state : cell_->states())
    learned_.push_back(state.first != FirstState::learned ? nullptr
                                                          : add_weight({.name = "first_" + state.name,
                                                                        .shape = state.shape,
                                                                        .initialiser = ConstantValue{state.value}}));
  if (projection_) projection_->build(Shape{input[0], Dim(cell_->output_size())});
}

RNN::Steps RNN::steps_of(Context& context, Value x) const {
  const Dim batch = x.shape()[0], time = x.shape()[1];
  Steps steps{.x = transpose(x, {1, 0, 2}), .dt = {}, .valid = {}};
  if (context.timespans) {
    require(*context.timespans, Shape{batch, time}, path(), "timespans");
    steps.dt = reshape(transpose(*context.timespans, {1, 0}), Shape{time, batch, 1});
  }
  steps.valid = context.valid_steps(batch, time, x.dtype());
  if (steps.valid) {
    steps.x = select(*steps.valid, steps.x, constant(x, 0));
    if (steps.dt) steps.dt = select(*steps.valid, *steps.dt, constant(x, 1));
  }
  if (options_.timespan_as_feature && !hands_on_gap(steps))
    steps.x = graph::concat({steps.x, steps.dt ? *steps.dt : full(x, Shape{time, batch, 1}, context.timespan)}, -1);
  return steps;
}

std::vector<Value> RNN::first_states(Context& context, Value x) {
  std::vector<Value> first;
  const std::vector<StateOptions> states = cell_->states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Shape shape = states[i].shape.inserted(0, x.shape()[0]);
    first.push_back(context.initial_state(path() + "/" + states[i].name, {x.dtype(), shape}, [&] {
      if (learned_[i]) return broadcast_to(context.weight(learned_[i]), shape);
      return full(x, shape, states[i].first == FirstState::constant ? states[i].value : 0.0);
    }));
  }
  return first;
}

namespace {

// Δt of the first step that counts, [batch, 1], of dt [time, batch, 1]: where steps may be skipped, of the earliest one
// that is not.
Value first_gap(Context& context, Value dt, const std::optional<Value>& valid) {
  const Shape each = dt.shape().removed(0);
  if (!context.mask) return reshape(leading(dt, 1), each);
  const Value number = reshape(graph::positions(context.graph(), dt.shape()[0], dt.dtype()), {dt.shape()[0], 1, 1});
  const Value earliness = select(*valid, -number, constant(dt, -std::numeric_limits<float>::max()));
  const Value others = less(earliness, reduce_max(earliness, 0));
  return reduce_sum(select(others, constant(dt, 0), dt), 0);
}

}  // namespace

Value RNN::call(Context& context, Value x) {
  if (x.shape().rank() != 3)
    throw ShapeError(
        {path(), "x", to_string(x.shape()), "[batch, time, features]", "A single sequence is a batch of one."});
  const Steps steps = steps_of(context, x);
  const Dim batch = x.shape()[0];
  const Value zero = constant(x, 0), timespan = constant(x, context.timespan);

  std::vector<Value> carried = first_states(context, x);
  const std::size_t states = carried.size();
  std::vector<Value> scanned{steps.x};
  if (steps.dt) scanned.push_back(*steps.dt);
  if (steps.valid) scanned.push_back(*steps.valid);
  if (context.training()) scanned.push_back(graph::positions(context.graph(), x.shape()[1], x.dtype()));
  // Backwards, the gap to the following sample is what the step before (in the order of execution) has read.
  const bool hands_on = hands_on_gap(steps);
  if (hands_on) carried.push_back(first_gap(context, *steps.dt, steps.valid));
  const std::optional<std::size_t> output_state = cell_->output_state();
  const bool keeps_last = !options_.return_sequences && !output_state;
  if (keeps_last) carried.push_back(full(x, Shape{batch, Dim(cell_->output_size())}, 0));

  const auto body = [&](const Loop& loop) {
    std::size_t next = 1;
    const std::optional<Value> gap = steps.dt ? std::optional(loop.scanned[next++]) : std::nullopt;
    const std::optional<Value> valid = steps.valid ? std::optional(loop.scanned[next++]) : std::nullopt;
    const Value dt = hands_on ? loop.carried[states] : gap.value_or(timespan);
    const std::vector<Value> state(loop.carried.begin(), loop.carried.begin() + static_cast<std::ptrdiff_t>(states));
    const std::optional<Value> outer_position = context.position;
    if (context.training()) context.position = loop.scanned[next];
    Value input = loop.scanned[0];
    if (options_.timespan_as_feature && hands_on) input = graph::concat({input, dt}, -1);
    const CellOutput step = (*cell_)(context, input, state, dt);
    context.position = outer_position;

    LoopResult result;
    for (std::size_t i = 0; i < states; ++i) result.carried.push_back(where(valid, step.state[i], state[i]));
    if (hands_on) result.carried.push_back(where(valid, *gap, dt));
    if (options_.return_sequences)
      result.stacked.push_back(where(valid, step.output, zero));
    else if (keeps_last)
      result.carried.push_back(where(valid, step.output, loop.carried.back()));
    return result;
  };
  // Without a backward pass there is nothing to keep.
  const std::int64_t checkpoint_every = context.training() ? options_.checkpoint_every : 0;
  const LoopResult result = scan(x.shape()[1], carried, scanned, body,
                                 {.reverse = options_.go_backwards, .checkpoint_every = checkpoint_every});

  const std::vector<StateOptions> names = cell_->states();
  for (std::size_t i = 0; i < states; ++i) context.final_state(path() + "/" + names[i].name, result.carried[i]);
  if (options_.return_sequences) return all_outputs(context, result.stacked[0], steps);
  return last_output(context, output_state ? result.carried[*output_state] : result.carried.back(), steps);
}

// [time, batch, output] as [batch, time, output], in the order of processing.
Value RNN::all_outputs(Context& context, Value outputs, const Steps& steps) {
  const Value y = transpose(projected(context, outputs, steps.valid), {1, 0, 2});
  if (!options_.go_backwards) return y;
  return context.lengths ? reverse_sequence(y, *context.lengths) : reverse_sequence(y);
}

Value RNN::last_output(Context& context, Value output, const Steps& steps) {
  if (!projection_ || !steps.valid) return projected(context, output, std::nullopt);
  // A sequence counts where any step of it does.
  return projected(context, output, reduce_max(*steps.valid, 0));
}

bool RNN::hands_on_gap(const Steps& steps) const { return options_.go_backwards && steps.dt.has_value(); }

// The projection of y, 0 where it is not valid. (A bias would stand there.)
Value RNN::projected(Context& context, Value y, const std::optional<Value>& valid) {
  if (!projection_) return y;
  const Value projected = (*projection_)(context, y);
  return valid ? select(*valid, projected, constant(y, 0)) : projected;
}

Json RNN::config() const {
  Json config{{"cell", to_config(*cell_)}};
  write_sequence(options_, config);
  return config;
}

LayerPtr RNN::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys({"cell"}));
  return std::make_shared<RNN>(make_cell(object.at("cell"), source_name + ": key 'cell'"),
                               read_sequence(object, source_name));
}

// Direct calls

RNN::Calls& RNN::prepare(const SequenceInput& input) {
  find_or_build(input);
  // The shapes fit now.
  if (input.lengths) check_lengths(*this, *input.lengths, input.x.shape[1].factor());
  if (input.mask) check_mask(*this, *input.mask);
  if (input.timespans) check_timespans(*this, *input.timespans, input.lengths, input.mask);
  return *calls_;
}

void RNN::find_or_build(const SequenceInput& input) {
  if (!calls_) calls_ = std::make_unique<Calls>();
  calls_->inputs.assign({input.x});
  for (const auto* given : {&input.timespans, &input.lengths, &input.mask})
    if (*given) calls_->inputs.push_back(**given);
  calls_->inputs.insert(calls_->inputs.end(), input.state.begin(), input.state.end());
  const bool has_state = !input.state.empty();
  const std::size_t choice =
      (input.timespans ? 1u : 0u) + (input.lengths ? 2u : 0u) + (input.mask ? 4u : 0u) + (has_state ? 8u : 0u);
  DirectCalls& known = calls_->known[choice];
  calls_->call = known.find(calls_->inputs);
  if (calls_->call != nullptr) return;

  const std::vector<StateOptions> states = cell_->states();
  if (has_state && input.state.size() != states.size())
    throw ShapeError({.operation = path(),
                      .argument = "the number of states",
                      .actual = std::to_string(input.state.size()),
                      .required = fmt::format("{}, or none to start afresh", states.size()),
                      .remedy = "They come back from a call in this order, too."});
  calls_->call = &known.build(path(), calls_->inputs, [&](Context& context, std::span<const Value> values) {
    std::size_t next = 1;
    if (input.timespans) context.timespans = values[next++];
    if (input.lengths) context.lengths = values[next++];
    if (input.mask) context.mask = values[next++];
    for (std::size_t i = 0; has_state && i < states.size(); ++i)
      context.provide_state(path() + "/" + states[i].name, values[next++]);
    std::vector<Value> outputs{(*this)(context, values[0])};
    for (const StateSlot& slot : context.states()) outputs.push_back(slot.final);
    return outputs;
  });
}

SequenceOutput RNN::operator()(const SequenceInput& input) {
  Calls& calls = prepare(input);
  std::vector<Tensor> results = (*calls.call)(calls.inputs);
  SequenceOutput output{.output = std::move(results.front()), .state = {}};
  output.state.assign(std::make_move_iterator(results.begin() + 1), std::make_move_iterator(results.end()));
  return output;
}

void RNN::operator()(const SequenceInput& input, const View& output, std::span<const View> state) {
  Calls& calls = prepare(input);
  calls.outputs.assign({output});
  calls.outputs.insert(calls.outputs.end(), state.begin(), state.end());
  (*calls.call)(calls.inputs, calls.outputs);
}

}  // namespace elegans::nn
