// One update of a million parameters by every optimizer, beside a loop written by hand that does the same in one pass.
//
//     build/release/bin/bench_micro --benchmark_filter=update
//
//   GB/s       bytes that the update has to read and write (train/optimizers.hpp), over its time
//   by_hand    time of the loop by hand over that of the update: above 1 the update is the faster
//
// The loops by hand are compiled for this machine (-O3 -march=native), on one thread, as the update runs on one. The
// arrays are larger than the caches, as those of a large model are; "update/…/4096" are of a small one. Adam runs over
// ten million parameters too, of one weight and of a thousand.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "elegans/nn/dense.hpp"
#include "elegans/train/optimizers.hpp"
#include "micro/seconds.hpp"
#include "micro/update_by_hand.hpp"
#include "train/update_step.hpp"

namespace elegans::bench {
namespace {

namespace by_hand = update_by_hand;

using namespace elegans::train;

// Weights of `count` numbers each.
void measure(const Optimizer& optimizer, by_hand::Loop loop_by_hand, std::int64_t count, std::int64_t weights = 1) {
  const std::string name = "update/" + optimizer.name + "/" + std::to_string(count) +
                           (weights > 1 ? " x " + std::to_string(weights) : std::string());
  benchmark::RegisterBenchmark(name.c_str(), [optimizer, loop_by_hand, count, weights](benchmark::State& state) {
    const std::int64_t inputs = weights > 1 ? static_cast<std::int64_t>(std::sqrt(count)) : 64;
    Sequential model;
    for (std::int64_t i = 0; i < weights; ++i)
      model.add(nn::Dense({.units = count / inputs, .use_bias = false, .kernel_initialiser = nn::Zeros{}}));
    model.build(inputs);
    const ParameterLayout layout = layout_of(model);
    UpdateStep update(layout, optimizer, {});
    AlignedBuffer gradients(layout.bytes());
    std::fill_n(reinterpret_cast<float*>(gradients.data()), layout.size, 0.25F);
    by_hand::OwnArrays own(layout.size);
    const by_hand::Arrays raw = own.arrays();
    const auto step = [&] { update.run(1, 1e-3, gradients.data()); };
    for (auto _ : state) {
      step();
      benchmark::ClobberMemory();
    }
    const double time = seconds(step);
    const double loop = seconds([&] {
      loop_by_hand(raw, 1e-3F);
      benchmark::ClobberMemory();
    });
    state.counters["GB/s"] = update.bytes_a_parameter().traffic * static_cast<double>(layout.size) / time / 1e9;
    state.counters["by_hand"] = loop / time;
  });
}

const bool registered = [] {
  for (const std::int64_t count : {std::int64_t{4096}, std::int64_t{1} << 20}) {
    measure(SGD{.momentum = 0.9}, by_hand::sgd, count);
    measure(Adam{}, by_hand::adam, count);
    measure(AdamW{}, by_hand::adamw, count);
    measure(AMSGrad{}, by_hand::amsgrad, count);
    measure(Nadam{}, by_hand::nadam, count);
    measure(RMSprop{}, by_hand::rmsprop, count);
    measure(Adagrad{}, by_hand::adagrad, count);
    measure(Lion{}, by_hand::lion, count);
  }
  measure(Adam{}, by_hand::adam, 10'000'000);
  measure(Adam{}, by_hand::adam, 10'000, 1000);
  return true;
}();

}  // namespace
}  // namespace elegans::bench
