#include "support/layer_gradients.hpp"

namespace elegans::testing {
namespace {

using graph::Value;

void stir(Tensor& values, std::uint64_t seed) {
  const Tensor moves = random_tensor(values.shape(), seed, -0.1, 0.1);
  for (std::size_t i = 0; i < values.elements(); ++i) values.as<double>()[i] += moves.as<double>()[i];
}

// `shape` with batch and time in front.
Shape symbolic(Shape shape) {
  shape[0] = Dim::batch();
  if (shape.rank() > 1) shape[1] = Dim::time();
  return shape;
}

}  // namespace

void check_layer_gradient(nn::Layer& layer, const LayerInputs& given, const GradientCase& mode) {
  layer.build(given.x.shape());
  GradientCase test = mode;
  const auto add = [&](const Tensor& value, bool of_batch) {
    test.shapes.push_back(of_batch && given.symbolic ? symbolic(value.shape()) : value.shape());
    test.inputs.push_back(value);
  };
  add(given.x, true);
  if (given.timespans) add(*given.timespans, true);
  const std::vector<nn::WeightPtr> weights = layer.weights();
  std::uint64_t seed = 1000;
  for (const nn::WeightPtr& weight : weights) {
    stir(weight->value, ++seed);
    add(weight->value, false);
  }
  if (given.lengths) {
    test.integers.push_back(*given.lengths);
    test.integer_shapes.push_back(given.symbolic ? symbolic(given.lengths->shape()) : given.lengths->shape());
  }
  if (given.symbolic) test.reserve = {.batch = given.x.shape()[0].factor(), .time = given.x.shape()[1].factor()};

  test.write = [&](const std::vector<Value>& values) {
    nn::Context context(*values[0].graph, {.mode = nn::Mode::training});
    std::size_t next = 1;
    if (given.timespans) context.timespans = values[next++];
    for (const nn::WeightPtr& weight : weights) context.provide(weight, values[next++]);
    if (given.lengths) context.lengths = values[next++];
    if (given.mask) context.mask = constant(*values[0].graph, *given.mask);
    std::vector<Value> outputs{layer(context, values[0])};
    for (const nn::StateSlot& slot : context.states()) outputs.push_back(slot.final);
    for (const Value& penalty : context.losses()) outputs.push_back(penalty);
    for (const Value& penalty : context.activity_losses()) outputs.push_back(penalty);
    return outputs;
  };
  check_gradient(test);
}

}  // namespace elegans::testing
