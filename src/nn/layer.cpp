#include "elegans/nn/layer.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "nn/direct_calls.hpp"

namespace elegans::nn {

Layer::Layer() = default;
Layer::~Layer() = default;
Layer::Layer(Layer&&) noexcept = default;

Value Layer::operator()(Context& context, Value x) {
  const ops::Type input = x.type();
  build(input.shape);
  if (input.dtype != dtype())
    throw DtypeError(
        {path(), "input", ops::to_string(input), fmt::format("{}, as the layer is", to_string(dtype())),
         fmt::format("Call set_numbers(Dtype::{}, seed) before the layer is built, or convert with Tensor::to.",
                     to_string(input.dtype))});
  const std::string outer = context.path();
  context.set_path(path());
  const graph::Scope scope(*x.graph, name());
  const Value y = call(context, x);
  context.set_path(outer);
  if (const Shape promised = compute_output_shape(input.shape); !(y.shape() == promised))
    throw ShapeError({path(), "output", to_string(y.shape()),
                      fmt::format("{}, as compute_output_shape({}) says", to_string(promised), to_string(input.shape)),
                      "Correct call or compute_output_shape."});
  return y;
}

namespace {

bool parts_stream(const Module& module) {
  return std::all_of(module.parts().begin(), module.parts().end(), [](const std::shared_ptr<Module>& part) {
    const auto* layer = dynamic_cast<const Layer*>(part.get());
    return layer != nullptr ? layer->streams() : parts_stream(*part);
  });
}

// Compiled, or to be compiled, for the type of x.
DirectCalls::Call& call_for(Layer& layer, std::unique_ptr<DirectCalls>& calls, std::span<const View> x) {
  if (!calls) calls = std::make_unique<DirectCalls>();
  if (DirectCalls::Call* call = calls->find(x)) return *call;
  return calls->build(layer.path(), x, [&layer](Context& context, std::span<const Value> inputs) {
    return std::vector<Value>{layer(context, inputs[0])};
  });
}

}  // namespace

bool Layer::streams() const { return parts_stream(*this); }

Tensor Layer::operator()(const View& x) {
  const std::span<const View> inputs(&x, 1);
  return std::move(call_for(*this, calls_, inputs)(inputs)[0]);
}

void Layer::operator()(const View& x, const View& out) {
  const std::span<const View> inputs(&x, 1);
  call_for(*this, calls_, inputs)(inputs, std::span<const View>(&out, 1));
}

}  // namespace elegans::nn
