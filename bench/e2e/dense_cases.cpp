// Dense 784 → 256, batch 32: the answers, and the gradients of kernel and bias for a given gradient of the answers.
// Products of square matrices, straight and transposed. Each beside the same products by OpenBLAS.

#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/by_openblas.hpp"
#include "e2e/case.hpp"
#include "e2e/graphs.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/dense.hpp"

namespace elegans::bench {
namespace {

constexpr std::int64_t batch = 32, inputs = 784, units = 256;

constexpr Counts dense_counts{.flop = 4.0 * batch * inputs * units + 2.0 * batch * units,
                              .bytes = 4.0 * (2 * inputs * units + 2 * units + batch * (inputs + 2 * units)),
                              .traffic = Traffic::copy};

Series dense_series() {
  return {"run", [] {
            auto run = std::make_shared<BoundExecutable>(dense_graph(), Extents{});
            return Work{.run = repeated([run] { run->run(); }), .counts = dense_counts};
          }};
}

Counts product_counts(std::int64_t size) {
  const auto n = static_cast<double>(size);
  return {.flop = 6 * n * n * n, .bytes = 4 * 5 * n * n, .traffic = Traffic::copy};
}

Series product_series(std::int64_t size) {
  return {"run", [size] {
            auto run = std::make_shared<BoundExecutable>(product_graph(size), Extents{});
            return Work{.run = repeated([run] { run->run(); }), .counts = product_counts(size)};
          }};
}

Case with(Case found, std::vector<Series> more) {
  found.series.insert(found.series.end(), more.begin(), more.end());
  return found;
}

Case product_case(std::int64_t size) {
  const std::string n = std::to_string(size);
  return with({"product/" + n, "Products of " + n + " × " + n + ": a b, a b' and a' b", {product_series(size)}},
              products_by_openblas(size, product_counts(size)));
}

}  // namespace

graph::Graph product_graph(std::int64_t size) {
  graph::Graph graph;
  const graph::Value a = graph.input("a", {Dtype::f32, Shape{size, size}});
  const graph::Value b = graph.input("b", {Dtype::f32, Shape{size, size}});
  graph.output("a b", matmul(a, b));
  graph.output("a b'", matmul(a, b, {.transpose_b = true}));
  graph.output("a' b", matmul(a, b, {.transpose_a = true}));
  return graph;
}

graph::Graph dense_graph() {
  graph::Graph graph;
  nn::Context context(graph, {.mode = nn::Mode::training});
  nn::Dense layer(units);
  const graph::Value x = graph.input("x", {Dtype::f32, Shape{batch, inputs}});
  const graph::Value y = layer(context, x);
  const graph::Value loss = sum(y * graph.input("slope", {Dtype::f32, Shape{batch, units}}));
  std::vector<graph::Value> weights;
  for (const auto& [weight, value] : context.weights()) weights.push_back(value);
  graph.output("y", y);
  for (const graph::Value gradient : graph::gradients(loss, weights))
    graph.output("gradient " + std::to_string(graph.outputs().size()), gradient);
  return graph;
}

std::vector<Case> dense_cases() {
  return {with({"dense/784x256", "Dense 784 → 256, batch 32, forward and backward", {dense_series()}},
               dense_by_openblas(batch, inputs, units, dense_counts)),
          product_case(256), product_case(1024)};
}

}  // namespace elegans::bench
