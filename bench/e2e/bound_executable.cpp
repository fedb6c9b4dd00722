#include "e2e/bound_executable.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/model/step.hpp"

namespace elegans::bench {

void fill_uniform(std::span<float> values, std::uint32_t seed) {
  std::uint32_t state = seed * 2654435761U + 1;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1.0F;
  }
}

BoundExecutable::BoundExecutable(graph::Graph graph, const Extents& extents, std::int64_t classes)
    : BoundExecutable(graph::compile(std::move(graph), {.reserve = extents}), extents, classes) {}

BoundExecutable::BoundExecutable(graph::Executable executable, const Extents& extents, std::int64_t classes)
    : executable_(std::move(executable)), extents_(extents) {
  for (std::size_t i = 0; i < executable_.inputs().size(); ++i) {
    const graph::Type& type = executable_.input_type(i);
    Tensor& tensor = inputs_.emplace_back(type.shape.at(extents), type.dtype);
    if (type.dtype == Dtype::f32) fill_uniform(tensor.as<float>(), static_cast<std::uint32_t>(i));
    if (type.dtype == Dtype::i32)
      for (std::int32_t number = 0; std::int32_t & label : tensor.as<std::int32_t>())
        label = static_cast<std::int32_t>((7 * number++) % classes);
    executable_.bind_input(i, tensor);
  }
  for (std::size_t i = 0; i < executable_.outputs().size(); ++i) {
    const graph::Type& type = executable_.output_type(i);
    executable_.bind_output(i, outputs_.emplace_back(type.shape.at(extents), type.dtype).data());
  }
}

void BoundExecutable::refused(const Status& status) const {
  throw InternalError("a benchmark's run was refused at " + executable_.node_name(status.node));
}

void BoundExecutable::write_over(std::string_view output, std::string_view input) {
  const std::size_t index = executable_.output_index(output);
  executable_.bind_output(index, this->input(input).data());
  outputs_[index] = Tensor();
}

BoundExecutable bound_step(Sequential& model) {
  const model::Step written = model::write_step(model);
  graph::CompileOptions options{.exact = true, .is_optimised = true};
  for (const auto& [path, type] : written.states) options.in_place.emplace_back("next/" + path, "state/" + path);
  BoundExecutable step(graph::compile(written.graph, options), {});
  for (const auto& [next, state] : options.in_place) step.write_over(next, state);
  for (const auto& [input, value] : written.constants) copy(value, step.input(input));
  for (const graph::Port& port : step.executable().inputs())
    if (port.name == "timespans") step.input("timespans").as<float>()[0] = 0.7F;
  step.fix();
  return step;
}

Work step_work(const Model& model) {
  Sequential built = model.build();
  auto step = std::make_shared<BoundExecutable>(bound_step(built));
  return {.run = repeated([step] { step->run(); }), .counts = counts_of_step(model.counts)};
}

}  // namespace elegans::bench
