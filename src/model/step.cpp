#include "elegans/model/step.hpp"

#include "elegans/graph/pipeline.hpp"
#include "elegans/graph/split.hpp"
#include "elegans/model/forward.hpp"

namespace elegans::model {
namespace {

using Named = std::vector<std::pair<std::string, Tensor>>;

// What the outputs of a graph are for these inputs.
Named computed(graph::Graph graph, const Named& inputs, kernels::Target target) {
  graph::Executable once = graph::compile(std::move(graph), {.target = target, .exact = true, .is_optimised = true});
  for (const auto& [name, value] : inputs)
    for (std::size_t i = 0; i < once.inputs().size(); ++i)
      if (once.inputs()[i].name == name) once.bind_input(i, value.data());
  Named results;
  for (std::size_t o = 0; o < once.outputs().size(); ++o) {
    const ops::Type& type = once.output_type(o);
    results.emplace_back(once.outputs()[o].name, Tensor(type.shape, type.dtype));
    once.bind_output(o, results.back().second.data());
  }
  ensure(once.run({}).ok(), "what depends on weights alone cannot be computed");
  return results;
}

}  // namespace

graph::Executable Step::compile(kernels::Target target) const {
  graph::Executable executable =
      graph::compile(graph, {.target = target, .exact = true, .is_optimised = true, .reports = reports});
  for (const auto& [input, value] : constants) executable.bind_input(executable.input_index(input), value);
  return executable;
}

Step write_step(Sequential& model, const StepOptions& options) {
  if (!model.streams())
    throw ConfigError({model.name() + ", one step", "the network", "one that looks ahead in time",
                       "one that can be run step by step",
                       "Leave out layers that run backwards or in both directions."});
  const bool reads_time = model.has_time() && !options.timespan;
  ForwardGraph written =
      write_forward(model, {.timespans = reads_time, .timespan = options.timespan.value_or(1), .expose_states = true});
  Named weights;
  std::vector<std::string> names;
  for (const auto& [weight, input] : written.weights) {
    weights.emplace_back(input, weight->value);
    names.push_back(input);
  }
  std::vector<graph::PassReport> reports;
  const std::span<const std::string> folded =
      options.timespan ? std::span<const std::string>(names) : std::span<const std::string>();
  graph::Graph optimised =
      graph::optimise(std::move(written.graph), reports,
                      {.exactly = Extents{}, .known = folded, .fast_activations = options.fast_activations});
  graph::Split split = graph::split_constant(optimised, names);
  graph::PassReport& report =
      reports.emplace_back(graph::PassReport{"split", optimised.nodes().size(), split.rest.nodes().size(), {}});
  report.note(split.constant.nodes().size(), "nodes that depend on weights alone computed once");

  Step step{.graph = std::move(split.rest),
            .constants = computed(std::move(split.constant), weights, options.target),
            .states = std::move(written.states),
            .reports = std::move(reports)};
  for (const graph::Port& port : step.graph.inputs())
    for (const auto& weight : weights)
      if (weight.first == port.name) step.constants.push_back(weight);
  return step;
}

}  // namespace elegans::model
