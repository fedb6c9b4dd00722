// circuit_chain against gather, the chain and scatter_sum one by one: the same bits.

#include "elegans/ops/circuit_chain.hpp"

#include <gtest/gtest.h>

#include <random>

#include "elegans/ops/gather.hpp"
#include "elegans/ops/scatter_sum.hpp"
#include "support/message_of.hpp"
#include "support/random_tensor.hpp"

namespace elegans::ops {
namespace {

using kernels::Binary;
using kernels::Unary;
using testing::message_of;

constexpr std::size_t sources = 5, some_targets = 40;

Tensor random(const Shape& shape, std::uint64_t seed, Dtype dtype) {
  return testing::random_tensor(shape, seed, -2, 2).to(dtype);
}

// Targets of very different degrees, some of none.
ConnectionsPtr circuit(std::size_t count, std::size_t targets = some_targets) {
  std::mt19937_64 engine(count);
  std::vector<std::uint32_t> source, target;
  for (std::size_t s = 0; s < count; ++s) {
    source.push_back(static_cast<std::uint32_t>(engine() % sources));
    target.push_back(static_cast<std::uint32_t>(std::min(engine() % targets, engine() % targets)));
  }
  return std::make_shared<Connections>(sources, targets, source, target);
}

Instruction binary(Binary function, std::uint16_t a, std::uint16_t b) {
  return {Instruction::Kind::binary, static_cast<std::uint8_t>(function), {a, b, 0}};
}
Instruction unary(Unary function, std::uint16_t x) {
  return {Instruction::Kind::unary, static_cast<std::uint8_t>(function), {x, 0, 0}};
}

// 0 v by source, 1 g by target, 2 w column, 3 e full, 4 t row, 5 one number
//     6 = v − w   7 = t · 6   8 = sigmoid 7   9 = 8 · e   10 = 9 + g   11 = 10 · number      results 8, 10, 11
std::shared_ptr<const Elementwise> program() {
  return std::make_shared<Elementwise>(
      6,
      std::vector{binary(Binary::subtract, 0, 2), binary(Binary::multiply, 4, 6), unary(Unary::sigmoid, 7),
                  binary(Binary::multiply, 8, 3), binary(Binary::add, 9, 1), binary(Binary::multiply, 10, 5)},
      std::vector<std::uint16_t>{8, 10, 11});
}

std::vector<Tensor> inputs(const Connections& connections, std::int64_t batch, Dtype dtype) {
  const auto count = static_cast<std::int64_t>(connections.count());
  return {random({static_cast<std::int64_t>(sources), batch}, 1, dtype),
          random({static_cast<std::int64_t>(connections.outputs()), batch}, 2, dtype),
          random({count, 1}, 3, dtype),
          random({count, batch}, 4, dtype),
          random({1, batch}, 5, dtype),
          random({1}, 6, dtype)};
}

std::vector<View> views(const std::vector<Tensor>& tensors) { return {tensors.begin(), tensors.end()}; }

void expect_same_bits(const ConnectionsPtr& connections, std::int64_t batch, Dtype dtype, kernels::Target target) {
  const auto count = static_cast<std::int64_t>(connections->count());
  const std::vector<Tensor> given = inputs(*connections, batch, dtype);
  const std::vector<CircuitChain::Output> outputs{{.result = 0},
                                                  {.result = 1, .sum_by = End::target},
                                                  {.result = 1, .sum_by = End::source},
                                                  {.result = 2, .sum_by = End::target}};
  const CircuitChain chain(connections, program(), {End::source, End::target, {}, {}, {}, {}}, outputs);
  const std::vector<Tensor> together = call(chain, views(given), target);

  const auto gathered = [&](std::size_t input, End by) {
    return call(Gather(connections, by, FeatureAxis::before_last), std::array<View, 1>{given[input]}, target)[0];
  };
  const Tensor v = gathered(0, End::source), g = gathered(1, End::target);
  const std::vector<Tensor> computed =
      call(*program(), std::array<View, 6>{v, g, given[2], given[3], given[4], given[5]}, target);
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    std::vector<double> expected = computed[outputs[o].result].values();
    if (const auto by = outputs[o].sum_by)
      expected = call(ScatterSum(connections, *by, FeatureAxis::before_last),
                      std::array<View, 1>{computed[outputs[o].result]}, target)[0]
                     .values();
    EXPECT_EQ(together[o].values(), expected) << "output " << o << ", " << count << " connections, batch " << batch;
  }
}

TEST(CircuitChain, GivesTheBitsOfItsOperations) {
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best})
    for (const Dtype dtype : {Dtype::f32, Dtype::f64})
      for (const std::size_t count : {1, 7, 100, 700})
        for (const std::int64_t batch : {0, 1, 2, 16, 17, 600}) {
          const ConnectionsPtr plain = circuit(count);
          expect_same_bits(plain, batch, dtype, target);
          // In levels sums of a single sample are sums of vectors.
          const auto levelled = std::make_shared<Connections>(plain->reordered(plain->level_order()));
          ASSERT_TRUE(levelled->levels().has_value());
          expect_same_bits(levelled, batch, dtype, target);
        }
}

// Of one sample the places of rows are their numbers, which the circuit has: nothing is laid out beside it.
TEST(CircuitChain, LinksPlacesForBatchesAlone) {
  const ConnectionsPtr connections = circuit(700);
  const CircuitChain chain(connections, program(), {End::source, End::target, {}, {}, {}, {}}, {{.result = 0}});
  const auto bytes = [&](std::int64_t batch) {
    std::vector<Type> types;
    for (const Tensor& tensor : inputs(*connections, batch, Dtype::f32))
      types.push_back({tensor.dtype(), tensor.shape()});
    return chain.linked_bytes(types, Extents{});
  };
  EXPECT_EQ(bytes(16), bytes(1) + 2 * 700 * sizeof(std::uint32_t));
}

// A single sample whose call is made ready once: few connections, more than a tile of them, and so many that they are
// computed in pieces. Run twice, for it keeps arrays of its own.
void expect_same_bits_fixed(const ConnectionsPtr& connections, Dtype dtype, kernels::Target target) {
  const std::vector<Tensor> given = inputs(*connections, 1, dtype);
  const CircuitChain chain(connections, program(), {End::source, End::target, {}, {}, {}, {}},
                           {{.result = 0},
                            {.result = 1, .sum_by = End::target},
                            {.result = 1, .sum_by = End::source},
                            {.result = 2, .sum_by = End::target}});
  const std::vector<Tensor> expected = call(chain, views(given), target);
  std::vector<Type> in_types, out_types;
  std::vector<const void*> in;
  std::vector<void*> out;
  std::vector<Tensor> actual;
  for (const Tensor& tensor : given) {
    in_types.push_back({tensor.dtype(), tensor.shape()});
    in.push_back(tensor.data());
  }
  for (const Tensor& tensor : expected) {
    out_types.push_back({tensor.dtype(), tensor.shape()});
    actual.emplace_back(tensor.shape(), tensor.dtype());
  }
  for (Tensor& tensor : actual) out.push_back(tensor.data());
  Sizes sizes;
  chain.prepare(in_types, out_types, Extents{}, sizes);
  const Kernels kernels = kernels_of(target);
  const std::unique_ptr<FixedCall> fixed = chain.fix({.sizes = sizes,
                                                      .inputs = in.data(),
                                                      .outputs = out.data(),
                                                      .workspace = nullptr,
                                                      .linked = nullptr,
                                                      .dtype = dtype,
                                                      .kernels = kernels});
  ASSERT_NE(fixed, nullptr);
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(fixed->run().ok());
    for (std::size_t o = 0; o < actual.size(); ++o)
      EXPECT_EQ(actual[o].values(), expected[o].values()) << "output " << o << ", " << connections->count();
  }
}

TEST(CircuitChain, GivesTheSameBitsFixed) {
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best})
    for (const Dtype dtype : {Dtype::f32, Dtype::f64})
      // The last circuit's levels are longer than a piece.
      for (const auto& [count, targets] : {std::pair<std::size_t, std::size_t>{1, some_targets},
                                           {7, some_targets},
                                           {100, some_targets},
                                           {700, some_targets},
                                           {5000, some_targets},
                                           {40000, some_targets},
                                           {60000, 9000}}) {
        const ConnectionsPtr plain = circuit(count, targets);
        expect_same_bits_fixed(plain, dtype, target);
        expect_same_bits_fixed(std::make_shared<Connections>(plain->reordered(plain->level_order())), dtype, target);
      }
}

TEST(Connections, KeepTheOrderOfATargetsConnectionsInLevels) {
  const ConnectionsPtr plain = circuit(60);
  const std::vector<std::uint32_t> order = plain->level_order();
  std::vector<std::uint32_t> last(some_targets, 0), degree(some_targets, 0);
  for (std::size_t p = 0; p < order.size(); ++p) {
    const std::uint32_t u = plain->target()[order[p]];
    if (degree[u]++ > 0) {
      EXPECT_GT(order[p], last[u]);
    }
    last[u] = order[p];
  }
  const Connections levelled = plain->reordered(order);
  const Levels& levels = *levelled.levels();
  for (std::size_t level = 0; level + 1 < levels.offsets.size(); ++level) {
    const std::size_t size = levels.offsets[level + 1] - levels.offsets[level];
    if (level > 0) {
      EXPECT_LE(size, levels.offsets[level] - levels.offsets[level - 1]) << "levels shrink";
    }
    for (std::size_t k = 0; k < size; ++k)
      EXPECT_EQ(levelled.target()[levels.offsets[level] + k], levels.target[k]) << level << " " << k;
  }
  EXPECT_EQ(levels.offsets.back(), 60u);
  EXPECT_FALSE(plain->levels().has_value());
}

TEST(CircuitChain, SaysWhatDoesNotFit) {
  const ConnectionsPtr connections = circuit(7);
  const CircuitChain chain(connections, program(), {End::source, End::target, {}, {}, {}, {}}, {{.result = 0}});
  std::vector<Tensor> given = inputs(*connections, 3, Dtype::f32);
  given[0] = random({4, 3}, 1, Dtype::f32);
  EXPECT_EQ(message_of<ShapeError>([&] { call(chain, views(given), kernels::Target::best); }),
            "circuit_chain: what is fetched is [4, 3]; expected [5, *].");
  given[0] = random({5, 1}, 1, Dtype::f32);
  EXPECT_EQ(message_of<ShapeError>([&] { call(chain, views(given), kernels::Target::best); }),
            "circuit_chain: what is fetched is [5, 1]; expected [*, 3].");
}

}  // namespace
}  // namespace elegans::ops
