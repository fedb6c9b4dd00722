// Every kernel at sizes that cells have: the best instruction set beside the scalar C99 and beside what the machine can
// do.
//
//   GFLOP/s, GB/s  operations and bytes (read once, written once) of the kernel's definition, over its time
//   item           time of one element, or of one synapse and row
//   of_peak        share of the fused multiply-adds that registers allow (products), or of a copy within L1 (the others)
//   AVX3, AVX2, …  time of one item by the kernels of each instruction set that this machine runs, side by side

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/kernels/table.hpp"
#include "kernels/targets.hpp"
#include "micro/machine_peak.hpp"
#include "micro/seconds.hpp"

namespace elegans::bench {
namespace {

using kernels::Binary;
using kernels::Target;
using kernels::Unary;
using Table = kernels::Table<float>;

struct Work {
  double items, operations, bytes;
  bool is_product;
};

void measure(const std::string& name, Work work, const std::function<void(const Table&)>& kernel) {
  benchmark::RegisterBenchmark(name.c_str(), [work, kernel](benchmark::State& state) {
    using benchmark::Counter;
    const Table& best = kernels::table<float>(Target::best);
    const auto time = [&](const Table& table) { return seconds([&] { kernel(table); }, 16); };
    const double best_time = time(best);
    for (auto _ : state) {
      kernel(best);
      benchmark::ClobberMemory();
    }
    state.counters["item"] = Counter(work.items, Counter::kIsIterationInvariantRate | Counter::kInvert);
    state.counters["GFLOP/s"] = work.operations / best_time / 1e9;
    state.counters["GB/s"] = work.bytes / best_time / 1e9;
    state.counters["of_peak"] = work.is_product ? work.operations / best_time / 1e9 / peak_gflops()
                                                : work.bytes / best_time / 1e9 / peak_gigabytes_per_second();
    for (const std::int64_t target : kernels::runnable_targets())
      state.counters[kernels::target_name(target)] = time(kernels::make_table<float>(target)) / work.items;
  });
}

// Aligned like the memory of tensors: vectors that straddle cache lines would hide what kernels gain.
template <class T>
struct Aligned {
  using value_type = T;
  Aligned() = default;
  template <class U>
  explicit Aligned(const Aligned<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), alignment)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, alignment); }
  bool operator==(const Aligned&) const = default;
  static constexpr std::align_val_t alignment{AlignedBuffer::alignment};
};
using Numbers = std::vector<float, Aligned<float>>;

Numbers numbers(std::size_t n) {
  Numbers x(n);
  kernels::table<float>(Target::scalar).random_uniform(7, n, x.data(), n);
  for (float& value : x) value = 4 * value - 2;
  return x;
}

void measure_elementwise() {
  constexpr std::size_t n = 4096;
  constexpr double bytes = n * sizeof(float);
  for (const Unary function :
       {Unary::square, Unary::relu, Unary::reciprocal, Unary::exponential, Unary::logarithm, Unary::tanh,
        Unary::fast_tanh, Unary::sigmoid, Unary::fast_sigmoid, Unary::softplus, Unary::error_function, Unary::sine}) {
    Numbers x = numbers(n), y(n);
    if (function == Unary::logarithm) {
      for (float& value : x) value += 2.001F;
    }
    measure(std::string(name(function)) + "/4096", {n, n, 2 * bytes, false}, [=](const Table& table) mutable {
      table.unary[static_cast<std::size_t>(function)](x.data(), y.data(), n);
    });
  }
  for (const Binary function : {Binary::add, Binary::multiply, Binary::divide, Binary::maximum, Binary::less}) {
    Numbers a = numbers(n), b = numbers(n + 1), y(n);
    measure(std::string(name(function)) + "/4096", {n, n, 3 * bytes, false}, [=](const Table& table) mutable {
      table.binary[static_cast<std::size_t>(function)](a.data(), 1, b.data(), 1, y.data(), n);
    });
  }
  Numbers a = numbers(n), y(n);
  measure("select/4096", {n, n, 3 * bytes, false},
          [=](const Table& table) mutable { table.select(a.data(), 1, a.data(), 1, a.data(), 0, y.data(), n); });
  measure("random_uniform/4096", {n, 0, bytes, false},
          [=](const Table& table) mutable { table.random_uniform(1, 2, y.data(), n); });
}

// A CfC's backbone step by step and for a batch, its gradients, and a wide layer.
void measure_products() {
  struct Size {
    std::size_t m, k, n;
  };
  const auto name_of = [](const char* kernel, Size size) {
    return std::string(kernel) + "/" + std::to_string(size.m) + "x" + std::to_string(size.k) + "x" +
           std::to_string(size.n);
  };
  const auto work_of = [](Size s) {
    const double items = static_cast<double>(s.m * s.k * s.n);
    const double bytes = static_cast<double>(s.m * s.k + s.k * s.n + s.m * s.n) * sizeof(float);
    return Work{items, 2 * items, bytes, true};
  };
  for (const Size s : {Size{1, 80, 64}, Size{1, 80, 19}, Size{32, 80, 64}, Size{32, 80, 19}, Size{32, 80, 8},
                       Size{128, 256, 256}, Size{32, 784, 256}, Size{512, 512, 512}}) {
    Numbers a = numbers(s.m * s.k), b = numbers(s.k * s.n), y(s.m * s.n);
    measure(name_of("matmul_nn", s), work_of(s),
            [=](const Table& table) mutable { table.matmul_nn(a.data(), b.data(), y.data(), s.m, s.k, s.n); });
  }
  for (const Size s : {Size{1, 64, 80}, Size{32, 64, 80}, Size{128, 256, 256}, Size{512, 512, 512}}) {
    Numbers a = numbers(s.m * s.k), b = numbers(s.k * s.n), y(s.m * s.n);
    measure(name_of("matmul_nt", s), work_of(s),
            [=](const Table& table) mutable { table.matmul_nt(a.data(), b.data(), y.data(), s.m, s.k, s.n); });
  }
  for (const Size s : {Size{80, 32, 64}, Size{80, 2048, 64}, Size{784, 32, 256}, Size{512, 512, 512}}) {
    Numbers a = numbers(s.m * s.k), b = numbers(s.k * s.n), y(s.m * s.n);
    measure(name_of("matmul_tn", s), work_of(s),
            [=](const Table& table) mutable { table.matmul_tn(a.data(), b.data(), y.data(), s.m, s.k, s.n); });
  }
}

// Products with a packed matrix: gates of a cell for one row and for a shard, the sum of their gradients, and a
// recurrent kernel, given as rows x terms * depth x parts * width.
void measure_packed() {
  struct Case {
    std::size_t rows, depth, terms, width, parts;
  };
  for (const Case c : {Case{1, 50, 1, 34, 4}, Case{1, 28, 2, 22, 4}, Case{1, 15, 2, 8, 4}, Case{1, 64, 1, 8, 1},
                       Case{1, 64, 1, 256, 1}, Case{16, 34, 1, 34, 4}, Case{16, 28, 2, 22, 4}, Case{16, 15, 2, 8, 4},
                       Case{16, 34, 4, 34, 1}, Case{16, 64, 1, 256, 1}, Case{16, 256, 1, 64, 1},
                       Case{16, 80, 1, 128, 1}, Case{1024, 16, 1, 34, 4}}) {
    const std::size_t k = c.depth * c.terms, n = c.width * c.parts;
    std::vector<Numbers> a(c.terms, numbers(c.rows * c.depth)), y(c.parts, numbers(c.rows * c.width));
    Numbers packed = numbers(kernels::packed_form<float>(k, n).elements() + kernels::panel_columns<float>);
    const std::vector<std::size_t> depth(c.terms, c.depth), width(c.parts, c.width);
    const double items = static_cast<double>(c.rows * k * n);
    const double bytes = static_cast<double>(c.rows * (k + n) + k * n) * sizeof(float);
    measure(fmt::format("packed_matmul/{}x{}*{}x{}*{}", c.rows, c.terms, c.depth, c.parts, c.width),
            {items, 2 * items, bytes, true}, [=](const Table& table) mutable {
              const float* left[32];
              float* result[32];
              for (std::size_t i = 0; i < c.terms; ++i) left[i] = a[i].data();
              for (std::size_t j = 0; j < c.parts; ++j) result[j] = y[j].data();
              void* aligned = packed.data();
              std::size_t space = packed.size() * sizeof(float);
              std::align(64, space - 64, aligned, space);
              table.packed_matmul(left, depth.data(), nullptr, c.terms, static_cast<const float*>(aligned), result,
                                  width.data(), c.parts, c.rows);
            });
  }
}

// Gradients of a cell's weights over the steps of a shard: x and h with four gates at once, and one by one.
void measure_outer() {
  constexpr std::size_t steps = 1600, inputs = 16, units = 34, gates = 4;
  Numbers x = numbers(steps * inputs), h = numbers(steps * units);
  std::vector<Numbers> d(gates, numbers(steps * units)), y(2 * gates, Numbers(units * units));
  const double items = steps * (inputs + units) * gates * units;
  const Work work{items, 2 * items, steps * (inputs + (1.0 + gates) * units) * sizeof(float), true};
  measure("outer_products/16+34x1600x4*34", work, [=](const Table& table) mutable {
    const float *left[] = {x.data(), h.data()}, *right[gates];
    float* result[2 * gates];
    for (std::size_t j = 0; j < gates; ++j) right[j] = d[j].data();
    for (std::size_t i = 0; i < 2 * gates; ++i) result[i] = y[i].data();
    constexpr std::size_t m[] = {inputs, units}, n[] = {units, units, units, units};
    table.outer_products(left, m, 2, right, n, gates, steps, result);
  });
  measure("matmul_tn/each of these", work, [=](const Table& table) mutable {
    for (std::size_t j = 0; j < gates; ++j) {
      table.matmul_tn(x.data(), d[j].data(), y[j].data(), inputs, steps, units);
      table.matmul_tn(h.data(), d[j].data(), y[gates + j].data(), units, steps, units);
    }
  });
}

// A quarter of the connections of a circuit, the batch innermost, and as a packed matrix (graph/passes/pack.hpp).
void measure_quarters() {
  for (const std::size_t units : {16, 34, 64, 128})
    for (const std::size_t rows : {1, 16}) {
      const std::size_t each = units / 4, count = units * each;
      std::vector<std::uint32_t> source(count), offsets(units + 1);
      for (std::uint32_t s = 0; s < count; ++s) {
        source[s] = s * 29 % units;
        offsets[s / each + 1] = s + 1;
      }
      Numbers x = numbers(rows * units), w = numbers(count), y(rows * units),
              packed = numbers(kernels::packed_form<float>(units, units).elements() + kernels::panel_columns<float>);
      const auto size = fmt::format("/quarter of {}x{}, {} rows", units, units, rows);
      const Work work{static_cast<double>(rows * count), 2.0 * static_cast<double>(rows * count),
                      static_cast<double>((2 * rows * units + count) * sizeof(float)), true};
      measure("sparse_matmul" + size, work, [=](const Table& table) mutable {
        table.sparse_matmul(x.data(), w.data(), y.data(), 1, units, units, rows, offsets.data(), source.data());
      });
      measure("packed_matmul" + size, work, [=](const Table& table) mutable {
        const float* left = x.data();
        float* result = y.data();
        void* aligned = packed.data();
        std::size_t space = packed.size() * sizeof(float);
        std::align(64, space - 64, aligned, space);
        table.packed_matmul(&left, &units, nullptr, 1, static_cast<const float*>(aligned), &result, &units, 1, rows);
      });
    }
}

// The synapses of an LTC over a circuit of 32 neurons with 16 inputs: 824 of 48 sources and 32 targets.
void measure_sparse() {
  constexpr std::size_t inputs = 48, outputs = 32, count = 824;
  std::vector<std::uint32_t> source(count), target(count), order(count), offsets(outputs + 1);
  for (std::uint32_t s = 0; s < count; ++s) {
    source[s] = s * 29 % inputs;
    target[s] = static_cast<std::uint32_t>(s * outputs / count);
    order[s] = s;
    ++offsets[target[s] + 1];
  }
  for (std::size_t u = 0; u < outputs; ++u) offsets[u + 1] += offsets[u];
  for (const std::size_t rows : {std::size_t{1}, std::size_t{16}, std::size_t{32}, std::size_t{2048}}) {
    Numbers x = numbers(rows * inputs), w = numbers(count), y(rows * outputs), d = numbers(rows * outputs), g(count),
            wide = numbers(rows * count);
    const std::string size = "/" + std::to_string(rows);
    const auto items = static_cast<double>(rows * count);
    const double bytes = items * sizeof(float);
    measure("sparse_matmul" + size, {items, 2 * items, bytes, true}, [=](const Table& table) mutable {
      table.sparse_matmul(x.data(), w.data(), y.data(), rows, inputs, outputs, 1, offsets.data(), source.data());
    });
    measure("sampled_product" + size, {items, 2 * items, bytes, true}, [=](const Table& table) mutable {
      table.sampled_product(x.data(), d.data(), g.data(), rows, inputs, outputs, 1, count, source.data(),
                            target.data());
    });
    measure("gather" + size, {items, 0, 2 * bytes, false}, [=](const Table& table) mutable {
      table.gather(x.data(), wide.data(), rows, inputs, count, 1, source.data());
    });
    measure("scatter_sum" + size, {items, items, bytes, false}, [=](const Table& table) mutable {
      table.scatter_sum(wide.data(), y.data(), rows, count, outputs, 1, offsets.data(), order.data());
    });
  }
}

void measure_reductions_and_copies() {
  struct Size {
    std::size_t outer, n, inner;
  };
  for (const Size s : {Size{1, 2048, 64}, Size{1, 2048, 19}, Size{32, 64, 1}, Size{32, 9, 1}, Size{1, 4096, 1}}) {
    const std::size_t n = s.outer * s.n * s.inner;
    Numbers x = numbers(n), y(s.outer * s.inner);
    const std::string size = "/" + std::to_string(s.outer) + "x" + std::to_string(s.n) + "x" + std::to_string(s.inner);
    const auto items = static_cast<double>(n);
    measure("reduce_sum" + size, {items, items, items * sizeof(float), false},
            [=](const Table& table) mutable { table.reduce_sum(x.data(), y.data(), s.outer, s.n, s.inner); });
    measure("reduce_max" + size, {items, items, items * sizeof(float), false},
            [=](const Table& table) mutable { table.reduce_max(x.data(), y.data(), s.outer, s.n, s.inner); });
  }
  constexpr std::size_t batch = 32, time = 16, width = 16, n = batch * time * width;
  Numbers x = numbers(n), y(n);
  const std::vector<std::size_t> sizes{time, batch, width}, y_strides{batch * width, width, 1};
  const auto copy = [&](const std::string& name, const std::vector<std::size_t>& x_strides) {
    measure("copy_strided/" + name, {n, 0, 2.0 * n * sizeof(float), false}, [=](const Table& table) mutable {
      table.copy_strided(x.data(), x_strides.data(), y.data(), y_strides.data(), sizes.data(), 3);
    });
  };
  copy("whole", {batch * width, width, 1});
  copy("time_first", {width, time * width, 1});
  copy("transpose", {batch * width, 1, batch});
  copy("fill", {0, 0, 0});
}

const bool registered = [] {
  benchmark::AddCustomContext("elegans instruction set", kernels::instruction_set(Target::best));
  benchmark::AddCustomContext("f32 multiply-add peak, GFLOP/s", std::to_string(peak_gflops()));
  benchmark::AddCustomContext("copy within L1, GB/s", std::to_string(peak_gigabytes_per_second()));
  measure_elementwise();
  measure_products();
  measure_packed();
  measure_outer();
  measure_quarters();
  measure_sparse();
  measure_reductions_and_copies();
  return true;
}();

}  // namespace
}  // namespace elegans::bench
