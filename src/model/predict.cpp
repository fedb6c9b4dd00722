#include <fmt/format.h>
#include <cmath>

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

// What stands behind the end of a sequence does not matter.
template <class T>
void check_timespans(std::span<const T> dt, const std::optional<View>& lengths, const Extents& at,
                     const std::string& name) {
  for (std::int64_t b = 0; b < at.batch; ++b) {
    const std::int64_t steps = lengths ? lengths->as<std::int32_t>()[static_cast<std::size_t>(b)] : at.time;
    for (std::int64_t t = 0; t < steps; ++t) {
      const T value = dt[static_cast<std::size_t>(b * at.time + t)];
      if (std::isfinite(value) && value >= 0) continue;
      throw ConfigError({fmt::format("{}, predict", name), fmt::format("Δt of sample {}, step {}", b, t),
                         fmt::format("{}", value), "a finite number >= 0",
                         "Time must not run backwards: check the time stamps."});
    }
  }
}

void check_options(const PredictOptions& options, const Extents& at, const Sequential& model) {
  if (!model.has_time() && (options.timespans || options.lengths)) {
    throw ConfigError(
        {model.name() + ", predict", "timespans or lengths", "given", "none, for the model has no time", ""});
  }
  if (options.lengths) check_lengths(*options.lengths, at, model.name());
  if (!options.timespans) return;
  const Shape shape{at.batch, at.time};
  if (!(options.timespans->shape == shape)) wrong_shape(model.name(), "timespans", options.timespans->shape, shape);
  check_dtype(model.name(), "timespans", options.timespans->dtype, model.dtype());
  ops::with_floating(model.dtype(), [&]<class T>(T) {
    check_timespans<T>(options.timespans->as<T>(), options.lengths, at, model.name());
  });
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
              .timespans = 0,
              .lengths = 0,
              .weights = {}};
  const graph::Executable& executable = entry.executable;
  entry.x = executable.input_index("x");
  if (options.timespans) entry.timespans = executable.input_index("timespans");
  if (options.lengths) entry.lengths = executable.input_index("lengths");
  for (const auto& [weight, name] : written.weights) entry.weights.emplace_back(weight, executable.input_index(name));
  if (entries.size() == capacity) entries.pop_back();
  entries.push_front(std::move(entry));
  return entries.front();
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
  Predictions::Entry& entry = predictions_->at(
      *this, {.timespans = options.timespans.has_value(), .lengths = options.lengths.has_value()}, extents);
  graph::Executable& run = entry.executable;
  // A weight's tensor may have been replaced since the last call.
  for (const auto& [weight, input] : entry.weights) run.bind_input(input, weight->value.data());
  run.bind_input(entry.x, x.data);
  if (options.timespans) run.bind_input(entry.timespans, options.timespans->data);
  if (options.lengths) run.bind_input(entry.lengths, options.lengths->data);
  run.bind_output(0, out.data);
  if (const Status status = run.run(extents); !status) {
    throw Error(fmt::format("{}, predict: {} (in {}, item {}).", options_.name, describe(status.code),
                            run.node_name(status.node), status.item));
  }
}

}  // namespace elegans::model
