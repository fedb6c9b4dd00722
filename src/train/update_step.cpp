#include "train/update_step.hpp"

#include "train/not_finite.hpp"

namespace elegans::train {
namespace {

Value clipped(Value gradients, double clip_norm) {
  const Value norm = sqrt(sum(square(gradients)));
  return gradients * minimum(constant(norm, 1), clip_norm / norm);
}

Value constrained(Value parameters, const ParameterLayout& layout) {
  for (const auto& entry : layout.entries) {
    const nn::Constraint& constraint = entry.weight->options.constraint;
    if (!constraint) continue;
    const auto first = static_cast<std::int64_t>(entry.offset), count = static_cast<std::int64_t>(entry.count);
    const Value weight = reshape(slice(parameters, 0, first, first + count), entry.weight->stored_shape());
    parameters = replace_slice(parameters, reshape(constraint.apply(weight), Shape{count}), first);
  }
  return parameters;
}

graph::CompileOptions compile_options(const Optimizer& optimizer, const UpdateOptions& options) {
  graph::CompileOptions compiled{
      .target = options.target, .disable = options.disable, .in_place = {{"parameters", "parameters"}}};
  for (const std::string& name : optimizer.moments) compiled.in_place.emplace_back("moment/" + name, "moment/" + name);
  return compiled;
}

}  // namespace

graph::Graph write_update(const ParameterLayout& layout, const Optimizer& optimizer, std::optional<double> clip_norm) {
  graph::Graph graph;
  const ops::Type flat{layout.dtype, Shape{static_cast<std::int64_t>(layout.size)}};
  UpdateInputs in{.parameters = graph.input("parameters", flat),
                  .gradients = graph.input("gradients", flat),
                  .moments = {},
                  .factors = {}};
  for (const std::string& name : optimizer.moments) in.moments.push_back(graph.input("moment/" + name, flat));
  for (const std::string& name : optimizer.factors)
    in.factors.push_back(graph.input("factor/" + name, {layout.dtype, Shape{}}));
  if (clip_norm) in.gradients = clipped(in.gradients, *clip_norm);

  const Update update = optimizer.write(in);
  const auto require = [&](const std::string& what, const Value& value) {
    if (!(value.type() == flat))
      throw ShapeError({"optimizer " + optimizer.name, what, ops::to_string(value.type()), ops::to_string(flat), ""});
  };
  if (update.moments.size() != optimizer.moments.size())
    throw ConfigError({"optimizer " + optimizer.name, "the number of moments written",
                       std::to_string(update.moments.size()),
                       std::to_string(optimizer.moments.size()) + ", as it names", ""});
  require("the parameters written", update.parameters);
  for (std::size_t i = 0; i < update.moments.size(); ++i) {
    require("moment '" + optimizer.moments[i] + "'", update.moments[i]);
    graph.output("moment/" + optimizer.moments[i], update.moments[i]);
  }
  graph.output("parameters", constrained(update.parameters, layout));
  return graph;
}

UpdateStep::UpdateStep(ParameterLayout layout, Optimizer optimizer, const UpdateOptions& options)
    : layout_(std::move(layout)),
      optimizer_(std::move(optimizer)),
      executable_(
          graph::compile(write_update(layout_, optimizer_, options.clip_norm), compile_options(optimizer_, options))),
      parameters_(layout_.bytes()),
      factors_(optimizer_.factors.size()),
      factor_values_(factors_.size() * sizeof(double)) {
  const auto bind = [&](const std::string& name, AlignedBuffer& memory) {
    executable_.bind_input(executable_.input_index(name), memory.data());
    executable_.bind_output(executable_.output_index(name), memory.data());
  };
  bind("parameters", parameters_);
  for (const std::string& name : optimizer_.moments) bind("moment/" + name, moments_.emplace_back(layout_.bytes()));
  for (std::size_t i = 0; i < factors_.size(); ++i)
    executable_.bind_input(executable_.input_index("factor/" + optimizer_.factors[i]),
                           factor_values_.data() + i * size_of(layout_.dtype));
  gradients_input_ = executable_.input_index("gradients");
}

const nn::Weight* UpdateStep::run(std::uint64_t step, double learning_rate, const std::byte* gradients) {
  optimizer_.set_factors(step, learning_rate, factors_);
  ops::with_floating(layout_.dtype, [&]<class T>(T) {
    T* values = reinterpret_cast<T*>(factor_values_.data());
    for (std::size_t i = 0; i < factors_.size(); ++i) values[i] = static_cast<T>(factors_[i]);
  });
  gather_weights(layout_, parameters_.data());
  executable_.bind_input(gradients_input_, gradients);
  ensure(executable_.run({}).ok(), "an update of weights cannot fail");
  for (const auto& entry : layout_.entries)
    if (first_not_finite(parameters_.data() + layout_.byte_offset(entry), entry.count, layout_.dtype))
      return entry.weight.get();
  scatter_weights(layout_, parameters_.data());
  return nullptr;
}

std::size_t UpdateStep::bytes() const {
  std::size_t bytes = executable_.arena_bytes() + parameters_.bytes() + factor_values_.bytes();
  for (const AlignedBuffer& moment : moments_) bytes += moment.bytes();
  return bytes;
}

}  // namespace elegans::train
