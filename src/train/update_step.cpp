#include "train/update_step.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "train/not_finite.hpp"

namespace elegans::train {
namespace {

constexpr std::size_t scalar_stride = AlignedBuffer::alignment;

Shape shape_of(const ParameterLayout::Range& range) {
  return range.constrained ? range.constrained->stored_shape() : Shape{static_cast<std::int64_t>(range.size)};
}

bool decays_apart(const Optimizer& optimizer) {
  return optimizer.weight_decay > 0 && optimizer.decay == WeightDecay::decoupled;
}

// Names of the scalars of an update: the optimizer's factors, then ours.
std::vector<std::string> factors_of(const Optimizer& optimizer, bool averages) {
  std::vector<std::string> names;
  for (const std::string& name : optimizer.factors) names.push_back("factor/" + name);
  if (decays_apart(optimizer)) names.emplace_back("decay");
  if (averages) names.insert(names.end(), {"average_decay", "average_share"});
  return names;
}

void require_written(const Optimizer& optimizer, const Update& update, const ops::Type& type) {
  const auto require = [&](const std::string& what, const Value& value) {
    if (!(value.type() == type))
      throw ShapeError({"optimizer " + optimizer.name, what, ops::to_string(value.type()), ops::to_string(type), ""});
  };
  if (update.moments.size() != optimizer.moments.size())
    throw ConfigError({"optimizer " + optimizer.name, "the number of moments written",
                       std::to_string(update.moments.size()),
                       std::to_string(optimizer.moments.size()) + ", as it names", ""});
  require("the parameters written", update.parameters);
  for (std::size_t i = 0; i < update.moments.size(); ++i)
    require("moment '" + optimizer.moments[i].name + "'", update.moments[i]);
}

graph::Graph write_norm(const ParameterLayout& layout, double clip_norm) {
  graph::Graph graph;
  const Value gradients = graph.input("gradients", {layout.dtype, Shape{static_cast<std::int64_t>(layout.size)}});
  // As rows of some hundred numbers, whose squares and sums are one visit of the memory (graph/passes/rows.hpp).
  const auto size = static_cast<std::int64_t>(layout.size);
  std::int64_t row = 1024;
  while (size % row != 0) row -= ParameterLayout::unit;
  const Value rows = reshape(gradients, {size / row, row});
  const Value norm = sqrt(sum(reduce_sum(square(rows), -1)));
  graph.output("norm", norm);
  graph.output("scale", minimum(constant(norm, 1), clip_norm / norm));
  return graph;
}

// The optimizer of a group: with its weight decay, and with its learning rate as a multiple of the trainer's.
std::pair<Optimizer, double> of_group(const Optimizer& optimizer, const UpdateOptions& options, std::size_t number) {
  std::pair<Optimizer, double> own{optimizer, 1};
  if (number == 0) return own;
  const ParameterGroup& group = options.groups[number - 1];
  own.first.weight_decay = group.weight_decay.value_or(optimizer.weight_decay);
  if (group.learning_rate) own.second = *group.learning_rate / optimizer.learning_rate;
  return own;
}

// Bytes that a run reads and writes of arrays, scalars left out.
double array_bytes(const graph::Graph& graph) {
  double bytes = 0;
  for (const graph::Node& node : graph.nodes()) {
    if (node.operation->alias_offset(graph.types_of(node.inputs)) >= 0) continue;
    for (const auto* values : {&node.inputs, &node.outputs})
      for (const graph::ValueId value : *values) {
        const ops::Type& type = graph.type(value);
        const auto count = static_cast<std::size_t>(type.shape.elements(Extents{}));
        if (type.shape.rank() > 0) bytes += static_cast<double>(count * size_of(type.dtype));
      }
  }
  return bytes;
}

}  // namespace

graph::Graph write_update(const ParameterLayout& layout, const ParameterLayout::Range& range,
                          const Optimizer& optimizer, const UpdateOptions& options) {
  graph::Graph graph;
  const ops::Type type{layout.dtype, shape_of(range)}, scalar{layout.dtype, Shape{}};
  UpdateInputs in{.parameters = graph.input("parameters", type),
                  .gradients = graph.input("gradients", type),
                  .moments = {},
                  .factors = {}};
  for (const Moment& moment : optimizer.moments) in.moments.push_back(graph.input("moment/" + moment.name, type));
  for (const std::string& name : optimizer.factors) in.factors.push_back(graph.input("factor/" + name, scalar));

  if (options.clip_norm) in.gradients = in.gradients * graph.input("clip", scalar);
  if (options.clip_value) {
    const double bound = *options.clip_value;
    in.gradients = minimum(maximum(in.gradients, constant(in.gradients, -bound)), constant(in.gradients, bound));
  }
  if (decays_apart(optimizer))
    in.parameters = in.parameters - graph.input("decay", scalar) * in.parameters;
  else if (optimizer.weight_decay > 0)
    in.gradients = in.gradients + optimizer.weight_decay * in.parameters;

  const Update update = optimizer.write(in);
  require_written(optimizer, update, type);
  Value parameters = update.parameters;
  if (range.constrained) parameters = range.constrained->options.constraint.apply(parameters);
  for (std::size_t i = 0; i < update.moments.size(); ++i)
    graph.output("moment/" + optimizer.moments[i].name, update.moments[i]);
  if (options.ema_decay) {
    const Value average = graph.input("average", type), decay = graph.input("average_decay", scalar);
    graph.output("average", average * decay + parameters * graph.input("average_share", scalar));
  }
  graph.output("parameters", parameters);
  return graph;
}

UpdateStep::UpdateStep(const ParameterLayout& layout, const Optimizer& optimizer, const UpdateOptions& options)
    : layout_(layout),
      moment_names_(optimizer.moments),
      clip_norm_(options.clip_norm),
      ema_decay_(options.ema_decay),
      parameters_(layout_.bytes()),
      clip_(2 * scalar_stride) {
  adopt_weights(layout_, parameters_);
  for (const Moment& moment : moment_names_) {
    AlignedBuffer& values = moments_.emplace_back(layout_.bytes());
    if (moment.first != 0)
      ops::with_floating(layout_.dtype, [&]<class T>(T) {
        std::fill_n(reinterpret_cast<T*>(values.data()), layout_.size, static_cast<T>(moment.first));
      });
  }
  if (ema_decay_) {
    average_ = AlignedBuffer(layout_.bytes());
    std::memcpy(average_.data(), parameters_.data(), layout_.bytes());
  }
  if (clip_norm_) {
    norm_ = graph::compile(write_norm(layout_, *clip_norm_), {.target = options.target, .disable = options.disable});
    norm_->bind_output(norm_->output_index("norm"), clip_.data());
    norm_->bind_output(norm_->output_index("scale"), clip_.data() + scalar_stride);
  }
  for (const auto& range : layout_.ranges) {
    parts_.push_back(make_part(range, optimizer, options));
    bind_part(range, parts_.back());
  }
}

UpdateStep::Part UpdateStep::make_part(const ParameterLayout::Range& range, const Optimizer& optimizer,
                                       const UpdateOptions& options) {
  auto [own, rate_scale] = of_group(optimizer, options, range.group);
  graph::CompileOptions compiled{
      .target = options.target, .disable = options.disable, .in_place = {{"parameters", "parameters"}}};
  for (const Moment& moment : own.moments)
    compiled.in_place.emplace_back("moment/" + moment.name, "moment/" + moment.name);
  if (options.ema_decay) compiled.in_place.emplace_back("average", "average");
  Part part{.executable = graph::compile(write_update(layout_, range, own, options), compiled),
            .optimizer = own,
            .rate_scale = rate_scale,
            .gradients_input = 0,
            .byte_offset = range.offset * size_of(layout_.dtype),
            .factors = std::vector<double>(factors_of(own, options.ema_decay.has_value()).size()),
            .factor_values = {}};
  part.factor_values = AlignedBuffer(part.factors.size() * sizeof(double));
  return part;
}

void UpdateStep::bind_part(const ParameterLayout::Range& range, Part& part) {
  graph::Executable& executable = part.executable;
  const auto bind = [&](const std::string& name, AlignedBuffer& memory) {
    std::byte* const from = memory.data() + range.offset * size_of(layout_.dtype);
    executable.bind_input(executable.input_index(name), from);
    executable.bind_output(executable.output_index(name), from);
  };
  bind("parameters", parameters_);
  for (std::size_t i = 0; i < moments_.size(); ++i) bind("moment/" + moment_names_[i].name, moments_[i]);
  if (ema_decay_) bind("average", average_);
  if (clip_norm_) executable.bind_input(executable.input_index("clip"), clip_.data() + scalar_stride);
  const std::vector<std::string> factors = factors_of(part.optimizer, ema_decay_.has_value());
  for (std::size_t i = 0; i < factors.size(); ++i)
    executable.bind_input(executable.input_index(factors[i]), part.factor_values.data() + i * size_of(layout_.dtype));
  part.gradients_input = executable.input_index("gradients");
}

// Squares of large numbers may be infinite though the gradients are not: their norm is then taken in f64.
void UpdateStep::compute_clip(const std::byte* gradients) {
  norm_->bind_input(0, gradients);
  ensure(norm_->run({}).ok(), "the norm of gradients cannot fail");
  if (!first_not_finite(clip_.data(), 1, layout_.dtype)) return;
  const double scale = std::min(1.0, *clip_norm_ / norm_of(gradients, layout_.size, layout_.dtype));
  ops::with_floating(layout_.dtype,
                     [&]<class T>(T) { *reinterpret_cast<T*>(clip_.data() + scalar_stride) = static_cast<T>(scale); });
}

void UpdateStep::run_part(Part& part, std::uint64_t step, double learning_rate, const std::byte* gradients) {
  const double rate = learning_rate * part.rate_scale;
  part.optimizer.set_factors(step, rate, std::span(part.factors).first(part.optimizer.factors.size()));
  std::size_t own = part.optimizer.factors.size();
  if (decays_apart(part.optimizer)) part.factors[own++] = rate * part.optimizer.weight_decay;
  // The first average is the weight itself.
  if (ema_decay_) {
    const double decay = step == 1 ? 0 : *ema_decay_;
    part.factors[own] = decay;
    part.factors[own + 1] = 1 - decay;
  }
  ops::with_floating(layout_.dtype, [&]<class T>(T) {
    T* values = reinterpret_cast<T*>(part.factor_values.data());
    for (std::size_t i = 0; i < part.factors.size(); ++i) values[i] = static_cast<T>(part.factors[i]);
  });
  part.executable.bind_input(part.gradients_input, gradients + part.byte_offset);
  ensure(part.executable.run({}).ok(), "an update of weights cannot fail");
}

void UpdateStep::run(std::uint64_t step, double learning_rate, const std::byte* gradients) {
  adopt_weights(layout_, parameters_);
  if (norm_) compute_clip(gradients);
  for (Part& part : parts_) run_part(part, step, learning_rate, gradients);
}

void UpdateStep::swap_averages() {
  adopt_weights(layout_, parameters_);
  std::swap_ranges(parameters_.data(), parameters_.data() + layout_.bytes(), average_.data());
}

void UpdateStep::take_averages() {
  adopt_weights(layout_, parameters_);
  std::memcpy(parameters_.data(), average_.data(), layout_.bytes());
}

std::vector<UpdateStep::State> UpdateStep::state() {
  std::vector<State> arrays;
  for (std::size_t i = 0; i < moments_.size(); ++i) arrays.push_back({"moment/" + moment_names_[i].name, &moments_[i]});
  if (ema_decay_) arrays.push_back({"average", &average_});
  return arrays;
}

std::size_t UpdateStep::bytes() const {
  std::size_t bytes = parameters_.bytes() + average_.bytes() + clip_.bytes() + (norm_ ? norm_->arena_bytes() : 0);
  for (const AlignedBuffer& moment : moments_) bytes += moment.bytes();
  for (const Part& part : parts_) bytes += part.executable.arena_bytes() + part.factor_values.bytes();
  return bytes;
}

UpdateBytes UpdateStep::bytes_a_parameter() const {
  double bytes = norm_ ? array_bytes(norm_->graph()) : 0, elements = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    bytes += array_bytes(parts_[i].executable.graph());
    elements += static_cast<double>(layout_.ranges[i].size);
  }
  const std::size_t kept = moments_.size() + (ema_decay_ ? 1 : 0);
  return {bytes / elements, static_cast<double>(kept * size_of(layout_.dtype))};
}

std::string UpdateStep::explain() const {
  const UpdateBytes bytes = bytes_a_parameter();
  std::string text = fmt::format(
      "update by {}: {} parameters, {:.4g} bytes a parameter read and written, {:g} bytes a parameter of state\n",
      to_string(parts_.front().optimizer), layout_.count, bytes.traffic, bytes.state);
  if (norm_) text += "norm of all gradients\n" + norm_->explain();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& range = layout_.ranges[i];
    text += fmt::format("{}{}, weights from '{}' to '{}'\n{}",
                        range.group == 0 ? "all others" : fmt::format("group {}", range.group - 1),
                        range.constrained ? ", constrained by " + range.constrained->options.constraint.name : "",
                        layout_.entries[range.first_entry].weight->path,
                        layout_.entries[range.first_entry + range.entries - 1].weight->path,
                        parts_[i].executable.explain());
  }
  return text;
}

double norm_of(const std::byte* gradients, std::size_t count, Dtype dtype) noexcept {
  return ops::with_floating(dtype, [&]<class T>(T) {
    const T* g = reinterpret_cast<const T*>(gradients);
    double largest = 0, sum = 0;
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(static_cast<double>(g[i])));
    if (largest == 0) return 0.0;
    for (std::size_t i = 0; i < count; ++i) sum += (g[i] / largest) * (g[i] / largest);
    return largest * std::sqrt(sum);
  });
}

}  // namespace elegans::train
