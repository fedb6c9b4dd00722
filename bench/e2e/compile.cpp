// How long compiling a training step takes, and that it does not depend on the length of the sequence.
//
//     build/release/bin/bench_e2e --benchmark_filter=compile
//
// Writes the forward pass, mean squared error and gradients of a CfC over AutoNCP(64, 8) with 16 inputs, batch 32, runs
// all passes, plans memory and takes it. Bar: under 50 ms for any length.

#include <benchmark/benchmark.h>

#include <array>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/wiring/wiring.hpp"

namespace {

using namespace elegans;

void compile_training_step(benchmark::State& state) {
  Sequential model({.name = "bench", .seed = 1});
  model.add(nn::CfC(wiring::AutoNCP({.units = 64, .output_size = 8})));
  model.build(16);
  const std::int64_t time = state.range(0);
  std::size_t bytes = 0, nodes = 0;
  for (auto _ : state) {
    graph::Graph graph;
    nn::Context context(graph, {.mode = nn::Mode::training});
    const graph::Value x = graph.input("x", {Dtype::f32, {Dim::batch(), Dim::time(), 16}});
    const graph::Value target = graph.input("target", {Dtype::f32, {Dim::batch(), Dim::time(), 8}});
    context.timespans = graph.input("timespans", {Dtype::f32, {Dim::batch(), Dim::time()}});
    const graph::Value loss = sum(square(model(context, x) - target));
    std::vector<graph::Value> weights;
    for (const auto& [weight, value] : context.weights()) weights.push_back(value);
    const std::vector<graph::Value> gradients = graph::gradients(loss, weights);
    graph.output("loss", loss);
    for (std::size_t i = 0; i < gradients.size(); ++i) graph.output("gradient " + std::to_string(i), gradients[i]);
    const graph::Executable run = graph::compile(std::move(graph), {.reserve = {.batch = 32, .time = time}});
    bytes = run.arena_bytes();
    nodes = run.graph().nodes().size();
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["arena_bytes"] = static_cast<double>(bytes);
  state.counters["nodes"] = static_cast<double>(nodes);
}
BENCHMARK(compile_training_step)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
