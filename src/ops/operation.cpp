#include "elegans/ops/operation.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <typeinfo>

namespace elegans::ops {

std::string to_string(const Type& type) {
  return fmt::format("{}{}", elegans::to_string(type.dtype), elegans::to_string(type.shape));
}

Kernels kernels_of(kernels::Target target) { return {&kernels::table<float>(target), &kernels::table<double>(target)}; }

Cost Operation::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost;
  for (const auto types : {inputs, outputs})
    for (const Type& type : types)
      cost.bytes += static_cast<double>(type.shape.elements(at)) * static_cast<double>(size_of(type.dtype));
  return cost;
}

bool Operation::may_overwrite(std::size_t, std::size_t, std::span<const Type>) const { return false; }

std::shared_ptr<const Operation> Operation::stacked(std::span<const Type>, std::span<const char>, const Dim&) const {
  return nullptr;
}

bool same(const Operation& a, const Operation& b) { return &a == &b || (typeid(a) == typeid(b) && a.same(b)); }

void require_inputs(const Operation& operation, std::span<const Type> inputs, std::size_t count) {
  if (inputs.size() != count)
    throw ConfigError({.operation = std::string(operation.name()),
                       .argument = "the number of inputs",
                       .actual = std::to_string(inputs.size()),
                       .required = std::to_string(count),
                       .remedy = ""});
}

void require_floating(const Operation& operation, std::span<const Type> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_floating(inputs[i].dtype))
      throw DtypeError({.operation = std::string(operation.name()),
                        .argument = fmt::format("input {}", i),
                        .actual = to_string(inputs[i]),
                        .required = "f32 or f64",
                        .remedy = "Integers enter arithmetic through one_hot or sequence_mask."});
    if (inputs[i].dtype != inputs[0].dtype)
      throw DtypeError({.operation = std::string(operation.name()),
                        .argument = fmt::format("input {}", i),
                        .actual = to_string(inputs[i]),
                        .required = fmt::format("{}, as input 0 is", elegans::to_string(inputs[0].dtype)),
                        .remedy = "There is no implicit promotion: convert one of them with Tensor::to."});
  }
}

void shape_error(const Operation& operation, const char* argument, const Shape& actual, std::string required,
                 std::string remedy) {
  throw ShapeError({.operation = std::string(operation.name()),
                    .argument = argument,
                    .actual = elegans::to_string(actual),
                    .required = std::move(required),
                    .remedy = std::move(remedy)});
}

std::size_t bytes_of(const Type& type, const Extents& at) {
  return static_cast<std::size_t>(type.shape.elements(at)) * size_of(type.dtype);
}

Dtype floating_of(std::span<const Type> inputs, std::span<const Type> outputs) {
  for (const auto types : {outputs, inputs})
    for (const Type& type : types)
      if (is_floating(type.dtype)) return type.dtype;
  return Dtype::f32;
}

namespace {

std::vector<Type> types_of(std::span<const View> views) {
  std::vector<Type> types;
  for (const View& view : views) types.push_back({view.dtype, view.shape});
  return types;
}

}  // namespace

void call(const Operation& operation, std::span<const View> inputs, std::span<const View> outputs,
          kernels::Target target) {
  const std::vector<Type> input_types = types_of(inputs);
  const std::vector<Type> output_types = operation.infer(input_types);
  const std::vector<Type> actual = types_of(outputs);
  if (actual.size() != output_types.size())
    throw ConfigError(fmt::format("{}: the number of outputs is {}; expected {}.", operation.name(), actual.size(),
                                  output_types.size()));
  for (std::size_t i = 0; i < actual.size(); ++i)
    if (actual[i] != output_types[i])
      throw ShapeError({.operation = std::string(operation.name()),
                        .argument = fmt::format("output {}", i),
                        .actual = to_string(actual[i]),
                        .required = to_string(output_types[i]),
                        .remedy = "An output is never resized: make it with the shape that the operation gives."});

  Sizes sizes;
  operation.prepare(input_types, output_types, Extents{}, sizes);
  AlignedBuffer workspace(operation.workspace_bytes(input_types, Extents{})),
      linked(operation.linked_bytes(input_types, Extents{}));
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const View& view : inputs) in.push_back(view.data);
  for (const View& view : outputs) out.push_back(view.data);

  const std::int64_t alias = operation.alias_offset(input_types);
  if (alias >= 0) {
    const auto* source = static_cast<const std::byte*>(in[0]) + alias;
    std::copy_n(source, outputs[0].elements() * size_of(outputs[0].dtype), static_cast<std::byte*>(out[0]));
    return;
  }
  const Kernels kernels = kernels_of(target);
  const Call now{.sizes = sizes,
                 .inputs = in.data(),
                 .outputs = out.data(),
                 .workspace = workspace.data(),
                 .linked = linked.data(),
                 .dtype = floating_of(input_types, output_types),
                 .kernels = kernels};
  operation.link(now);
  const Status status = operation.run(now);
  if (!status.ok()) throw Error(fmt::format("{}: {} (item {}).", operation.name(), describe(status.code), status.item));
}

std::vector<Tensor> call(const Operation& operation, std::span<const View> inputs, kernels::Target target) {
  const std::vector<Type> input_types = types_of(inputs);
  std::vector<Tensor> outputs;
  std::vector<View> views;
  for (const Type& type : operation.infer(input_types)) outputs.emplace_back(type.shape, type.dtype);
  for (const Tensor& output : outputs) views.push_back(output);
  call(operation, inputs, views, target);
  return outputs;
}

}  // namespace elegans::ops
