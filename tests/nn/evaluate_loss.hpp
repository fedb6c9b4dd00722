#pragma once
// A loss of given numbers, and its gradient.

#include <array>
#include <optional>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/losses.hpp"

namespace elegans::nn {

struct Evaluated {
  std::vector<double> loss;
  std::vector<double> gradient;  // of Σ loss, with respect to the prediction
};

inline Evaluated run_loss(graph::Graph& g, Value loss, Value prediction, const std::vector<View>& inputs) {
  g.output("loss", loss);
  g.output("gradient", graph::gradients(graph::sum(loss), std::array{prediction})[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  const std::vector<Tensor> results = run(inputs);
  return {results[0].values(), results[1].values()};
}

struct GivenWeights {
  std::optional<Tensor> sample_weight = {};
  std::optional<Tensor> mask = {};
};

// With everything in the graph.
inline Evaluated evaluate(const Loss& loss, const Tensor& prediction, const Tensor& target,
                          const GivenWeights& weights = {}) {
  graph::Graph g;
  const Value p = g.input("p", {prediction.dtype(), prediction.shape()});
  const Value t = g.input("t", {target.dtype(), target.shape()});
  std::vector<View> inputs{prediction, target};
  LossWeights given;
  if (weights.sample_weight) {
    given.sample_weight = g.input("w", {weights.sample_weight->dtype(), weights.sample_weight->shape()});
    inputs.emplace_back(*weights.sample_weight);
  }
  if (weights.mask) {
    given.mask = g.input("m", {weights.mask->dtype(), weights.mask->shape()});
    inputs.emplace_back(*weights.mask);
  }
  const Value value = loss(p, t, given);
  return run_loss(g, value, p, inputs);
}

// With the divisor from outside.
inline Evaluated evaluate(const Loss& loss, const Tensor& prediction, const Tensor& target, const Tensor& weight,
                          double normaliser) {
  graph::Graph g;
  const LossInputs in{.prediction = g.input("p", {prediction.dtype(), prediction.shape()}),
                      .target = g.input("t", {target.dtype(), target.shape()}),
                      .weight = g.input("w", {weight.dtype(), weight.shape()}),
                      .normaliser = g.input("n", {prediction.dtype(), {}})};
  const Value value = loss(in);
  const Tensor n = Tensor::from({}, {normaliser}, prediction.dtype());
  return run_loss(g, value, in.prediction, {prediction, target, weight, n});
}

inline Tensor numbers(const Shape& shape, std::initializer_list<double> values, Dtype dtype = Dtype::f64) {
  return Tensor::from(shape, values, dtype);
}
inline Tensor labels(const Shape& shape, std::initializer_list<double> values) {
  return Tensor::from(shape, values, Dtype::i32);
}

}  // namespace elegans::nn
