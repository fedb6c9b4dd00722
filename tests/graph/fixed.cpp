// Executables whose addresses are fixed give the bits of those whose addresses may change, and go back to them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/scan.hpp"
#include "elegans/kernels/nearest_cache.hpp"
#include "support/count_allocations.hpp"
#include "support/graphs.hpp"
#include "support/message_of.hpp"
#include "support/random_tensor.hpp"

namespace elegans::graph {
namespace {

using ::testing::AllOf;
using testing::CountAllocations;
using ::testing::HasSubstr;
using ::testing::Matcher;
using testing::message_of;
using ::testing::Not;

constexpr Extents one{.batch = 1, .time = 1};

// An executable with memory of its own; what it reads is new for every seed.
class Bound {
 public:
  enum class By : std::uint8_t { address, tensor };
  Bound(Graph graph, kernels::Target target, const Extents& extents = one, By by = By::address)
      : run_(compile(std::move(graph), {.target = target, .reserve = extents, .exact = true})), extents_(extents) {
    for (std::size_t i = 0; i < run_.inputs().size(); ++i) {
      const Type& type = run_.input_type(i);
      inputs_.emplace_back(type.shape.at(extents), type.dtype);
      if (by == By::address)
        run_.bind_input(i, inputs_[i].data());
      else
        run_.bind_input(i, inputs_[i]);
    }
    for (std::size_t o = 0; o < run_.outputs().size(); ++o) {
      const Type& type = run_.output_type(o);
      outputs_.emplace_back(type.shape.at(extents), type.dtype);
      run_.bind_output(o, outputs_[o].data());
    }
  }

  Executable& executable() { return run_; }
  const Executable& executable() const { return run_; }
  Tensor& input(std::size_t i) { return inputs_[i]; }

  // The bytes of all outputs.
  std::vector<std::byte> run() {
    EXPECT_TRUE(run_.run(extents_).ok());
    std::vector<std::byte> bytes;
    for (const Tensor& tensor : outputs_) {
      const auto* from = static_cast<const std::byte*>(tensor.data());
      bytes.insert(bytes.end(), from, from + tensor.bytes());
    }
    return bytes;
  }
  std::vector<std::byte> run(std::uint64_t seed) {
    for (Tensor& tensor : inputs_) {
      const Tensor numbers = testing::random_tensor(tensor.shape(), ++seed, -2, 2).to(tensor.dtype());
      std::memcpy(tensor.data(), numbers.data(), numbers.bytes());
    }
    return run();
  }

 private:
  Executable run_;
  Extents extents_;
  std::vector<Tensor> inputs_, outputs_;
};

ops::ConnectionsPtr circuit(std::uint32_t sources, std::uint32_t targets, std::uint32_t step) {
  std::vector<std::uint32_t> source, target;
  for (std::uint32_t i = 0; i < sources * targets; i += step) {
    source.push_back(i / targets);
    target.push_back(i % targets);
  }
  return std::make_shared<ops::Connections>(sources, targets, source, target);
}

// Two steps of gates of `units` that read x and h, through matrices and through a circuit, one of them kept; and Δt.
Graph gated(std::int64_t units, Dtype dtype) {
  Graph graph;
  const auto input = [&](const char* name, const Shape& shape) { return graph.input(name, {dtype, shape}); };
  const auto connections = circuit(5, static_cast<std::uint32_t>(units), 2);
  const Dim count(static_cast<std::int64_t>(connections->count()));
  const Value x = input("x", {Dim::batch(), 5}), h = input("h", {Dim::batch(), units}),
              dt = input("dt", {Dim::batch(), 1});
  const Value w = input("w", {5, units}), u = input("u", {units, units}), s = input("s", {count});
  const Value b = input("b", {units});
  const LoopResult result = scan(Dim(2), std::array{h}, {}, [&](const Loop& loop) {
    const Value before = loop.carried[0], y = x * dt, kept = matmul(y, w);
    const Value gate = sigmoid((kept + matmul(before, u)) * dt + b);
    const Value next = gate * tanh(sparse_matmul(y, s, connections) + before) + (1.0 - gate) * before;
    return LoopResult{.carried = {next}, .stacked = {kept}, .summed = {}};
  });
  graph.output("next", result.carried[0]);
  graph.output("kept", result.stacked[0]);
  return graph;
}

// Two steps of what synapses with a state of their own do, summed by both ends.
Graph circuits(std::int64_t units, Dtype dtype) {
  Graph graph;
  const auto connections = circuit(static_cast<std::uint32_t>(units), 6, 3);
  const Dim count(static_cast<std::int64_t>(connections->count()));
  const auto input = [&](const char* name, const Shape& shape) { return graph.input(name, {dtype, shape}); };
  const Value v = input("v", {Dim::batch(), units}), mu = input("mu", {count}), w = input("w", {count});
  const Value sigma = input("sigma", {1}), e = input("e", {count});
  const LoopResult result = scan(Dim(2), std::array{v}, {}, [&](const Loop& loop) {
    const Value activity = sigmoid((gather(loop.carried[0], connections) - mu) * sigma) * w;
    const Value by_source = tanh(scatter_sum(activity, connections, ops::End::source));
    return LoopResult{
        .carried = {by_source}, .stacked = {scatter_sum(activity * e, connections), activity}, .summed = {}};
  });
  graph.output("v", result.carried[0]);
  graph.output("sums", result.stacked[0]);
  graph.output("activities", result.stacked[1]);
  return graph;
}

// A loop that is too long to be written out, between reshapes.
Graph looped(Dtype dtype) {
  Graph graph;
  const Value h = graph.input("h", {dtype, {1, 6}}), w = graph.input("w", {dtype, {3, 3}});
  const LoopResult result = scan(Dim(40), std::array{reshape(h, {2, 3})}, {}, [&](const Loop& loop) {
    const Value next = tanh(matmul(loop.carried[0], w) + 0.1);
    return LoopResult{.carried = {next}, .stacked = {}, .summed = {next}};
  });
  graph.output("h", reshape(result.carried[0], {6}));
  graph.output("sum", result.summed[0]);
  return graph;
}

void expect_same_bits(const std::function<Graph()>& write, const Extents& extents = one) {
  for (const kernels::Target target : {kernels::Target::best, kernels::Target::scalar}) {
    Bound free(write(), target, extents), fixed(write(), target, extents),
        of_tensors(write(), target, extents, Bound::By::tensor);
    fixed.executable().fix(extents);
    of_tensors.executable().fix(extents);
    for (std::uint64_t seed = 0; seed < 3000; seed += 1000) {
      const std::vector<std::byte> want = free.run(seed);
      EXPECT_EQ(fixed.run(seed), want) << kernels::instruction_set(target) << fixed.executable().explain();
      EXPECT_EQ(of_tensors.run(seed), want) << kernels::instruction_set(target) << ", inputs bound as tensors";
    }
  }
}

TEST(Fixed, GraphsHaveWhatIsToBeFixed) {
  const Bound products(gated(16, Dtype::f32), kernels::Target::best);
  EXPECT_THAT(testing::names(products.executable().graph()), ::testing::Contains("product_chain"));
  EXPECT_THAT(products.executable().explain(), ::testing::HasSubstr("{packed_matmul"));
  const Bound synapses(circuits(30, Dtype::f32), kernels::Target::best);
  EXPECT_THAT(testing::names(synapses.executable().graph()), ::testing::Contains("circuit_chain"));
}

TEST(Fixed, ProductsGiveTheSameBits) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const std::int64_t units : {1, 2, 7, 15, 16, 17, 34, 64, 300}) {
      expect_same_bits([&] { return gated(units, dtype); });
      expect_same_bits([&] { return gated(units, dtype); }, {.batch = 3});
    }
}

TEST(Fixed, CircuitsGiveTheSameBits) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const std::int64_t units : {1, 2, 7, 8, 9, 30, 33, 200}) {
      expect_same_bits([&] { return circuits(units, dtype); });
      expect_same_bits([&] { return circuits(units, dtype); }, {.batch = 3});
    }
}

// Parts of a tensor up to its end, which begin within a cache line or with one: only what begins with one may be read to
// the end of a line (an address sanitiser sees more).
TEST(Fixed, PartsOfTensorsGiveTheSameBits) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const std::int64_t start : {0, 1, 7, 8, 9, 15, 16, 17, 20})
      expect_same_bits([&] {
        Graph graph;
        const Value x = graph.input("x", {dtype, {21}}), y = graph.input("y", {dtype, {21 - start}});
        const Value part = slice(x, 0, start, 21);
        graph.output("z", sigmoid(part * y) * part + y);
        return graph;
      });
}

TEST(Fixed, LoopsGiveTheSameBits) {
  expect_same_bits([] { return looped(Dtype::f32); });
  expect_same_bits([] { return looped(Dtype::f64); });
}

// One number for all is kept between runs, and read anew as soon as a bit of it has changed.
TEST(Fixed, ANumberForAllMayChangeAndStay) {
  const auto write = [] {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 20}}), dt = graph.input("dt", {Dtype::f32, {1}});
    graph.output("y", maximum(x, constant(x, -5)) * dt);
    return graph;
  };
  Bound free(write(), kernels::Target::best), fixed(write(), kernels::Target::best);
  fixed.executable().fix(one);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float dt : {-0.0F, 0.0F, 0.0F, -0.0F, 1.5F, 1.5F, nan, nan, -nan, 1.5F, 0.25F}) {
    for (Bound* bound : {&free, &fixed}) {
      for (std::size_t i = 0; i < 20; ++i) static_cast<float*>(bound->input(0).data())[i] = static_cast<float>(i) - 9;
      *static_cast<float*>(bound->input(1).data()) = dt;
    }
    EXPECT_EQ(fixed.run(), free.run()) << dt;
  }
}

TEST(Fixed, AbsentConnectionsTakeNoPart) {
  for (const std::int64_t units : {3, 16, 34}) {
    Bound free(gated(units, Dtype::f32), kernels::Target::best), fixed(gated(units, Dtype::f32), kernels::Target::best);
    fixed.executable().fix(one);
    for (Bound* bound : {&free, &fixed}) {
      bound->run(7);
      bound->input(0).as<float>()[1] = std::numeric_limits<float>::infinity();
    }
    EXPECT_EQ(fixed.run(), free.run()) << units;
  }
}

// Two steps through two matrices of `units` by `units`.
Graph two_layers(std::int64_t units) {
  Graph graph;
  const auto input = [&](const char* name, const Shape& shape) { return graph.input(name, {Dtype::f32, shape}); };
  const Value h = input("h", {Dim::batch(), units}), u = input("u", {units, units}), v = input("v", {units, units});
  const LoopResult result = scan(Dim(2), std::array{h}, {}, [&](const Loop& loop) {
    return LoopResult{.carried = {tanh(matmul(tanh(matmul(loop.carried[0], u)), v))}, .stacked = {}, .summed = {}};
  });
  graph.output("next", result.carried[0]);
  return graph;
}

// The nearest cache holds each of the matrices, or both. Elsewhere than with vectors of a cache line nothing is fetched.
TEST(Fixed, FetchesTheNextMatrixWhereTheCacheDoesNotHoldAll) {
  const auto side = [](std::size_t bytes) {
    return static_cast<std::int64_t>(std::sqrt(static_cast<double>(bytes) / sizeof(float)));
  };
  const std::size_t cache = kernels::first_level_cache_bytes();
  const std::int64_t large = side(cache / 8 * 5) / 16 * 16, small = side(cache / 3) / 16 * 16;
  Bound free(two_layers(large), kernels::Target::best), fixed(two_layers(large), kernels::Target::best);
  fixed.executable().fix(one);
  EXPECT_EQ(fixed.run(3), free.run(3));
  const bool whole_lines = kernels::table<float>(kernels::Target::best).lanes == kernels::panel_columns<float>;
  const std::string said = fmt::format("it fetches {} bytes of the next matrix", large * large * 2);
  EXPECT_THAT(fixed.executable().explain(),
              whole_lines ? Matcher<std::string>(HasSubstr(said)) : Not(HasSubstr("fetches")));
  Bound held(two_layers(small), kernels::Target::best);
  held.executable().fix(one);
  EXPECT_THAT(held.executable().explain(), AllOf(HasSubstr("run_packed_row"), Not(HasSubstr("fetches"))));
}

// What explain() says of kernels: before the first run for the largest extents, then for those of the last run, and of
// fixed calls until an address changes; in a loop's body too.
TEST(Fixed, ExplainTellsTheKernelsOfTheExtentsAndOfFixedCalls) {
  Executable run = compile(gated(16, Dtype::f32), {.reserve = {.batch = 6, .time = 1}});
  EXPECT_THAT(run.explain(), AllOf(HasSubstr(", as for batch 6, time 1\n"), HasSubstr("packed_matmul of 6 rows")));
  Bound three(gated(16, Dtype::f32), kernels::Target::best, {.batch = 3});
  three.run(1);
  EXPECT_THAT(three.executable().explain(), AllOf(HasSubstr("as for batch 3"), HasSubstr("packed_matmul of 3 rows")));
  Bound fixed(gated(16, Dtype::f32), kernels::Target::best);
  EXPECT_THAT(fixed.executable().explain(), Not(HasSubstr("run_packed_row")));
  fixed.executable().fix(one);
  EXPECT_THAT(fixed.executable().explain(), HasSubstr("\n      by run_packed_row: one row that stays where it is"));
  fixed.executable().bind_input(0, fixed.input(0).data());
  EXPECT_THAT(fixed.executable().explain(), Not(HasSubstr("run_packed_row")));
  const Bound loop(looped(Dtype::f32), kernels::Target::best);
  EXPECT_THAT(loop.executable().explain(), HasSubstr("\n          by "));
}

TEST(Fixed, AllocatesNothingAsItRuns) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  for (const Graph& graph : {gated(34, Dtype::f32), circuits(30, Dtype::f32), looped(Dtype::f32)}) {
    Bound bound(graph, kernels::Target::best);
    bound.executable().fix(one);
    const CountAllocations counting;
    EXPECT_TRUE(bound.executable().run(one).ok());
    EXPECT_EQ(counting.calls(), 0u);
  }
}

TEST(Fixed, ReadsAndWritesWhereItIsBoundAfterwards) {
  Bound bound(gated(16, Dtype::f32), kernels::Target::best);
  Bound free(gated(16, Dtype::f32), kernels::Target::best);
  bound.executable().fix(one);
  EXPECT_EQ(bound.run(1), free.run(1));

  Tensor x(bound.input(0).shape(), Dtype::f32), next({1, 16}, Dtype::f32);
  bound.executable().bind_input(0, x.data());
  std::fill_n(free.input(0).as<float>().begin(), 5, 0.0F);
  const std::vector<std::byte> expected = free.run();
  EXPECT_EQ(bound.run(), expected);

  bound.executable().bind_output(0, next.data());
  EXPECT_TRUE(bound.executable().run(one).ok());
  EXPECT_EQ(0, std::memcmp(next.data(), expected.data(), next.bytes()));
}

TEST(Fixed, MayRunForOtherExtentsInBetween) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 3}});
  graph.output("y", tanh(x) * x);
  Executable run = compile(std::move(graph), {.reserve = {.batch = 4}});
  const Tensor numbers = testing::random_tensor({4, 3}, 1).to(Dtype::f32);
  Tensor y({4, 3}, Dtype::f32), expected({4, 3}, Dtype::f32);
  run.bind_input(0, numbers.data());
  run.bind_output(0, expected.data());
  ASSERT_TRUE(run.run({.batch = 4}).ok());
  run.bind_output(0, y.data());
  run.fix({.batch = 1});
  ASSERT_TRUE(run.run({.batch = 1}).ok());
  EXPECT_EQ(y.as<float>()[3], 0);
  ASSERT_TRUE(run.run({.batch = 4}).ok());
  EXPECT_EQ(y.values(), expected.values());
}

TEST(Fixed, RefusesExtentsThatRunRefuses) {
  Graph graph;
  graph.output("y", tanh(graph.input("x", {Dtype::f32, {Dim::batch(), 3}})));
  Executable run = compile(std::move(graph), {.reserve = {.batch = 4}});
  EXPECT_EQ(message_of<ConfigError>([&] { run.fix({.batch = 5}); }),
            "executable: what to fix is batch 5, time 1; expected at most batch 4, time 1.");
}

}  // namespace
}  // namespace elegans::graph
