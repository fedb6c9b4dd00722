// Every loss with the gradient of its predictions, as training writes it (each place has a weight), beside a copy of what
// it has to read and write.
//
//     build/release/bin/bench_micro --benchmark_filter=loss/
//
//   GB/s       bytes of predictions, targets and gradients, each read or written once, over the time
//   of_copy    time of copying so many bytes over that of the loss: 1 is a loss that costs its memory alone
//
// 256 places of 10 numbers are a batch of a small classifier, and stay in the caches; 4096 of 1000 do not.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/losses.hpp"
#include "micro/seconds.hpp"

namespace elegans::bench {
namespace {

using nn::Loss;

// Predictions, weights, and targets that every loss takes: numbers of 0.1 … 0.9, or labels.
class LossRun {
 public:
  LossRun(const Loss& loss, std::int64_t places, std::int64_t numbers) : executable_(written(loss, places, numbers)) {
    for (std::size_t i = 0; i < executable_.inputs().size(); ++i) {
      const graph::Type& type = executable_.input_type(i);
      Tensor& tensor = tensors_.emplace_back(type.shape, type.dtype);
      std::uint32_t state = 17;
      if (type.dtype == Dtype::i32)
        for (std::int32_t& label : tensor.as<std::int32_t>())
          label = static_cast<std::int32_t>((state = state * 1664525U + 1013904223U) % numbers);
      else
        for (float& number : tensor.as<float>())
          number = 0.1F + 0.8F * static_cast<float>((state = state * 1664525U + 1013904223U) >> 8) / (1 << 24);
      executable_.bind_input(i, tensor);
      bytes_ += static_cast<double>(tensor.bytes());
    }
    for (std::size_t o = 0; o < executable_.outputs().size(); ++o) {
      const graph::Type& type = executable_.output_type(o);
      executable_.bind_output(o, tensors_.emplace_back(type.shape, type.dtype).data());
      bytes_ += static_cast<double>(tensors_.back().bytes());
    }
  }

  void run() { benchmark::DoNotOptimize(executable_.run({}).ok()); }
  double bytes() const { return bytes_; }

 private:
  static graph::Executable written(const Loss& loss, std::int64_t places, std::int64_t numbers) {
    graph::Graph graph;
    const graph::Value p = graph.input("prediction", {Dtype::f32, Shape{places, numbers * loss.outputs_per_target}});
    const bool labels = loss.targets == nn::Targets::classes;
    const graph::Value t = graph.input(
        "target", labels ? graph::Type{Dtype::i32, Shape{places}} : graph::Type{Dtype::f32, Shape{places, numbers}});
    const graph::Value weight = graph.input("weight", {Dtype::f32, Shape{places}});
    const graph::Value normaliser = graph.input("normaliser", {Dtype::f32, Shape{}});
    const graph::Value value = loss({.prediction = p, .target = t, .weight = weight, .normaliser = normaliser});
    graph.output("loss", value);
    graph.output("gradient", graph::gradients(value, std::array{p})[0]);
    return graph::compile(std::move(graph), {});
  }

  graph::Executable executable_;
  std::vector<Tensor> tensors_;
  double bytes_ = 0;
};

void measure(const char* name, std::int64_t places, std::int64_t numbers) {
  const std::string title = std::string("loss/") + name + "/" + std::to_string(places) + "x" + std::to_string(numbers);
  benchmark::RegisterBenchmark(title.c_str(), [name, places, numbers](benchmark::State& state) {
    LossRun loss(nn::loss_named(name), places, numbers);
    for (auto _ : state) {
      loss.run();
      benchmark::ClobberMemory();
    }
    const auto half = static_cast<std::size_t>(loss.bytes() / 2);
    std::vector<char> from(half, 1), to(half, 1);
    const double time = seconds([&] { loss.run(); });
    const double copy = seconds([&] {
      std::memcpy(to.data(), from.data(), half);
      benchmark::ClobberMemory();
    });
    state.counters["GB/s"] = loss.bytes() / time / 1e9;
    state.counters["of_copy"] = copy / time;
  });
}

const bool registered = [] {
  for (const char* name :
       {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "quantile", "poisson",
        "gaussian_negative_log_likelihood", "cosine_similarity", "hinge", "squared_hinge", "kl_divergence",
        "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"})
    measure(name, 256, 10);
  for (const char* name : {"mean_squared_error", "categorical_crossentropy", "sparse_categorical_crossentropy"})
    measure(name, 4096, 1000);
  return true;
}();

}  // namespace
}  // namespace elegans::bench
