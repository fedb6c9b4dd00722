#include <fmt/format.h>
#include <cmath>
#include <cstring>

#include "model/predictions.hpp"

namespace elegans::model {
namespace {

[[noreturn]] void wrong_shape(const std::string& name, const char* argument, const Shape& actual,
                              const Shape& required) {
  throw ShapeError({name + ", predict", argument, to_string(actual), to_string(required), ""});
}

void check_dtype(const std::string& name, const char* argument, Dtype actual, Dtype required) {
  if (actual == required) return;
  throw DtypeError({name + ", predict", argument, std::string(to_string(actual)), std::string(to_string(required)),
                    fmt::format("Convert it with Tensor::to(Dtype::{}).", to_string(required))});
}

Extents extents_of(const View& x, const Sequential& model) {
  const Shape& shape = model.input_shape();
  if (x.shape.rank() != shape.rank()) wrong_shape(model.name(), "x", x.shape, shape);
  const Extents at{.batch = x.shape[0].factor(), .time = model.has_time() ? x.shape[1].factor() : 1};
  if (!(x.shape == shape.at(at))) wrong_shape(model.name(), "x", x.shape, shape);
  if (at.batch == 0 || at.time == 0)
    throw ShapeError({model.name() + ", predict", "x", to_string(x.shape), "one sequence and one step or more", ""});
  check_dtype(model.name(), "x", x.dtype, model.dtype());
  return at;
}

void check_lengths(const View& lengths, const Extents& at, const std::string& name) {
  if (!(lengths.shape == Shape{at.batch})) wrong_shape(name, "lengths", lengths.shape, Shape{at.batch});
  check_dtype(name, "lengths", lengths.dtype, Dtype::i32);
  const auto values = lengths.as<std::int32_t>();
  for (std::size_t b = 0; b < values.size(); ++b) {
    if (values[b] >= 0 && values[b] <= at.time) continue;
    throw ConfigError({fmt::format("{}, predict", name), fmt::format("the length of sample {}", b),
                       fmt::format("{}", values[b]), fmt::format("0 … {}, the steps of x", at.time), ""});
  }
}

// Numbers [batch, time] of the steps that count: what stands behind the end of a sequence, or where the mask is 0, does
// not matter.
template <class Accept>
void check_steps(const View& values, const char* argument, const char* noun, const char* required, const char* remedy,
                 const PredictOptions& options, const Extents& at, const Sequential& model, const Accept& accept) {
  const Shape shape{at.batch, at.time};
  if (!(values.shape == shape)) wrong_shape(model.name(), argument, values.shape, shape);
  check_dtype(model.name(), argument, values.dtype, model.dtype());
  ops::with_floating(model.dtype(), [&]<class T>(T) {
    const std::span<const T> numbers = values.as<T>();
    for (std::int64_t b = 0; b < at.batch; ++b) {
      const std::int64_t steps =
          options.lengths ? options.lengths->as<std::int32_t>()[static_cast<std::size_t>(b)] : at.time;
      for (std::int64_t t = 0; t < steps; ++t) {
        const auto place = static_cast<std::size_t>(b * at.time + t);
        const bool skipped = options.mask && options.mask->data != values.data && options.mask->as<T>()[place] == 0;
        if (skipped || accept(static_cast<double>(numbers[place]))) continue;
        throw ConfigError({fmt::format("{}, predict", model.name()),
                           fmt::format("{} of sample {}, step {}", noun, b, t), fmt::format("{}", numbers[place]),
                           required, remedy});
      }
    }
  });
}

void check_options(const PredictOptions& options, const Extents& at, const Sequential& model) {
  if (!model.has_time() && (options.timespans || options.lengths || options.mask)) {
    throw ConfigError(
        {model.name() + ", predict", "timespans, lengths or mask", "given", "none, for the model has no time", ""});
  }
  if (options.lengths) check_lengths(*options.lengths, at, model.name());
  if (options.mask)
    check_steps(*options.mask, "mask", "the mask", "0 or 1", "", options, at, model,
                [](double m) { return m == 0 || m == 1; });
  if (options.timespans)
    check_steps(*options.timespans, "timespans", "Δt", "a finite number >= 0",
                "Time must not run backwards: check the time stamps.", options, at, model,
                [](double dt) { return std::isfinite(dt) && dt >= 0; });
}

template <class States>
void check_states(const std::vector<View>& views, const char* what, const States& states, const Extents& at,
                  const std::string& name) {
  if (views.size() != states.size())
    throw ShapeError({name + ", predict", fmt::format("the number of views in {}", what),
                      fmt::format("{}", views.size()), fmt::format("{}, one a state of the model", states.size()),
                      "Begin with first_states(batch)."});
  for (std::size_t i = 0; i < states.size(); ++i) {
    const ops::Type type{states[i].type.dtype, states[i].type.shape.at(at)};
    if (views[i].dtype == type.dtype && views[i].shape == type.shape) continue;
    throw ShapeError({name + ", predict", fmt::format("{} of {}", what, states[i].path),
                      ops::to_string(ops::Type{views[i].dtype, views[i].shape}), ops::to_string(type), ""});
  }
}

}  // namespace

Sequential::Predictions::Entry& Sequential::Predictions::at(Sequential& model, const ForwardOptions& options,
                                                            const Extents& extents) {
  const auto fits = [&](const Entry& entry) {
    return entry.options == options && entry.reserve.batch >= extents.batch && entry.reserve.time >= extents.time;
  };
  const auto found = std::find_if(entries.begin(), entries.end(), fits);
  if (found != entries.end()) {
    entries.splice(entries.begin(), entries, found);
    return entries.front();
  }
  ForwardGraph written = write_forward(model, options);
  Entry entry{.options = options,
              .reserve = extents,
              .executable = graph::compile(std::move(written.graph), {.reserve = extents}),
              .x = 0,
              .y = 0,
              .timespans = 0,
              .lengths = 0,
              .mask = 0,
              .weights = {},
              .states = {}};
  const graph::Executable& executable = entry.executable;
  entry.x = executable.input_index("x");
  entry.y = executable.output_index("y");
  if (options.timespans) entry.timespans = executable.input_index("timespans");
  if (options.lengths) entry.lengths = executable.input_index("lengths");
  if (options.mask) entry.mask = executable.input_index("mask");
  for (const auto& [path, type] : written.states)
    if (options.expose_states)
      entry.states.push_back(
          {path, type, executable.input_index("state/" + path), executable.output_index("next/" + path)});
  for (const auto& [weight, name] : written.weights) entry.weights.emplace_back(weight, executable.input_index(name));
  if (entries.size() == capacity) entries.pop_back();
  entries.push_front(std::move(entry));
  return entries.front();
}

std::vector<Tensor> Sequential::first_states(std::int64_t batch) {
  if (batch < 1)
    throw ConfigError({options_.name + ", first_states", "batch", fmt::format("{}", batch), "1 or more", ""});
  std::vector<Tensor> states;
  for (const Tensor& one : model::first_states(*this)) {
    states.emplace_back(one.shape().removed(0).inserted(0, batch), one.dtype());
    auto* to = static_cast<std::byte*>(states.back().data());
    for (std::int64_t b = 0; b < batch && one.bytes() > 0; ++b, to += one.bytes())
      std::memcpy(to, one.data(), one.bytes());
  }
  return states;
}

Tensor Sequential::predict(const View& x, const PredictOptions& options) {
  if (!built_) build(x.shape);
  Tensor out(output_.at(extents_of(x, *this)), options_.dtype);
  predict(x, options, out);
  return out;
}

void Sequential::predict(const View& x, const PredictOptions& options, const View& out) {
  if (!built_) build(x.shape);
  const Extents extents = extents_of(x, *this);
  check_options(options, extents, *this);
  if (!(out.shape == output_.at(extents))) wrong_shape(options_.name, "out", out.shape, output_.at(extents));
  check_dtype(options_.name, "out", out.dtype, options_.dtype);

  if (!predictions_) predictions_ = std::make_unique<Predictions>();
  const bool with_states = !options.state.empty() || !options.next_state.empty();
  Predictions::Entry& entry = predictions_->at(*this,
                                               {.timespans = options.timespans.has_value(),
                                                .lengths = options.lengths.has_value(),
                                                .mask = options.mask.has_value(),
                                                .expose_states = with_states},
                                               extents);
  graph::Executable& run = entry.executable;
  // A weight's tensor may have been replaced since the last call.
  for (const auto& [weight, input] : entry.weights) run.bind_input(input, weight->value.data());
  run.bind_input(entry.x, x.data);
  if (options.timespans) run.bind_input(entry.timespans, options.timespans->data);
  if (options.lengths) run.bind_input(entry.lengths, options.lengths->data);
  if (options.mask) run.bind_input(entry.mask, options.mask->data);
  if (with_states) {
    check_states(options.state, "state", entry.states, extents, options_.name);
    check_states(options.next_state, "next_state", entry.states, extents, options_.name);
    for (std::size_t i = 0; i < entry.states.size(); ++i) {
      run.bind_input(entry.states[i].input, options.state[i].data);
      run.bind_output(entry.states[i].output, options.next_state[i].data);
    }
  }
  run.bind_output(entry.y, out.data);
  if (const Status status = run.run(extents); !status) {
    throw Error(fmt::format("{}, predict: {} (in {}, item {}).", options_.name, describe(status.code),
                            run.node_name(status.node), status.item));
  }
}

}  // namespace elegans::model
