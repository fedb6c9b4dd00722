// Dense 784 → 256, batch 32: the answers, and the gradients of kernel and bias for a given gradient of the answers.

#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/dense.hpp"

namespace elegans::bench {
namespace {

constexpr std::int64_t batch = 32, inputs = 784, units = 256;

Series run_series() {
  return {"run", [] {
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
            auto run = std::make_shared<BoundExecutable>(std::move(graph), Extents{});
            return Work{.run = repeated([run] { run->run(); }),
                        .counts = {.flop = 4.0 * batch * inputs * units + 2.0 * batch * units,
                                   .bytes = 4.0 * (2 * inputs * units + 2 * units + batch * (inputs + 2 * units)),
                                   .traffic = Traffic::copy}};
          }};
}

}  // namespace

std::vector<Case> dense_cases() {
  return {{"dense/784x256", "Dense 784 → 256, batch 32, forward and backward", {run_series()}}};
}

}  // namespace elegans::bench
