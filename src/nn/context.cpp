#include "elegans/nn/context.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/nn/connections_of.hpp"
#include "nn/for_rank.hpp"
#include "nn/path_hash.hpp"

namespace elegans::nn {
namespace {

ConfigError taken(const std::string& path, const char* what) {
  return ConfigError({path, "the path", fmt::format("that of two {}", what), "a path of its own for each",
                      "Give the layers different names: set_name(\"…\") before they are built."});
}

// The existing weights [count] of a whole array [rows, columns].
Value existing(Value whole, const wiring::Pattern& pattern) {
  const auto count = static_cast<std::size_t>(pattern.count());
  std::vector<std::uint32_t> places(count);
  for (std::size_t k = 0; k < count; ++k)
    places[k] = static_cast<std::uint32_t>(pattern.sources()[k] * pattern.columns() + pattern.targets()[k]);
  const std::int64_t all = pattern.rows() * pattern.columns();
  return gather(reshape(whole, Shape{all}), ops::picking(static_cast<std::size_t>(all), std::move(places)));
}

}  // namespace

Value Context::weight(const WeightPtr& weight) {
  if (const auto found = used_.find(weight.get()); found != used_.end()) return found->second;
  for (const auto& [other, value] : weights_)
    if (other->path == weight->path) throw taken(weight->path, "weights");
  const auto provided = provided_.find(weight.get());
  const Value stored = provided != provided_.end()
                           ? provided->second
                           : graph_->input("weight/" + weight->path, {weight->value.dtype(), weight->stored_shape()});
  const WeightOptions& options = weight->options;
  const bool whole = options.pattern && options.storage == Storage::dense;
  const Value value = whole ? existing(stored, *options.pattern) : stored;
  weights_.emplace_back(weight, stored);
  used_[weight.get()] = value;
  if (training() && options.regulariser) add_loss(options.regulariser(value));
  return value;
}

void Context::provide(const WeightPtr& weight, Value value) {
  ensure(!used_.contains(weight.get()), "a weight is provided after its first use");
  if (!(value.shape() == weight->stored_shape()))
    throw ShapeError(
        {weight->path, "the value provided", to_string(value.shape()), to_string(weight->stored_shape()), ""});
  provided_[weight.get()] = value;
}

Value Context::initial_state(const std::string& path, const ops::Type& type, const std::function<Value()>& start) {
  if (std::any_of(states_.begin(), states_.end(), [&](const StateSlot& slot) { return slot.path == path; }))
    throw taken(path, "states");
  const auto provided = provided_states_.find(path);
  const auto exposed = [&] {
    const Value carried = graph_->input("state/" + path, type);
    return fresh ? select(for_rank(*fresh, type.shape), start(), carried) : carried;
  };
  const Value initial = provided != provided_states_.end() ? provided->second
                        : options_.expose_states           ? exposed()
                                                           : start();
  if (!(initial.type() == type))
    throw ShapeError({path, "the first value", ops::to_string(initial.type()), ops::to_string(type), ""});
  states_.push_back({path, type, initial, {}});
  return initial;
}

void Context::final_state(const std::string& path, Value value) {
  const auto slot =
      std::find_if(states_.begin(), states_.end(), [&](const StateSlot& one) { return one.path == path; });
  ensure(slot != states_.end() && !slot->final, "a state ends that did not begin, or twice");
  if (!(value.type() == slot->type))
    throw ShapeError({path, "the last value", ops::to_string(value.type()), ops::to_string(slot->type), ""});
  slot->final = value;
  if (options_.expose_states) graph_->output("next/" + path, value);
}

std::optional<Value> Context::valid_steps(const Dim& batch, const Dim& time, Dtype dtype) {
  const auto require = [&](const Value& value, const Shape& shape, const char* argument) {
    if (value.shape() != shape)
      throw ShapeError({.operation = path_,
                        .argument = argument,
                        .actual = to_string(value.shape()),
                        .required = fmt::format("{} like the input", to_string(shape)),
                        .remedy = ""});
  };
  std::optional<Value> valid;
  if (lengths) {
    require(*lengths, Shape{batch}, "lengths");
    valid = reshape(sequence_mask(*lengths, time, dtype), Shape{time, batch, 1});
  }
  if (mask) {
    require(*mask, Shape{batch, time}, "mask");
    const Value steps = reshape(transpose(*mask, {1, 0}), Shape{time, batch, 1});
    // Chosen and not multiplied: behind the end of a sequence the mask may hold anything.
    valid = valid ? select(*valid, steps, constant(steps, 0)) : steps;
  }
  return valid;
}

bool is_sequence(const Shape& x) { return x.rank() > 2 && (x[1].uses_time() || x.is_constant()); }

Value along_steps(Value valid, const Shape& x) {
  Shape spread = x;
  for (std::size_t axis = 2; axis < spread.rank(); ++axis) spread[axis] = 1;
  return reshape(transpose(valid, {1, 0, 2}), spread);
}

void Context::add_activity_loss(const Regulariser& regulariser, Value y) {
  if (!training() || !regulariser) return;
  if (y.graph != graph_)
    throw ConfigError({path_, "an activity regulariser", "inside a step of a loop", "around the whole sequence",
                       "Put an ActivityRegularisation layer behind the sequence layer."});
  const Shape& shape = y.shape();
  if (is_sequence(shape))
    if (const std::optional<Value> valid = valid_steps(shape[0], shape[1], y.dtype()))
      y = select(along_steps(*valid, shape), y, constant(y, 0));
  activity_losses_.push_back(regulariser(y));
}

Value Context::step() {
  if (!step_) step_ = graph_->input("step", {Dtype::i32, Shape{1}});
  return *step_;
}

Value Context::dropout_mask(const std::string& path, const Shape& shape, double rate, Dtype dtype, Draw draw) {
  ensure(training(), "dropout outside training");
  if (!(rate >= 0 && rate < 1))
    throw ConfigError({path, "the rate of dropout", fmt::format("{}", rate), "0 or more, less than 1", ""});
  // Another odd multiple of the seed for each path: streams of different paths do not meet but by a collision of
  // hashes.
  const std::uint64_t key = options_.seed * 0x9e3779b97f4a7c15ULL ^ hash_of(path);
  const bool anew = position && draw == Draw::every_step;
  const Value u = anew ? random_uniform(step(), *position, shape, key) : random_uniform(step(), shape, dtype, key);
  return select(less(u, constant(u, rate)), constant(u, 0), constant(u, 1 / (1 - rate)));
}

}  // namespace elegans::nn
